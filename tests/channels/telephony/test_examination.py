"""What `mainstem doctor` says of a PBX."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from channels.telephony.account import TelephonyAccount
from channels.telephony.channel import channel
from hub.desk.doctor import examine
from hub.settings import AccountSettings, QueueSettings, Settings
from hub.store.client import Database
from tests.lab.asterisk.server import DEAF_USER, PHONES_SECRET, PHONES_USER, SECRET, USER, Asterisk
from tests.lab.ports import free_port


def account(pbx: Asterisk, **more: Any) -> dict[str, Any]:
    """The PBX, with phones in browsers."""
    fields = {
        "host": "127.0.0.1", "port": pbx.ami, "username": USER, "secret": SECRET, "sip_ws_url": pbx.sip_ws_url,
        "phones_username": PHONES_USER, "phones_secret": PHONES_SECRET,
    }  # fmt: skip
    return {**fields, **more}


async def remarks(pbx: Asterisk, queues: Sequence[str] = ("support",), **more: Any) -> dict[str, tuple[bool, str]]:
    """What is said, by what was looked at."""
    model = TelephonyAccount.model_validate({"id": "pbx", **account(pbx, **more)})
    return {each.what: (each.ok, each.advice) for each in await channel.examine(model, queues)}


async def test_the_shipped_configuration_has_nothing_to_mend(
    pbx: Asterisk, mongo_url: str, db: Database, tmp_path: Path
) -> None:
    """Rights, queues and the websocket, through the doctor itself; a queue for mail only is no fault."""
    settings = Settings(
        mongo_url=SecretStr(mongo_url), database=db.name, data=tmp_path / "data", secret_key=SecretStr("a key for tests only"),
        accounts={"pbx": AccountSettings.model_validate({"channel": "telephony", **account(pbx)})},
        queues={"support": QueueSettings(name="Support"), "mail": QueueSettings(name="Mail")},
    )  # fmt: skip
    said = {each.what: each for each in await examine(settings) if each.what.startswith("account pbx")}
    assert [each for each in said.values() if not each.ok] == []
    assert len(said) == 6
    assert "mail" in said["account pbx (telephony): queues of the PBX: support"].advice


async def test_an_ami_user_of_fewer_rights_is_told_what_is_missing(pbx: Asterisk) -> None:
    """It could take the snapshot; but not call, and it would not hear of holds and voicemail."""
    said = await remarks(pbx, username=DEAF_USER)
    ok, advice = said[f"AMI user {DEAF_USER} may steer calls"]
    assert not ok
    assert "Originate" in advice
    assert "write = call,agent,originate" in advice
    assert said[f"AMI user {DEAF_USER} hears the PBX"][0] is False


async def test_a_pbx_without_a_queue_of_the_hub_is_found(pbx: Asterisk) -> None:
    ok, advice = (await remarks(pbx, ["sales"]))["queues of the PBX"]
    assert not ok
    assert "overflow" in advice
    assert "name them alike" in advice


@pytest.mark.parametrize("path", ["/nowhere", ":0"])
async def test_a_websocket_that_speaks_no_sip_is_found(pbx: Asterisk, path: str) -> None:
    """Another path of Asterisk's HTTP server, and a port where nobody is."""
    url = f"ws://127.0.0.1:{free_port()}/ws" if path == ":0" else pbx.sip_ws_url.rpartition("/")[0] + path
    ok, advice = (await remarks(pbx, sip_ws_url=url))[f"phones in browsers: {url}"]
    assert not ok
    assert "http.conf" in advice


async def test_a_folder_of_recordings_that_cannot_be_used_is_told(pbx: Asterisk, tmp_path: Path) -> None:
    """Calls would end well, and their recordings wait for ever."""
    there, away = tmp_path, tmp_path / "away"
    assert (await remarks(pbx, recordings=str(there), recordings_clear=True))[f"recordings in {there}"] == (True, "")
    ok, advice = (await remarks(pbx, recordings=str(away)))[f"recordings in {away}"]
    assert not ok
    assert "mount it" in advice
