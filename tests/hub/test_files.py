"""Files: stored once, given only to those who may have them, and never run by a browser."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from aiohttp import FormData
from hypothesis import given
from hypothesis import strategies as st

from crm_core.ground.clock import now, shifted
from crm_core.ground.errors import NotFound, TooLarge
from hub.model.envelope import Attachment
from hub.store.client import Database
from hub.store.files import Files
from hub.store.sniff import SAFE_IMAGES, clean_name, served_type, sniff
from hub.stream.stream import Stream
from tests.hub.desk_house import ANN, BOB, SUE, Answer, Desk, Http
from tests.lab.envelopes import mail

PNG = b"\x89PNG\r\n\x1a\n" + b"x" * 700_000


@pytest.fixture
async def desk(stream: Stream) -> Desk:
    """The desk; a file may have a million bytes."""
    return Desk(stream)


async def _upload(http: Http, content: bytes, name: str, claimed: str = "text/plain") -> Answer:
    form = FormData(quote_fields=False)  # as browsers do
    form.add_field("note", "a part without a file name")
    form.add_field("file", content, filename=name, content_type=claimed)
    return await http("POST", "/api/files", ANN, data=form)


async def _content(files: Files, file: str) -> bytes:
    return b"".join([piece async for piece in (await files.open(file)).read()])


async def test_the_same_bytes_under_two_names_are_stored_once(db: Database) -> None:
    files = Files(db)
    both = await asyncio.gather(files.put(PNG, "a.png", "image/png"), files.put(PNG, "b.png", "image/png"))
    third = await files.put(_pieces(PNG), "c.png", "image/png")
    names = [(await files.open(f["id"])).about["name"] for f in (*both, third)]
    assert names == ["a.png", "b.png", "c.png"]
    assert await db["files.files"].count_documents({}) == 1
    assert await db["files.chunks"].count_documents({}) == 3
    assert await _content(files, third["id"]) == PNG


async def test_a_file_over_the_limit_leaves_nothing(db: Database) -> None:
    files = Files(db, limit_bytes=1000)
    for content in (b"x" * 1001, _pieces(b"x" * 1001)):
        with pytest.raises(TooLarge):
            await files.put(content, "a", "text/plain")
    assert await db["files.chunks"].count_documents({}) == 0
    assert await db["file_entries"].count_documents({}) == 0


async def test_an_empty_file_is_a_file(db: Database) -> None:
    files = Files(db)
    about = await files.put(b"", "", "")
    assert (about["size"], about["name"], about["type"]) == (0, "file", "application/octet-stream")
    assert await _content(files, about["id"]) == b""


async def test_unused_files_are_forgotten_and_shared_content_stays(db: Database, stream: Stream) -> None:
    files = Files(db)
    attachment = Attachment(name="a.txt", type="text/plain", content=b"used")
    message = await stream.ingest(mail("<a@x>", "ada@example.com", attachments=(attachment,)))
    unused = [await files.put(b"used", "again.txt", "text/plain"), await files.put(b"alone", "b.txt", "text/plain")]
    assert await files.forget_unused(now() - timedelta(days=7)) == 0
    with shifted(timedelta(days=8)):
        assert await files.forget_unused(now() - timedelta(days=7)) == 2
        assert await files.forget_unused(now() - timedelta(days=7)) == 0
    for file in unused:
        with pytest.raises(NotFound):
            await files.open(file["id"])
    assert await _content(files, message["attachments"][0]["id"]) == b"used"
    assert await db["files.files"].count_documents({}) == 1
    assert await db["files.chunks"].count_documents({}) == 1


async def test_content_named_again_just_before_the_sweep_stays(db: Database) -> None:
    files = Files(db)
    await files.put(b"same", "a.txt", "text/plain")
    with shifted(timedelta(days=8)):
        again = await files.put(b"same", "b.txt", "text/plain")
        await files.forget_unused(now() - timedelta(days=7))
        assert await _content(files, again["id"]) == b"same"


async def test_only_the_uploader_has_a_file_until_it_is_used(desk: Desk) -> None:
    one = (await desk.stream.ingest(mail("<a@x>", "ada@example.com")))["conversation"]
    async with desk.http() as http:
        up = await _upload(http, b"hello", "../../etc/Ver\u202etrag \u5546\u673a.txt")
        assert up.status == 201
        file = up.json["id"]
        assert up.json["name"] == "Vertrag \u5546\u673a.txt"
        assert [(await http("GET", f"/api/files/{file}", who)).status for who in (ANN, BOB, SUE, None)] == [
            200,
            404,
            404,
            401,
        ]
        path, body = f"/api/conversations/{one}/messages", {"kind": "note", "text": "see", "attachments": [file]}
        assert (await http("POST", path, SUE, json=body)).status == 404  # not hers to send
        said = await http("POST", path, ANN, json=body)
        assert [f["id"] for f in said.json["attachments"]] == [file]
        assert [(await http("GET", f"/api/files/{file}", who)).status for who in (ANN, BOB, SUE)] == [200, 404, 200]


async def test_who_lost_sight_of_the_conversation_lost_the_file(desk: Desk) -> None:
    attachment = Attachment(name="a.txt", type="text/plain", content=b"secret")
    message = await desk.stream.ingest(mail("<a@x>", "ada@example.com", attachments=(attachment,)))
    file = message["attachments"][0]["id"]
    async with desk.http() as http:
        assert (await http("GET", f"/api/files/{file}", ANN)).body == b"secret"
        await desk.db["conversations"].update_one({"_id": message["conversation"]}, {"$set": {"queue": "sales"}})
        assert (await http("GET", f"/api/files/{file}", ANN)).status == 404
        assert (await http("GET", f"/api/files/{file}", BOB)).status == 200


async def test_only_a_real_picture_is_drawn_everything_else_is_saved(desk: Desk) -> None:
    async with desk.http() as http:
        for content, name, claimed, way, served in (
            (PNG, "a.png", "text/html", "inline", "image/png"),
            (b"<script>x()</script>", "a.png", "image/png", "attachment", "application/octet-stream"),
            (b"<svg onload=x()>", "a.svg", "image/svg+xml", "attachment", "application/octet-stream"),
            (b"<html>", "a.html", "text/html; charset=utf-8", "attachment", "application/octet-stream"),
            (b"plain", "a.txt", "text/plain", "attachment", "text/plain"),
            (b"%PDF-1.7", "a.pdf", "application/pdf", "attachment", "application/pdf"),
        ):
            file = (await _upload(http, content, name, claimed)).json["id"]
            answer = await http("GET", f"/api/files/{file}", ANN)
            assert answer.body == content
            assert answer.headers["Content-Type"] == served
            assert answer.headers["Content-Disposition"].startswith(f"{way};")
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert "sandbox" in answer.headers["Content-Security-Policy"]


async def test_ranges_and_tags_are_answered(desk: Desk) -> None:
    async with desk.http() as http:
        file = (await _upload(http, PNG, "a.png")).json["id"]
        path = f"/api/files/{file}"
        whole = await http("GET", path, ANN)
        tag = whole.headers["ETag"]
        for header, start, end in (
            ("bytes=10-19", 10, 20), ("bytes=699990-", 699990, len(PNG)), ("bytes=-8", len(PNG) - 8, len(PNG)),
            ("bytes=5-99999999", 5, len(PNG)), ("bytes=261118-261125", 261118, 261126),
        ):  # fmt: skip
            part = await http("GET", path, ANN, headers={"Range": header})
            assert (part.status, part.body) == (206, PNG[start:end])
            assert part.headers["Content-Range"] == f"bytes {start}-{end - 1}/{len(PNG)}"
        for header in ("bytes=a-b", "bytes=-", "lines=1-2", "bytes=1-2,5-6"):
            assert (await http("GET", path, ANN, headers={"Range": header})).status == 200
        for header in (f"bytes={len(PNG)}-", "bytes=9-3"):
            assert (await http("GET", path, ANN, headers={"Range": header})).status == 416
        assert (await http("GET", path, ANN, headers={"If-None-Match": tag})).status == 304
        other = {"Range": "bytes=0-1", "If-Range": '"other"'}
        assert (await http("GET", path, ANN, headers=other)).status == 200


async def test_what_is_no_upload_is_refused(desk: Desk) -> None:
    async with desk.http() as http:
        assert (await http("POST", "/api/files", ANN, json={})).status == 400
        form = FormData({"a": "b"})
        assert (await http("POST", "/api/files", ANN, data=form(), headers=_form_type())).status == 400
        assert (await _upload(http, b"x" * 1_000_001, "a")).status == 413
        assert await desk.db["files.chunks"].count_documents({}) == 0


@given(st.text(max_size=400))
def test_a_name_is_never_a_path_nor_empty(name: str) -> None:
    clean = clean_name(name)
    assert 0 < len(clean) <= 180
    assert not set(clean) & set('/\\:*?"<>|\r\n\x00')
    assert clean not in (".", "..")
    assert clean_name(clean) == clean


@given(st.binary(max_size=32), st.text(max_size=60) | st.sampled_from([*SAFE_IMAGES, "text/html", "image/svg+xml"]))
def test_a_claim_never_makes_a_picture(head: bytes, claimed: str) -> None:
    found = sniff(head, claimed)
    assert (found in SAFE_IMAGES) == head.startswith((b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF87a", b"GIF89a")) or (
        head[:4] == b"RIFF" and head[8:12] == b"WEBP"
    )
    assert "html" not in served_type(found)
    assert "\r" not in found + served_type(found)


async def _pieces(content: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(content), 100_000):
        yield content[start : start + 100_000]


def _form_type() -> dict[str, str]:
    return {"Content-Type": "multipart/form-data; boundary=x"}
