"""Search: found by any sensible part, shown only to those who may see it, bounded in time."""

from __future__ import annotations

import random

import pytest

from crm_core.ground.clock import now
from crm_core.ground.errors import Unavailable
from hub.desk.search import Search
from hub.identity.caller import Caller
from hub.store.client import Database, Doc
from hub.stream import moves
from hub.stream.stream import Stream
from tests.hub.desk_house import ADA, ANN, BOB, SUE, Desk, agent, stored
from tests.lab.envelopes import mail


@pytest.fixture
async def desk(stream: Stream) -> Desk:
    """The desk."""
    return Desk(stream)


async def _texts(desk: Desk, *texts: str) -> None:
    for n, text in enumerate(texts):
        await desk.stream.ingest(mail(f"<{n}@x>", f"u{n}@example.com", subject="Subject", text=text))
    await desk.index()


async def _found(desk: Desk, q: str, caller: Caller = ANN, kind: str = "message") -> list[str]:
    page = await desk.search.find(caller, q, kind=kind)  # type: ignore[arg-type]
    assert not page.partial
    return [hit["snippet"] for hit in page.items]


async def test_chinese_is_found_by_any_part_and_in_order(desk: Desk) -> None:
    await _texts(desk, "请问商机跟进的进度", "商机已关闭，跟进结束", "跟商机进", "ＡＢＣ公司")
    assert await _found(desk, "商机") == ["跟商机进", "商机已关闭，跟进结束", "请问商机跟进的进度"]
    assert await _found(desk, "商机跟进") == ["请问商机跟进的进度"]
    assert await _found(desk, "跟进 商机") == ["商机已关闭，跟进结束", "请问商机跟进的进度"]
    assert await _found(desk, "闭") == ["商机已关闭，跟进结束"]
    assert await _found(desk, "abc公司") == ["ＡＢＣ公司"]
    assert await _found(desk, "机商") == []


async def test_words_are_found_without_case_or_accent_the_last_one_unfinished(desk: Desk) -> None:
    await _texts(desk, "The Café delivers refrigerators", "A refrigerated café", "nothing")
    assert await _found(desk, "CAFE refrig") == ["A refrigerated café", "The Café delivers refrigerators"]
    assert await _found(desk, "refrigerators cafe") == ["The Café delivers refrigerators"]
    assert await _found(desk, "refrig cafe") == []  # only the last word may be unfinished
    assert await _found(desk, "cafe ") == ["A refrigerated café", "The Café delivers refrigerators"]
    assert await _found(desk, "xylo") == []
    assert await _found(desk, "?!") == []


async def test_phone_numbers_are_found_by_their_endings_and_mail_addresses_by_their_parts(desk: Desk) -> None:
    await _texts(desk, "call +86 138-1234-5678 now", "write to Ada.Lovelace@mail.example.com", "order 20261123")
    for q in ("5678", "12345678", "13812345678", "+86 138 1234 5678", "138-1234-5678"):
        assert await _found(desk, q) == ["call +86 138-1234-5678 now"], q
    for q in ("ada.lovelace@mail.example.com", "lovelace", "mail.example", "lovel"):
        assert await _found(desk, q) == ["write to Ada.Lovelace@mail.example.com"], q


async def test_a_hit_says_where_it_is(desk: Desk) -> None:
    await _texts(desk, "Dear all, " + "x " * 200 + "the Ｔｕｒｂｉｎｅ is 损坏 since Monday")
    hit = (await desk.search.find(ANN, "turbine 损坏")).items[0]
    assert [hit["snippet"][a:b] for a, b in hit["marks"]] == ["Ｔｕｒｂｉｎｅ", "损坏"]
    assert (hit["kind"], hit["title"]) == ("message", "Subject")


async def test_nobody_finds_what_they_may_not_see_and_loses_it_with_the_sight(desk: Desk, db: Database) -> None:
    await _texts(desk, "a secret word")
    assert await _found(desk, "secret", BOB) == []
    assert len(await _found(desk, "secret", SUE)) == 1
    await db["conversations"].update_many({}, {"$set": {"queue": "sales"}})  # the index is not told
    assert await _found(desk, "secret", ANN) == []
    assert len(await _found(desk, "secret", BOB)) == 1
    assert len(await _found(desk, "subject", BOB, "conversation")) == 1
    assert await _found(desk, "subject", ANN, "conversation") == []


async def test_random_sights_agree_with_a_plain_look(desk: Desk, db: Database) -> None:
    rng = random.Random(3)
    words = ["报价单", "合同", "invoice", "delivery", "paid"]
    for n in range(120):
        text = " ".join(rng.sample(words, 2))
        await desk.stream.ingest(mail(f"<{n}@x>", f"u{n}@example.com", text=text, queue=rng.choice(["a", "b", "c"])))
    await desk.index()
    messages = await db["messages"].find().sort("seq", -1).to_list()
    queue_of = {c["_id"]: c["queue"] async for c in db["conversations"].find()}
    for queues in (set(), {"a"}, {"b", "c"}):
        person = agent("eve", *queues)
        for q in (["合同"], ["invoice", "paid "], ["报价单", "delivery"]):
            expected = [
                m["_id"] for m in messages
                if queue_of[m["conversation"]] in queues and all(word.strip() in m["text"] for word in q)
            ]  # fmt: skip
            assert await _all(desk.search, person, " ".join(q)) == expected


async def _all(search: Search, caller: Caller, q: str) -> list[str]:
    found: list[str] = []
    after: int | None = None
    while True:
        page = await search.find(caller, q, kind="message", limit=7, after=after)
        found += [hit["id"] for hit in page.items]
        if page.next is None:
            return found
        after = page.next


async def test_records_are_found_by_those_who_may_read_them(desk: Desk) -> None:
    record = await desk.contact("欧阳小明", phones=[{"kind": "mobile", "number": "13800001111"}])
    await desk.index()
    for q in ("欧阳小明", "小明", "1111"):
        hits = (await desk.search.find(ADA, q, kind="record")).items
        assert [(h["id"], h["type"], h["title"]) for h in hits] == [(record, "contact", "欧阳小明")], q
    assert (await desk.search.find(ANN, "小明")).items == []
    doc = await desk.db["record_contact"].find_one({"_id": record})
    assert doc is not None
    await desk.records.remove(ADA.actor, "contact", record, doc["revision"])
    await desk.index()
    assert (await desk.search.find(ADA, "小明")).items == []
    assert await desk.db["search"].count_documents({"of": record}) == 0


async def test_a_changed_subject_is_found_and_a_joined_conversation_is_gone(desk: Desk) -> None:
    await _texts(desk, "one", "two")
    first, second = [c["_id"] async for c in desk.db["conversations"].find().sort("_id", 1)]
    await desk.conversations.change(ANN, first, {"subject": "Pump station", "tags": ["urgent"]}, None)
    await desk.index()
    assert await _found(desk, "pump sta", kind="conversation") == ["Pump station"]
    await moves.join(desk.stream.units, first, second, by="ann")
    await desk.index()
    assert await desk.db["search"].count_documents({"_id": f"conversation:{first}"}) == 0
    assert await _found(desk, "one") == ["one"]


async def test_reading_the_stream_twice_changes_nothing(desk: Desk) -> None:
    await _texts(desk, "一封信", "a letter")
    before = await desk.db["search"].find().sort("_id", 1).to_list()
    await desk.db["bookmarks"].delete_many({})
    await desk.index()
    assert await desk.db["search"].find().sort("_id", 1).to_list() == before


async def test_when_the_time_is_up_the_answer_is_partial_and_can_be_continued(desk: Desk, db: Database) -> None:
    await _many(db, 12_000)
    hurried = Search(db, desk.records, budget_s=0.15)
    found: list[str] = []
    after, partial = None, False
    for _ in range(400):
        page = await hurried.find(agent("eve", "rare"), "common", limit=100, after=after)
        found += [hit["id"] for hit in page.items]
        partial = partial or page.partial
        if page.next is None:
            break
        after = page.next
    assert partial
    assert found == [f"m{n}" for n in range(12_000, 0, -1) if n % 1000 == 0]


async def test_two_common_words_that_rarely_meet_are_found_in_steps(desk: Desk, db: Database) -> None:
    await _many(db, 6000)
    assert await _all(desk.search, SUE, "even third ") == [f"m{n}" for n in range(6000, 0, -1) if n % 6 == 0]


async def test_only_two_search_at_once_and_the_others_are_told(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    await _texts(desk, "a word")
    monkeypatch.setattr("hub.desk.search._WAIT_S", 0.05)
    search = Search(desk.db, desk.records, at_once=2)
    async with search._turn(), search._turn():
        with pytest.raises(Unavailable) as error:
            await search.find(ANN, "word")
    assert error.value.data["retry_after"] == 1
    assert len((await search.find(ANN, "word ")).items) == 1


async def test_over_http(desk: Desk) -> None:
    await _texts(desk, "一封信 one", "一封信 two", "一封信 three")
    async with desk.http() as http:
        first = (await http("GET", "/api/search", ANN, params={"q": "一封信", "limit": "2", "kind": "message"})).json
        assert [h["snippet"] for h in first["items"]] == ["一封信 three", "一封信 two"]
        query = {"q": "一封信", "limit": "2", "kind": "message", "after": first["next"]}
        rest = (await http("GET", "/api/search", ANN, params=query)).json
        assert ([h["snippet"] for h in rest["items"]], rest["next"], rest["partial"]) == (["一封信 one"], None, False)
        assert (await http("GET", "/api/search", None, params={"q": "x"})).status == 401
        for wrong in ({}, {"q": ""}, {"q": "x" * 201}, {"q": "x", "kind": "all"}, {"q": "x", "after": "!"}):
            assert (await http("GET", "/api/search", ANN, params=wrong)).status == 422


async def _many(db: Database, count: int) -> None:
    """Messages 1 to `count`; every thousandth stands in the queue `rare`."""
    await db["conversations"].insert_many([stored("c", 1, queue="general"), stored("r", 2, queue="rare")])
    messages: list[Doc] = []
    entries: list[Doc] = []
    for n in range(1, count + 1):
        grams = ["common", *(["even"] if n % 2 == 0 else []), *(["third"] if n % 3 == 0 else [])]
        messages.append(
            {"_id": f"m{n}", "seq": n, "conversation": "r" if n % 1000 == 0 else "c", "subject": "", "at": now(),
             "text": " ".join(grams), "author": {"name": "", "address": ""}, "attachments": []}
        )  # fmt: skip
        entries.append({"_id": f"message:m{n}", "kind": "message", "of": f"m{n}", "seq": n * 4, "grams": grams})
    await db["messages"].insert_many(messages)
    await db["search"].insert_many(entries)
    await db["search_words"].insert_many([{"_id": w} for w in ("common", "even", "third")])
