"""The command line as an operator uses it, each command a process of its own."""

from __future__ import annotations

import json
from pathlib import Path

import aiohttp
import pytest

from hub.store.client import Database
from tests.faults.house import HubProcess
from tests.lab.ports import free_port


@pytest.fixture
def house(mongo_url: str, db: Database, tmp_path: Path) -> HubProcess:
    """A hub that can be started; commands need none."""
    return HubProcess(mongo_url, db.name, tmp_path, door=free_port())


async def test_from_an_empty_database_to_a_program_that_reads_the_inbox(house: HubProcess) -> None:
    assert (await house.command("init", stdin="a long enough password\n"))[0] == 0
    code, said = await house.command("init", stdin="a long enough password\n")
    assert code == 1
    assert "user add" in said
    code, said = await house.command(
        "user", "add", "lina", "--name", "李娜", "--role", "SU", stdin="correct horse battery\n"
    )
    assert (code, "lina" in said) == (0, True)
    code, token = await house.command("token", "add", "lina", "--scope", "read")
    assert code == 0
    await house.start()
    headers = {"Authorization": f"Bearer {token.strip()}"}
    async with aiohttp.ClientSession(house.url, headers=headers) as http:
        async with http.get("/api/me") as answer:
            assert (await answer.json())["user"]["name"] == "李娜"
        async with http.get("/api/conversations") as answer:
            assert answer.status == 200
        async with http.put("/api/me/presence", json={"state": "available"}) as answer:
            assert answer.status == 403
    assert await house.stop() == 0


async def test_a_short_password_and_an_unknown_role_are_refused_with_a_word(house: HubProcess) -> None:
    code, said = await house.command("user", "add", "bob", stdin="short\n")
    assert code == 2
    assert "password" in said
    code, said = await house.command("user", "add", "bob", "--role", "XX", stdin="correct horse battery\n")
    assert code == 2
    assert "XX" in said


async def test_a_mistake_in_the_settings_is_named_with_its_key(house: HubProcess) -> None:
    house.config = '[limits]\nfile_bytes = "many"\ncolour = "red"\n'
    code, said = await house.command("reconcile")
    assert code == 1
    assert "limits.file_bytes" in said
    assert "limits.colour" in said


async def test_a_place_that_is_taken_is_named_and_what_to_do(house: HubProcess) -> None:
    await house.start()
    code, said = await house.command("serve")
    assert code == 1
    assert f"127.0.0.1:{house.port}" in said
    assert "choose another --port" in said
    assert "Traceback" not in said
    assert await house.stop() == 0


async def test_a_database_that_is_away_is_named_and_what_to_do(house: HubProcess) -> None:
    house.mongo_url = "mongodb://127.0.0.1:9/"
    for command in ("serve", "reconcile"):
        code, said = await house.command(command)
        assert code == 1
        assert "MongoDB cannot be used: 127.0.0.1:9" in said
        assert "MAINSTEM_MONGO_URL" in said
        assert "Traceback" not in said
    house.mongo_url = "mongo://wrong"
    assert "MAINSTEM_MONGO_URL is no address" in (await house.command("serve"))[1]


async def test_an_account_that_is_not_there_is_named(house: HubProcess) -> None:
    code, said = await house.command("reconcile", "nobody")
    assert code == 1
    assert "nobody" in said


async def test_openapi_is_a_document_without_any_database(house: HubProcess) -> None:
    house.mongo_url = "mongodb://127.0.0.1:9/"
    code, said = await house.command("openapi")
    assert code == 0
    document = json.loads(said)
    assert document["openapi"] == "3.1.0"
    assert "/api/conversations" in document["paths"]
    assert "message.appended" in document["webhooks"]
