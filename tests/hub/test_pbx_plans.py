"""Plans of PBXs: over HTTP for administrators, and as files by the command. (S2.9.9)"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from hub.desk.pbx_files import write_files
from hub.main import Hub
from hub.settings import AccountSettings, QueueSettings, Settings
from hub.store.client import Database
from tests.conftest import SignedIn, SignIn
from tests.faults.house import HubProcess
from tests.lab.ports import free_port

PLACE = "/api/pbx/pbx/plan"
PLAN: dict[str, Any] = {
    "queues": {"support": {"ring_s": 20}},
    "numbers": {"4100": {"open": {"to": "queue", "name": "support"}}},
}
CONFIG = """[accounts.pbx]
channel = "telephony"
enabled = false
host = "127.0.0.1"
username = "mainstem"
secret = "lab"
"""


@pytest.fixture
def settings(mongo_url: str, prepared_database: str, tmp_path: Path) -> Settings:
    """A hub with a PBX that is switched off: a plan can be written before its PBX is there; and with a mail account."""
    pbx = {"host": "127.0.0.1", "username": "mainstem", "secret": "lab", "enabled": False}
    mail = {"addresses": ["desk@example.com"], "door_port": 0, "enabled": False}
    return Settings(
        port=0,
        data=tmp_path,
        mongo_url=SecretStr(mongo_url),
        database=prepared_database,
        queues={"general": QueueSettings(name="General")},
        accounts={
            "pbx": AccountSettings(channel="telephony", **pbx),
            "mail": AccountSettings(channel="email", **mail),
            "near": AccountSettings(channel="telephony", plan_folder=str(tmp_path / "local"), **pbx),
        },
    )


@pytest.fixture
async def ada(signed_in: SignIn) -> SignedIn:
    """An administrator."""
    return await signed_in("ada", roles=["admin"])


async def test_administrators_write_the_plan_and_each_writing_is_in_the_audit_log(hub: Hub, ada: SignedIn) -> None:
    """S2.9.9: with its defaults, a revision, and what it may say."""
    status, first = await ada.call("GET", PLACE)
    assert (status, first["revision"], first["plan"]["queues"], first["by"]) == (200, 0, {}, None)
    assert "queues" in first["schema"]["properties"]
    status, put = await ada.call("PUT", PLACE, {"plan": PLAN}, If_Match='"0"')
    assert (status, put["revision"], put["by"]) == (200, 1, ada.user)
    assert put["plan"]["queues"]["support"]["strategy"] == "rrmemory"
    status, read = await ada.call("GET", PLACE)
    assert (status, read) == (200, put)
    [entry] = await hub.db["audit"].find({"what": "pbx-plan.set"}).to_list()
    assert (entry["actor"], entry["about"], entry["facts"]["revision"]) == (ada.user, "pbx", 1)
    assert entry["facts"]["plan"] == put["plan"]


async def test_what_somebody_else_wrote_meanwhile_is_not_overwritten(ada: SignedIn) -> None:
    assert (await ada.call("PUT", PLACE, {"plan": PLAN}))[0] == 428
    assert (await ada.call("PUT", PLACE, {"plan": PLAN}, If_Match="1"))[0] == 412
    assert (await ada.call("PUT", PLACE, {"plan": PLAN}, If_Match="0"))[0] == 200
    status, problem = await ada.call("PUT", PLACE, {"plan": {}}, If_Match="0")
    assert (status, problem["code"]) == (412, "stale-revision")
    assert (await ada.call("GET", PLACE))[1]["plan"]["numbers"] != {}


async def test_each_wrong_field_is_named_and_nothing_is_kept(ada: SignedIn) -> None:
    wrong = {**PLAN, "queues": {"support": {"ring_s": 0, "strategy": "loud"}}, "colour": "red"}
    status, problem = await ada.call("PUT", PLACE, {"plan": wrong}, If_Match="0")
    assert status == 422
    assert {each["path"] for each in problem["errors"]} == {
        "plan.queues.support.ring_s", "plan.queues.support.strategy", "plan.colour",
    }  # fmt: skip
    lost = {**PLAN, "queues": {}}
    status, problem = await ada.call("PUT", PLACE, {"plan": lost}, If_Match="0")
    assert (status, problem["errors"][0]["path"]) == (422, "plan.numbers.4100.open.name")
    assert (await ada.call("GET", PLACE))[1]["revision"] == 0


async def test_nobody_else_reads_or_writes_it_and_only_pbxs_have_one(ada: SignedIn, signed_in: SignIn) -> None:
    for role in ("SP", "SU"):
        who = await signed_in(role.lower(), roles=[role])
        assert (await who.call("GET", PLACE))[0] == 403
        assert (await who.call("PUT", PLACE, {"plan": PLAN}, If_Match="0"))[0] == 403
    for account in ("mail", "nowhere"):
        assert (await ada.call("GET", f"/api/pbx/{account}/plan"))[0] == 404
        assert (await ada.call("PUT", f"/api/pbx/{account}/plan", {"plan": PLAN}, If_Match="0"))[0] == 404


async def test_the_pbxs_are_listed_with_who_wrote_their_plan(ada: SignedIn, signed_in: SignIn) -> None:
    await ada.call("PUT", PLACE, {"plan": PLAN}, If_Match="0")
    status, page = await ada.call("GET", "/api/pbx")
    assert status == 200
    assert [(each["account"], each["revision"], each["by"]) for each in page["items"]] == [
        ("near", 0, None), ("pbx", 1, ada.user),
    ]  # fmt: skip
    sue = await signed_in("sue", roles=["SU"])
    assert (await sue.call("GET", "/api/pbx"))[0] == 403


async def test_a_preview_keeps_nothing_and_names_what_is_wrong(hub: Hub, ada: SignedIn, signed_in: SignIn) -> None:
    status, answer = await ada.call("POST", f"{PLACE}/preview", {"plan": PLAN})
    assert (status, sorted(answer["files"])) == (200, ["plan-extensions.conf", "plan-queues.conf"])
    assert "timeout = 20" in answer["files"]["plan-queues.conf"]
    status, problem = await ada.call("POST", f"{PLACE}/preview", {"plan": {**PLAN, "queues": {}}})
    assert (status, problem["errors"][0]["path"]) == (422, "plan.numbers.4100.open.name")
    assert await hub.db["pbx_plans"].count_documents({}) == 0
    sue = await signed_in("sue", roles=["SU"])
    assert (await sue.call("POST", f"{PLACE}/preview", {"plan": PLAN}))[0] == 403


async def test_a_hub_beside_the_pbx_writes_the_plan_as_it_was_read(
    hub: Hub, ada: SignedIn, signed_in: SignIn, tmp_path: Path
) -> None:
    """Written as a whole or refused; where nobody may have the PBX read it, that is said, and the files stand."""
    near = "/api/pbx/near/plan"
    status, kept = await ada.call("PUT", near, {"plan": PLAN}, If_Match="0")
    assert (status, kept["applies"]) == (200, True)
    status, problem = await ada.call("POST", f"{near}/apply", If_Match="1")
    assert (status, "no folder" in problem["detail"]) == (409, True)
    (tmp_path / "local").mkdir()
    assert (await ada.call("POST", f"{near}/apply", If_Match="0"))[0] == 412
    assert list((tmp_path / "local").iterdir()) == []
    status, done = await ada.call("POST", f"{near}/apply", If_Match="1")
    assert (status, "+timeout = 20" in done["files"]["plan-queues.conf"], done["said"]) == (200, True, {})
    assert "phones_username" in done["fault"]
    assert "timeout = 20" in (tmp_path / "local" / "plan-queues.conf").read_text()
    status, done = await ada.call("POST", f"{near}/apply", If_Match="1")
    assert (status, done["files"]) == (200, {"plan-queues.conf": [], "plan-extensions.conf": []})
    assert await hub.db["audit"].count_documents({"what": "pbx-plan.applied", "about": "near"}) == 2
    sue = await signed_in("sue", roles=["SU"])
    assert (await sue.call("POST", f"{near}/apply", If_Match="1"))[0] == 403


async def test_without_a_folder_only_an_operator_brings_it_there(ada: SignedIn) -> None:
    _, kept = await ada.call("PUT", PLACE, {"plan": PLAN}, If_Match="0")
    assert kept["applies"] is False
    status, problem = await ada.call("POST", f"{PLACE}/apply", If_Match="1")
    assert (status, "mainstem pbx render" in problem["detail"]) == (409, True)


async def test_the_command_writes_the_files_and_says_what_changed(mongo_url: str, db: Database, tmp_path: Path) -> None:
    house = HubProcess(mongo_url, db.name, tmp_path, door=free_port(), config=CONFIG)
    into = tmp_path / "local"
    render = ("pbx", "render", "pbx", "--into", str(into))
    code, said = await house.command(*render)
    assert (code, f"there is no folder {into}" in said) == (1, True)
    into.mkdir()
    await db["pbx_plans"].insert_one({"_id": "pbx", "plan": PLAN, "revision": 1})
    code, said = await house.command(*render)
    assert (code, "plan-queues.conf: changed" in said, "+timeout = 20" in said) == (0, True, True)
    assert sorted(path.name for path in into.iterdir()) == ["plan-extensions.conf", "plan-queues.conf"]
    code, said = await house.command(*render)
    assert (code, said.count("as it was")) == (0, 2)
    await db["pbx_plans"].update_one({"_id": "pbx"}, {"$set": {"plan.queues.support.ring_s": 25}})
    code, said = await house.command(*render)
    assert (code, "plan-extensions.conf: as it was" in said) == (0, True)
    assert "-timeout = 20\n  +timeout = 25" in said
    code, said = await house.command(*render, "--reload")
    assert (code, "dialplan reload" in said) == (1, True)  # this account has no user who may


async def test_the_command_writes_nothing_where_the_plan_is_wrong(mongo_url: str, db: Database, tmp_path: Path) -> None:
    house = HubProcess(mongo_url, db.name, tmp_path, door=free_port(), config=CONFIG)
    (into := tmp_path / "local").mkdir()
    await db["pbx_plans"].insert_one({"_id": "pbx", "plan": {**PLAN, "queues": {}}, "revision": 1})
    code, said = await house.command("pbx", "render", "pbx", "--into", str(into))
    assert (code, "numbers.4100.open.name: this plan has no queue support" in said) == (1, True)
    assert list(into.iterdir()) == []


def test_a_file_is_replaced_as_a_whole_and_readable_for_the_pbx(tmp_path: Path) -> None:
    (tmp_path / "a.conf").write_text("one\ntwo\n")
    before = (tmp_path / "a.conf").stat().st_ino
    assert write_files(tmp_path, {"a.conf": "one\nthree\n"}) == {"a.conf": ["-two", "+three"]}
    written = (tmp_path / "a.conf").stat()
    assert (written.st_ino != before, written.st_mode & 0o777) == (True, 0o644)
    assert write_files(tmp_path, {"a.conf": "one\nthree\n"}) == {"a.conf": []}
    assert (tmp_path / "a.conf").stat().st_ino == written.st_ino
