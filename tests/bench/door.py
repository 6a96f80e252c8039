"""Mails a second by the SMTP door of a real `mainstem serve`: kept raw, parsed, threaded, durable, pushed to consoles."""

from __future__ import annotations

from hub.store.client import connect, database
from tests.bench.child import Child, child
from tests.bench.figures import Figure
from tests.bench.ground import Ground, hire, prepared, serving
from tests.bench.machine import Work

MAILS, CONNECTIONS, AGENTS = 6000, 50, 2
_BUDGET = 1000


async def run(ground: Ground) -> list[Figure]:
    """Measure."""
    total = ground.count(MAILS, 400)
    async with prepared(ground, "door", ["support"]) as hub:
        tokens = (await hire(hub, {"support": AGENTS}))["support"]
    async with child("smtp_sender") as sender:
        conversations = (await sender.ask(do="write", count=total))["conversations"]
        rate, note = await _through_the_hub(ground, sender, tokens, total, conversations)
        async with child("bare_smtp") as bare:
            port = (await bare.ask(do="listen"))["port"]
            sent = await sender.ask(do="send", port=port, connections=CONNECTIONS)
    floor = total / (sent["ended"] - sent["began"])
    return [
        Figure(
            bench="door", name="door", measured=rate, unit="mails/s", floor=floor, budget=f">= {_BUDGET:,} mails/s",
            met=rate >= _BUDGET, note=note,
        )
    ]  # fmt: skip


async def _through_the_hub(
    ground: Ground, sender: Child, tokens: list[str], total: int, conversations: int
) -> tuple[float, str]:
    async with serving(ground, "door") as hub, child("clients") as consoles:
        assert hub.process is not None
        auth = [{"token": token} for token in tokens]
        await consoles.ask(do="connect", port=hub.port, namespace="/console", ready="ready", auth=auth)
        await consoles.ask(do="forget")
        work = Work(hub.process.pid, ground.mongod)
        sent = await sender.ask(do="send", patience_s=600, port=hub.door, connections=CONNECTIONS)
        heard = await consoles.ask(do="until", each=total, within_s=60)
        used = work.each(total)
    await _check(ground, total, conversations)
    if heard["stale"] or heard["least"] < total:
        raise RuntimeError(f"a console heard {heard['least']} of {total} events, {heard['stale']} were told to reload")
    rate = total / (max(sent["ended"], heard["at"]) - sent["began"])
    return rate, f"{total:,} mails, half of them answers; {used}"


async def _check(ground: Ground, total: int, conversations: int) -> None:
    client = connect(ground.mongo_url)
    try:
        db = database(client, "door")
        stored = await db["messages"].count_documents({})
        threads = await db["conversations"].count_documents({"state": {"$ne": "merged"}})
    finally:
        await client.close()
    if (stored, threads) != (total, conversations):
        raise RuntimeError(f"{stored} mails in {threads} conversations stored, not {total} in {conversations}")
