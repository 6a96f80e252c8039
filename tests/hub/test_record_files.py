"""Files that records name: the photo in the file of a contact (S2.3.2-01), the image and papers of a customer (S2.3.1-28):
opened by who reads the field, named by who may open them, kept as long as a record names them."""

from __future__ import annotations

import asyncio
import random
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import FormData

from crm_core.access.actor import system
from crm_core.ground.clock import now, shifted
from crm_core.ground.errors import Invalid
from hub.main import Hub
from hub.model.envelope import Attachment
from tests.conftest import SignedIn, SignIn
from tests.hub.test_records_http import make, region
from tests.lab.envelopes import mail

PNG = b"\x89PNG\r\n\x1a\n" + b"p" * 64
DAY = timedelta(days=1)


async def upload(who: SignedIn, content: bytes = PNG, name: str = "face.png") -> str:
    form = FormData(quote_fields=False)
    form.add_field("file", content, filename=name, content_type="application/octet-stream")
    async with who.http.post("/api/files", data=form, headers={"X-CSRF-Token": who.csrf}) as answer:
        assert answer.status == 201, await answer.text()
        return str((await answer.json())["id"])


async def opens(who: SignedIn, file: str) -> bool:
    async with who.http.get(f"/api/files/{file}") as answer:
        assert answer.status in (200, 404)
        return answer.status == 200


async def change(who: SignedIn, row: dict[str, Any], **fields: Any) -> dict[str, Any]:
    path = f"/api/records/{row['key']}/{row['id']}"
    status, after = await who.call("PATCH", path, fields, If_Match=str(row["revision"]))
    assert status == 200, after
    return {**after, "key": row["key"]}


async def contact(who: SignedIn, **fields: Any) -> dict[str, Any]:
    return {**await make(who, "contact", name="Ada", **fields), "key": "contact"}


async def swept(hub: Hub, days: int = 2) -> int:
    with shifted(days * DAY):
        return await hub.files.forget_unused(now() - DAY)


async def test_who_reads_the_record_opens_its_files_and_nobody_else(hub: Hub, signed_in: SignIn) -> None:
    """A colleague in whose scope the record is: yes. One out of scope, and somebody without sign-in: as if it were not."""
    ann, bob = await signed_in("ann", roles=["SP"]), await signed_in("bob", roles=["SP"])
    agent = await signed_in("agent", roles=["SA"])
    photo, paper = await upload(ann), await upload(ann, b"%PDF-1.7 offer", "报价.pdf")
    assert [await opens(who, photo) for who in (ann, bob, agent)] == [True, False, False]
    row = await contact(ann, photo=photo, attachments=[paper])
    for file in (photo, paper):
        assert [await opens(who, file) for who in (ann, bob, agent)] == [True, False, True]
    assert row["files"] == {
        photo: {"name": "face.png", "type": "image/png", "size": len(PNG)},
        paper: {"name": "报价.pdf", "type": "application/octet-stream", "size": 14},
    }
    _, page = await agent.call("GET", "/api/records/contact")
    assert page["items"][0]["files"] == row["files"]
    async with agent.http.get(f"/api/files/{paper}") as answer:
        assert answer.headers["Content-Disposition"].startswith("attachment;")


async def test_the_uploader_who_lost_sight_of_the_record_lost_its_file(hub: Hub, signed_in: SignIn) -> None:
    ann, bob = await signed_in("ann", roles=["SP"]), await signed_in("bob", roles=["SP"])
    photo = await upload(ann)
    row = await contact(ann, photo=photo)
    await hub.db["record_contact"].update_one({"_id": row["id"]}, {"$set": {"owner": bob.user}})
    assert [await opens(who, photo) for who in (ann, bob)] == [False, True]


async def test_without_the_right_to_the_field_there_is_no_file(hub: Hub, signed_in: SignIn) -> None:
    """Field rights count for files: their names are not told, their content is not given, their history is silent."""
    agent, boss = await signed_in("agent", roles=["SA"]), await signed_in("boss", roles=["admin"])
    photo, paper = await upload(boss), await upload(boss, b"paper", "paper.txt")
    row = await contact(boss, photo=photo, attachments=[paper])
    role = await hub.db["record_role"].find_one({"code": "SA"})
    assert role is not None
    hidden = {"field_rights": [*_rights(role), {"type": "contact", "field": "photo", "level": "none"}]}
    path = f"/api/records/role/{role['_id']}"
    status, problem = await boss.call("PATCH", path, hidden, If_Match=str(role["revision"]))
    assert status == 200, problem
    async with asyncio.timeout(30):
        while await opens(agent, photo):
            await asyncio.sleep(0.05)
    assert await opens(agent, paper)
    _, shown = await agent.call("GET", f"/api/records/contact/{row['id']}")
    assert set(shown["files"]) == {paper}
    _, log = await agent.call("GET", f"/api/records/contact/{row['id']}/history")
    assert set(log["items"][0]["files"]) == {paper}
    status, problem = await agent.call("POST", "/api/records/contact", {"name": "Bo", "attachments": [photo]})
    assert (status, problem["errors"][0]["code"]) == (422, "file")


def _rights(role: dict[str, Any]) -> list[dict[str, Any]]:
    return [{name: row[name] for name in ("id", "type", "field", "level")} for row in role["field_rights"]]


async def test_a_strangers_file_cannot_be_named(hub: Hub, signed_in: SignIn) -> None:
    """Guessing does not help: somebody's upload, a file of a conversation or record out of sight, and none at all look
    the same, wherever they are named; what the record had already stays."""
    ann, bob = await signed_in("ann", roles=["SP"]), await signed_in("bob", roles=["SP"])
    theirs, mine = await upload(bob), await upload(ann, b"mine", "mine.txt")
    of_record = await upload(bob)
    await contact(bob, photo=of_record)
    attachment = Attachment(name="a.txt", type="text/plain", content=b"secret")
    message = await hub.stream.ingest(mail("<a@x>", "ada@example.com", attachments=(attachment,)))
    of_message = message["attachments"][0]["id"]
    row = await contact(ann, attachments=[mine])
    path = f"/api/records/contact/{row['id']}"
    for file in (theirs, of_record, of_message, "0" * 26):
        for fields, place in (({"photo": file}, "photo"), ({"attachments": [mine, file]}, "attachments.1")):
            status, problem = await ann.call("PATCH", path, fields, If_Match="1")
            assert status == 422
            assert [(e["path"], e["code"]) for e in problem["errors"]] == [(place, "file")]
        status, problem = await ann.call("POST", "/api/records/contact", {"name": "Bo", "photo": file})
        assert (status, problem["errors"][0]["path"]) == (422, "photo")
    assert await hub.db["file_entries"].count_documents({"records.0": {"$exists": True}}) == 2
    status, problem = await ann.call("PATCH", path, {"photo": "../etc/passwd"}, If_Match="1")
    assert (status, problem["errors"][0]["code"]) == (422, "string_pattern_mismatch")


async def test_a_file_of_a_message_in_sight_may_be_put_on_a_record(hub: Hub, signed_in: SignIn) -> None:
    """Then either of the two lets one open it; letting go of the record leaves it with the message, also for the sweep."""
    agent = await signed_in("agent", roles=["SA"], queues=["general"])
    other = await signed_in("other", roles=["SA"])
    attachment = Attachment(name="a.txt", type="text/plain", content=b"offer")
    message = await hub.stream.ingest(mail("<a@x>", "ada@example.com", attachments=(attachment,)))
    file = message["attachments"][0]["id"]
    assert [await opens(who, file) for who in (agent, other)] == [True, False]
    row = await contact(agent, attachments=[file])
    assert [await opens(who, file) for who in (agent, other)] == [True, True]
    await change(agent, row, attachments=[])
    assert [await opens(who, file) for who in (agent, other)] == [True, False]
    assert await swept(hub) == 0
    assert await opens(agent, file)


async def test_the_sweep_takes_what_was_let_go_and_the_log_keeps_its_name(hub: Hub, signed_in: SignIn) -> None:
    """Named: never swept. Replaced: nobody's but the uploader's at once, gone a day later; the change log still tells what
    it was, and so does that of a record that is gone."""
    ann, boss = await signed_in("ann", roles=["SA"]), await signed_in("boss", roles=["admin"])
    first = await upload(ann)
    row = await contact(ann, photo=first)
    assert await swept(hub, 30) == 0
    second = await upload(boss, PNG + b"2", "new.png")
    row = await change(boss, row, photo=second)
    assert [await opens(who, first) for who in (ann, boss)] == [True, False]
    assert await swept(hub, 0) == 0
    assert await swept(hub) == 1
    assert [await opens(who, file) for who in (ann, boss) for file in (first, second)] == [False, True, False, True]
    path = f"/api/records/contact/{row['id']}"
    _, log = await ann.call("GET", f"{path}/history")
    [changed, created] = log["items"]
    assert changed["fields"] == [{"field": "photo", "old": first, "new": second}]
    assert {file: about["name"] for file, about in changed["files"].items()} == {first: "face.png", second: "new.png"}
    assert set(created["files"]) == {first}
    assert (await boss.call("DELETE", path))[0] == 204
    assert await swept(hub) == 1
    entry = await hub.db["record_history"].find_one({"record": row["id"], "change": "removed"})
    assert entry is not None
    assert entry["files"][second]["name"] == "new.png"


async def test_a_file_of_two_records_stays_with_the_second(hub: Hub, signed_in: SignIn) -> None:
    boss = await signed_in("boss", roles=["admin"])
    file = await upload(boss)
    rows = [await contact(boss, photo=file), await contact(boss, attachments=[file])]
    await change(boss, rows[0], photo=None)
    assert await swept(hub) == 0
    assert await opens(boss, file)
    await change(boss, rows[1], attachments=[])
    assert await swept(hub) == 1


async def test_of_two_writers_the_second_is_told_and_nothing_is_lost(hub: Hub, signed_in: SignIn) -> None:
    """Both put an attachment on the same revision; who was slower reads again and adds to what is there."""
    ann, bob = await signed_in("ann", roles=["SA"]), await signed_in("bob", roles=["SA"])
    files = [await upload(ann, b"a", "a.txt"), await upload(bob, b"b", "b.txt")]
    row = await contact(ann)
    path = f"/api/records/contact/{row['id']}"
    answers = await asyncio.gather(
        *(who.call("PATCH", path, {"attachments": [f]}, If_Match="1") for who, f in zip((ann, bob), files, strict=True))
    )
    assert sorted(status for status, _ in answers) == [200, 412]
    slower = [status for status, _ in answers].index(412)
    who = (ann, bob)[slower]
    _, newer = await who.call("GET", path)
    assert newer["attachments"] == [files[1 - slower]]
    status, after = await who.call("PATCH", path, {"attachments": [*newer["attachments"], files[slower]]}, If_Match="2")
    assert (status, set(after["files"])) == (200, set(files))
    assert all([await opens(each, file) for each in (ann, bob) for file in files])


async def test_a_picture_that_could_run_is_handed_out_and_never_shown(signed_in: SignIn) -> None:
    boss = await signed_in("boss", roles=["admin"])
    file = await upload(boss, b"<svg onload=x()>", "face.svg")
    row = await contact(boss, photo=file)
    assert row["files"][file]["type"] == "application/octet-stream"
    async with boss.http.get(f"/api/files/{file}") as answer:
        assert answer.headers["Content-Disposition"].startswith("attachment;")
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


async def test_what_is_renamed_keeps_its_file_although_the_writer_may_not_open_it(hub: Hub, signed_in: SignIn) -> None:
    """A change of another field, or sending back what was read, is no naming anew."""
    boss = await signed_in("boss", roles=["admin"])
    file = await upload(boss)
    row = await contact(boss, attachments=[file])
    await hub.db["file_entries"].delete_one({"_id": file})  # lost, as if a backup were older than the record
    row = await change(boss, row, attachments=[file], title="Buyer")
    assert row["attachments"] == [file]
    assert "files" not in row


@pytest.mark.parametrize("seed", range(3))
async def test_whatever_is_written_the_files_know_who_names_them(hub: Hub, signed_in: SignIn, seed: int) -> None:
    """After any row of changes: an entry's `records` are exactly the records that name it, and the sweep removes exactly
    what no record names."""
    chance, boss = random.Random(seed), await signed_in("boss", roles=["admin"])
    files = [await upload(boss, bytes([n]), f"{n}.txt") for n in range(5)]
    rows = {row["id"]: row for row in [await contact(boss), await contact(boss), await _customer(hub, boss)]}
    for _ in range(12):
        row = rows[chance.choice(list(rows))]
        some = chance.sample(files, chance.randrange(4))
        single = "photo" if row["key"] == "contact" else "image"
        fields: dict[str, Any] = chance.choice([{single: some[0] if some else None}, {"attachments": some}])
        rows[row["id"]] = await change(boss, row, **fields)
    named: dict[str, set[str]] = {file: set() for file in files}
    for row in rows.values():
        for file in {*row["attachments"], row.get("photo"), row.get("image")} - {None}:
            named[file].add(f"{row['key']}:{row['id']}")
    entries = await hub.db["file_entries"].find({"_id": {"$in": files}}).to_list()
    assert {entry["_id"]: set(entry.get("records", ())) for entry in entries} == named
    assert await swept(hub) == sum(not places for places in named.values())
    assert [await opens(boss, file) for file in files] == [bool(named[file]) for file in files]


async def _customer(hub: Hub, who: SignedIn) -> dict[str, Any]:
    body = {"name": "Acme", "kind": "direct", "status": "prospect", "region": await region(hub)}
    return {**await make(who, "customer", **body), "key": "customer"}


async def test_the_system_names_files_too_but_none_that_does_not_exist(hub: Hub) -> None:
    about = await hub.files.put(PNG, "map.png", "image/png")
    body = {"code": "CN", "name": "China", "level": "country"}
    row = await hub.records.create(system(), "region", {**body, "attachments": [about["id"]]})
    assert set(row["files"]) == {about["id"]}
    with pytest.raises(Invalid) as refused:
        await hub.records.create(
            system(), "region", {**body, "code": "DE", "name": "Germany", "attachments": ["0" * 26]}
        )
    assert refused.value.fields[0].code == "file"


async def test_the_sweep_and_a_writer_at_once_leave_no_name_without_a_file(hub: Hub, signed_in: SignIn) -> None:
    """An upload that is a day old is named while the sweep runs: either it is named and there, or both are refused it."""
    boss = await signed_in("boss", roles=["admin"])
    for _ in range(8):
        file, row = await upload(boss), await contact(boss)
        await hub.db["file_entries"].update_one({"_id": file}, {"$set": {"at": now() - 2 * DAY}})
        path = f"/api/records/contact/{row['id']}"
        (status, _), removed = await asyncio.gather(
            boss.call("PATCH", path, {"photo": file}, If_Match="1"), hub.files.forget_unused(now() - DAY)
        )
        assert (status, removed) in ((200, 0), (422, 1))
        assert await opens(boss, file) == (status == 200)
