"""The doctor finds what is wrong, says what to do, and changes nothing."""

from __future__ import annotations

import gc
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from crm_core.ground.clock import shifted
from hub.desk import doctor_house
from hub.desk.doctor import examine
from hub.desk.doctor_house import Finding
from hub.settings import AccountSettings, Settings
from hub.store.client import Database


def to_mend(findings: list[Finding], *, but: str = "console build") -> dict[str, str]:
    """What is wrong, without the console's build, which tests of the hub do not need."""
    return {f.what: f.advice for f in findings if not f.ok and f.what != but}


@pytest.fixture
def settings(mongo_url: str, db: Database, tmp_path: Path) -> dict[str, Any]:
    return {
        "mongo_url": SecretStr(mongo_url),
        "database": db.name,
        "data": tmp_path / "data",
        "secret_key": SecretStr("a key for tests only"),
    }


async def test_a_sound_installation_has_nothing_to_mend(settings: dict[str, Any]) -> None:
    findings = await examine(Settings(**settings))
    assert to_mend(findings) == {}
    assert {"MongoDB answers", "transactions"} <= {f.what for f in findings}
    assert not (settings["data"]).exists()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # the driver leaves a socket
async def test_a_store_that_is_away_is_one_finding_with_the_setting_to_look_at(settings: dict[str, Any]) -> None:
    settings["mongo_url"] = SecretStr("mongodb://127.0.0.1:9/?serverSelectionTimeoutMS=100")
    wrong = to_mend(await examine(Settings(**settings)))
    assert list(wrong) == ["MongoDB"]
    assert "MAINSTEM_MONGO_URL" in wrong["MongoDB"]
    gc.collect()


async def test_clocks_that_differ_are_found(settings: dict[str, Any]) -> None:
    with shifted(timedelta(seconds=90)):
        wrong = to_mend(await examine(Settings(**settings)))
    assert [advice for what, advice in wrong.items() if what.startswith("clocks differ by 9")] == [
        "let both machines keep time by NTP"
    ]


async def test_a_broken_account_is_named_and_the_others_are_still_probed(settings: dict[str, Any]) -> None:
    settings["accounts"] = {
        "broken": AccountSettings(channel="email"),
        "away": AccountSettings.model_validate(
            {"channel": "email", "addresses": ["a@x.example"], "smtp_host": "127.0.0.1", "smtp_port": 9, "tls": "none"}
        ),
        "off": AccountSettings(channel="email", enabled=False),
    }
    wrong = to_mend(await examine(Settings(**settings)))
    assert set(wrong) == {"account broken (email)", "account away (email)"}
    assert "addresses" in wrong["account broken (email)"]
    assert "127.0.0.1:9" in wrong["account away (email)"]


async def test_a_broker_that_is_away_is_found_and_its_password_is_not_shown(settings: dict[str, Any]) -> None:
    settings["broker_url"] = SecretStr("amqp://user:hidden@127.0.0.1:9//")
    wrong = to_mend(await examine(Settings(**settings)))
    assert list(wrong) == ["broker at 127.0.0.1:9"]
    assert "hidden" not in str(wrong)


async def test_a_newer_database_is_refused(settings: dict[str, Any], db: Database) -> None:
    await db["migrations"].insert_one({"_id": "m9999_from_the_future", "number": 9999})
    wrong = to_mend(await examine(Settings(**settings)))
    assert list(wrong.values()) == ["it is newer: install the newer program"]


def test_a_console_that_was_not_built_is_found(tmp_path: Path) -> None:
    found = {f.what: f for f in doctor_house.examine_house(Settings(data=tmp_path, console=tmp_path))}
    assert "make ui" in found["console build"].advice
    (tmp_path / "index.html").touch()
    found = {f.what: f for f in doctor_house.examine_house(Settings(data=tmp_path, console=tmp_path))}
    assert found["console build"].ok


def test_a_key_file_that_others_may_read_is_found(tmp_path: Path) -> None:
    (tmp_path / "secret.key").write_text("x", encoding="ascii")
    (tmp_path / "secret.key").chmod(0o644)
    wrong = to_mend(doctor_house.examine_house(Settings(data=tmp_path)))
    assert "chmod 600" in next(iter(wrong.values()))


def test_a_foreign_package_of_one_of_our_names_is_found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(doctor_house, "packages_distributions", lambda: {"channels": ["mainstem", "channels"]})
    wrong = to_mend(doctor_house.examine_house(Settings(data=tmp_path)))
    assert wrong == {"package name channels": "also installed by channels: use an environment of our own"}
