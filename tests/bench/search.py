"""Search at 1,000,000 messages: how long an answer takes, how fast the index fills, and what live work feels of it."""

from __future__ import annotations

import asyncio
import statistics

from hub.desk.terms import read_question
from hub.main import Hub
from hub.store.client import connect, database
from hub.store.collections import BOOKMARKS, SEARCH
from tests.bench.asking import Times, get_all, signed_in, timed
from tests.bench.child import child
from tests.bench.figures import Figure, percentile
from tests.bench.filling import fill
from tests.bench.ground import Ground, prepared, serving
from tests.bench.ingest import envelopes, produce
from tests.bench.texts import Writer
from tests.bench.town import Town, build

QUESTIONS, AT_ONCE, WARM_UP = 500, 2, 40
LIVE, ROUNDS, SEARCHERS, PAUSE_S = 6000, 3, 4, 0.25
_BUDGET_MS, _SLOWER, _CATCH_UP_S = 100.0, 0.10, 180.0
_LANGUAGES = ("English", "Chinese")


async def run(ground: Ground) -> list[Figure]:
    """Build the town, fill the index, ask, and ask while mails come in."""
    town = await build(ground, "search")
    async with prepared(ground, town.database) as hub:
        indexed, rate = await fill(hub, town)
    figures = []
    async with serving(ground, town.database) as server, signed_in(server.url) as http:
        for language in _LANGUAGES:
            questions = _questions(language)
            paths = [("/api/search", {"q": q}) for q in questions]
            await get_all(http, paths[:WARM_UP], AT_ONCE)
            seen = await get_all(http, paths, AT_ONCE)
            floor = await _floor(ground, town, questions)
            figures.append(_answer(language, seen, floor, indexed))
    figures.append(
        Figure(
            bench="search", name="filling the index", measured=rate, unit="messages/s", budget="", met=None,
            note=f"{indexed:,} of {town.messages:,} messages indexed",
        )
    )  # fmt: skip
    return [*figures, await _live(ground, town)]


def _questions(language: str) -> list[str]:
    writer = Writer(7)
    ask = writer.english_question if language == "English" else writer.chinese_question
    return [ask() for _ in range(QUESTIONS)]


def _answer(language: str, seen: Times, floor: float, indexed: int) -> Figure:
    p95 = percentile(seen.ms, 0.95)
    return Figure(
        bench="search", name=f"{language} search, p95", measured=p95, unit="ms", floor=floor,
        budget=f"<= {_BUDGET_MS:.0f} ms", met=p95 <= _BUDGET_MS,
        note=f"{len(seen.ms)} questions at {indexed:,} messages, p50 {percentile(seen.ms, 0.5):.0f} ms, "
        f"{seen.empty} without a hit, {seen.partial} cut short by the time budget, {seen.refused} refused",
    )  # fmt: skip


async def _floor(ground: Ground, town: Town, questions: list[str]) -> float:
    client = connect(ground.mongo_url)
    try:
        index = database(client, town.database)[SEARCH]

        async def ask(question: str) -> None:
            read = read_question(question)
            term = read.all_of[0] if read.all_of else read.beginning
            await index.find({"grams": term}, {"grams": 0}).sort("seq", -1).limit(20).to_list()

        return percentile(await timed(ask, questions, AT_ONCE), 0.95)
    finally:
        await client.close()


async def _until_indexed(hub: Hub) -> None:
    """Each round begins with the index up to date, so that no round pays for the one before."""
    newest = await hub.feed.newest()
    async with asyncio.timeout(_CATCH_UP_S):
        while True:
            mark = await hub.db[BOOKMARKS].find_one({"_id": "search"})
            if mark and mark["seq"] >= newest:
                return
            await asyncio.sleep(0.1)


async def _live(ground: Ground, town: Town) -> Figure:
    """Ingest with and without searchers, in turns, so that both meet the same machine."""
    total = ground.count(LIVE, 600)
    rates: dict[bool, list[float]] = {False: [], True: []}
    searches = 0
    hub = Hub(ground.settings(town.database))
    await hub.start()
    try:
        async with child("searchers") as people:
            await people.ask(do="sign_in", url=hub.url)
            await produce(hub, envelopes(total, "warm"))
            for turn in range(2 * ROUNDS):
                busy = turn % 2 == 1
                await _until_indexed(hub)
                if busy:
                    await people.ask(do="begin", people=SEARCHERS, pause_s=PAUSE_S)
                rates[busy].append(total / await produce(hub, envelopes(total, f"live{turn}")))
                if busy:
                    searches += (await people.ask(do="end"))["searches"]
    finally:
        await hub.stop()
    alone, beside = statistics.median(rates[False]), statistics.median(rates[True])
    return Figure(
        bench="search", name="live ingest while four search", measured=beside, unit="messages/s", floor=alone,
        budget=f"not slowed by more than {_SLOWER:.0%}", met=beside >= alone * (1 - _SLOWER),
        note=f"the floor is the same without searchers; {searches} searches in {ROUNDS} rounds of {total:,} messages",
    )  # fmt: skip
