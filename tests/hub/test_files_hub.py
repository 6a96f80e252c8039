"""Files, search and conversations on a whole running hub: sign-in, CSRF, limits and readers as they are in life."""

from __future__ import annotations

import asyncio
import io
from typing import Any

from aiohttp import FormData

from hub.main import Hub
from tests.conftest import SignedIn, SignIn
from tests.lab.envelopes import mail


async def test_a_file_larger_than_a_json_body_is_taken_and_given_back(hub: Hub, signed_in: SignIn) -> None:
    ann = await signed_in("ann", queues=["general"])
    content = b"0123456789abcdef" * 200_000  # 3.2 MB; JSON bodies end at 2 MB
    form = FormData(quote_fields=False)
    form.add_field("file", io.BytesIO(content), filename="合同.bin", content_type="application/zip")
    async with ann.http.post("/api/files", data=form, headers={"X-CSRF-Token": ann.csrf}) as answer:
        assert answer.status == 201, await answer.text()
        about = await answer.json()
    assert (about["name"], about["size"]) == ("合同.bin", len(content))
    async with ann.http.get(f"/api/files/{about['id']}", headers={"Range": "bytes=16-31"}) as answer:
        assert (answer.status, await answer.read()) == (206, content[16:32])
    async with ann.http.post("/api/files", data=FormData({"file": io.BytesIO(b"x")})) as answer:
        assert answer.status == 403  # no CSRF header


async def test_what_comes_in_is_soon_found_by_those_who_may_see_it(hub: Hub, signed_in: SignIn) -> None:
    ann, bob = await signed_in("ann", queues=["general"]), await signed_in("bob", queues=["support"])
    message = await hub.stream.ingest(mail("<a@x>", "ada@example.com", text="请问商机跟进到哪里了？"))
    hits = await _eventually_found(ann, "商机跟进")
    assert [hit["id"] for hit in hits] == [message["id"]]
    assert (await bob.call("GET", "/api/search?q=商机跟进"))[1]["items"] == []
    status, page = await ann.call("GET", "/api/conversations?q=商机跟进&state=open")
    assert (status, [c["id"] for c in page["items"]]) == (200, [message["conversation"]])


async def test_an_answer_with_a_key_is_given_once(hub: Hub, signed_in: SignIn) -> None:
    ann = await signed_in("ann", queues=["general"])
    message = await hub.stream.ingest(mail("<a@x>", "ada@example.com"))
    path = f"/api/conversations/{message['conversation']}/messages"
    body = {"kind": "note", "text": "once"}
    said = [await ann.call("POST", path, body, Idempotency_Key="key-1") for _ in range(3)]
    assert {status for status, _ in said} == {201}
    assert len({one["id"] for _, one in said}) == 1
    assert await hub.db["messages"].count_documents({}) == 2


async def _eventually_found(who: SignedIn, q: str) -> list[dict[str, Any]]:
    """What a search finds, as soon as it finds anything; at most ten seconds."""
    async with asyncio.timeout(10):
        while True:
            status, page = await who.call("GET", f"/api/search?kind=message&q={q}")
            assert status == 200, page
            if page["items"]:
                found: list[dict[str, Any]] = page["items"]
                return found
            await asyncio.sleep(0.05)
