"""The benchmarks' own tools: what counts must count right."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.bench.figures import Figure, keep, percentile
from tests.bench.report import write
from tests.bench.rows import Rows
from tests.bench.wire import Wire

_UPGRADE = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n"


def _frame(text: str) -> bytes:
    body = text.encode()
    if len(body) < 126:
        return bytes([0x81, len(body)]) + body
    return bytes([0x81, 126]) + len(body).to_bytes(2, "big") + body


@given(
    sizes=st.lists(st.integers(0, 3000), max_size=20),
    cuts=st.lists(st.integers(1, 500), min_size=1, max_size=30),
)
def test_every_event_counts_once_however_the_bytes_are_cut(sizes: list[int], cuts: list[int]) -> None:
    async def hear() -> None:
        wire = Wire(1, "/console", {}, "ready")
        data = _UPGRADE + _frame('42/console,["ready",{"seq":1}]')
        data += b"".join(_frame(f'42/console,["message.appended","{"x" * size}"]') for size in sizes)
        data += _frame('42/console,["stale",{}]')
        place = 0
        while place < len(data):
            for cut in cuts:
                wire.data_received(data[place : place + cut])
                place += cut
        assert wire.joined.done()
        assert (wire.events, wire.stale) == (len(sizes), 1)

    asyncio.run(hear())


@given(st.lists(st.floats(0, 1e6), min_size=1), st.floats(0, 1))
def test_a_percentile_is_a_value_that_was_measured(values: list[float], part: float) -> None:
    found = percentile(values, part)
    assert found in values
    assert sum(value <= found for value in values) >= len(values) * part


@pytest.mark.parametrize(("met", "said"), [(True, "met"), (False, "missed"), (None, "-")])
def test_a_figure_says_its_ratio_and_verdict(met: bool | None, said: str) -> None:
    figure = Figure(bench="b", name="n", measured=3000, unit="m/s", floor=12_000, budget=">= 1", met=met)
    assert figure.line() == f"n: measured 3,000 m/s, floor 12,000 m/s, ratio 0.25, budget >= 1: {said}"


def test_a_run_of_one_benchmark_leaves_the_others_on_the_page(tmp_path: Path) -> None:
    where = {
        "cpu": "c",
        "cores": 2,
        "memory_gb": 8,
        "system": "s",
        "mongodb": "6",
        "python": "3",
        "date": "d",
        "load": 0,
    }
    results = tmp_path / "results.json"
    first, second = (
        Figure(bench=name, name=f"figure of {name}", measured=1, unit="u", budget="", met=None)
        for name in ("ingest", "door")
    )
    keep("ingest", [first], where, results)
    write(keep("door", [second], where, results), tmp_path / "page.md")
    page = (tmp_path / "page.md").read_text()
    assert "figure of ingest" in page
    assert "figure of door" in page
    assert set(json.loads(results.read_text())) == {"ingest", "door"}


def test_rows_are_as_many_as_asked_and_conversations_know_their_messages() -> None:
    rows = Rows(conversations=40, queues=4)
    docs = list(rows.messages(400))
    assert [doc["seq"] for doc in docs] == list(range(1, 401))
    assert len(rows.made) == 40
    for conversation in rows.made.values():
        mine = [doc for doc in docs if doc["conversation"] == conversation["_id"]]
        assert conversation["message_count"] == len(mine)
        assert conversation["last_seq"] == max(doc["seq"] for doc in mine)
