"""From a PBX's event to an agent's console, among a million contacts."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from pymongo.write_concern import WriteConcern

from crm_core.ground.ids import new_id
from hub.main import Hub
from hub.store.client import Database
from tests.bench.child import Child, child
from tests.bench.figures import Figure, percentile
from tests.bench.ground import Ground, hire, prepared
from tests.bench.painted_pops import Beside, at_the_phone, forget, furnish, painted_figure, ways
from tests.bench.recorded_calls import CREW, FIRST_EXTENSION, number_of, queue_name
from tests.bench.telephony_floor import bare
from tests.faults.house import HubProcess
from tests.lab.ports import free_port

CONTACTS, AGENTS, CALLS, WARM_UP, RATE = 1_000_000, 100, 3000, 200, 50.0
_WAY_MS, _HUB_MS = 100.0, 10.0
_BATCH, _PATIENCE_S = 5000, 60.0
_CONFIG = """
[accounts.pbx]
channel = "telephony"
queue = "support0"
host = "127.0.0.1"
port = {ami}
username = "mainstem"
secret = "secret"
"""


async def run(ground: Ground) -> list[Figure]:
    """Measure."""
    contacts, calls = ground.count(CONTACTS, 1000), ground.count(CALLS, 50)
    async with prepared(ground, "telephony") as hub:
        tokens = await _agents(hub, ground.count(AGENTS, 20))
        await _contacts(hub.db, contacts)
        floor = await bare(hub.db, calls=min(calls, 500), rate=RATE)
        await furnish(hub, len(tokens) // CREW)
    async with child("replayed_pbx") as pbx, child("pops") as consoles:
        pops, painted, late_ms = await _through_the_hub(ground, pbx, consoles, tokens, contacts, calls)
    return [*_figures(pops, floor, contacts, calls, late_ms), painted_figure(painted, _WAY_MS)]


async def _agents(hub: Hub, count: int) -> list[str]:
    """So many agents, a few in each queue, each with a phone."""
    queues = [queue_name(number) for number in range(count // CREW)]
    tokens = await hire(hub, dict.fromkeys(queues, CREW))
    for number, queue in enumerate(queues):
        for place in range(CREW):
            extension = str(FIRST_EXTENSION + number * CREW + place)
            await hub.db["record_user"].update_one({"login": f"{queue}-{place}"}, {"$set": {"extension": extension}})
    return [token for queue in queues for token in tokens[queue]]


async def _contacts(db: Database, count: int) -> None:
    people = db["record_contact"].with_options(write_concern=WriteConcern(w=1))
    started = time.monotonic()
    for start in range(0, count, _BATCH):
        await people.insert_many(
            [
                {
                    "_id": new_id(), "name": f"Contact {n}", "state": "active",
                    "addresses": [f"phone:+86{number_of(n)}", f"mail:{n}@example.com"],
                }
                for n in range(start, min(count, start + _BATCH))
            ],
            ordered=False,
        )  # fmt: skip
    print(f"   built {count:,} contacts in {time.monotonic() - started:.0f} s", flush=True)


async def _through_the_hub(
    ground: Ground, pbx: Child, consoles: Child, tokens: Sequence[str], contacts: int, calls: int
) -> tuple[list[dict[str, Any]], list[float], float]:
    port = (await pbx.ask(do="listen"))["port"]
    hub = HubProcess(ground.mongo_url, "telephony", ground.folder, free_port(), config=_CONFIG.format(ami=port))
    more, beside = (
        {"rate": RATE, "contacts": contacts, "agents": len(tokens)},
        Beside(len(tokens) // CREW, calls / RATE),
    )
    try:
        await hub.start()
        await consoles.ask(do="connect", port=hub.port, tokens=list(tokens))
        async with at_the_phone(hub.url) as page:
            await pbx.ask(do="play", calls=min(calls, WARM_UP), first=calls, beside=beside.warm_up(), **more)
            await consoles.ask(do="until", calls=min(calls, WARM_UP), within_s=_PATIENCE_S)
            await consoles.ask(do="forget")
            await forget(page)
            patience_s = calls / RATE + _PATIENCE_S
            played = await pbx.ask(
                do="play", patience_s=patience_s, calls=calls, first=0, beside=beside.measured(), **more
            )
            heard = await consoles.ask(do="until", calls=calls, within_s=_PATIENCE_S)
            return heard["pops"], await ways(page, beside), played["late_ms"]
    finally:
        await hub.kill()


def _figures(
    pops: Sequence[dict[str, Any]], floor: Sequence[float], contacts: int, calls: int, late_ms: float
) -> list[Figure]:
    if (seen := len({pop["call"] for pop in pops})) < calls:
        raise RuntimeError(f"{seen} of {calls} calls popped up")
    if unknown := sum(pop["known"] != 1 for pop in pops):
        raise RuntimeError(f"{unknown} of {len(pops)} screen pops did not know the caller")
    way, hub = [pop["way_ms"] for pop in pops], [pop["hub_ms"] for pop in pops]
    note = f"{len(pops):,} screen pops of {calls:,} calls, {RATE:.0f} beginning each second, {contacts:,} contacts"
    worst = percentile(way, 0.99)
    return [
        Figure(
            bench="telephony", name="event to console, p99", measured=worst, unit="ms", floor=percentile(floor, 0.99),
            budget=f"<= {_WAY_MS:.0f} ms", met=worst <= _WAY_MS, note=f"{note}; the PBX was at most {late_ms:.0f} ms late",
        ),
        Figure(
            bench="telephony", name="event to console, p50", measured=percentile(way, 0.5), unit="ms",
            floor=percentile(floor, 0.5), budget="", met=None,
        ),
        Figure(
            bench="telephony", name="of it in the hub, p99", measured=percentile(hub, 0.99), unit="ms",
            budget=f"<= {_HUB_MS:.0f} ms", met=percentile(hub, 0.99) <= _HUB_MS, note=_beside(pops),
        ),
        Figure(
            bench="telephony", name="of it in the hub, p50", measured=percentile(hub, 0.5), unit="ms", budget="", met=None,
        ),
    ]  # fmt: skip


def _beside(pops: Sequence[dict[str, Any]]) -> str:
    before, after = ([pop[name] for pop in pops] for name in ("before_ms", "after_ms"))
    parts = (("until the hub heard of it", before), ("from told to the console", after))
    return "; ".join(f"{name}: {percentile(v, 0.5):.1f} ms, p99 {percentile(v, 0.99):.1f} ms" for name, v in parts)
