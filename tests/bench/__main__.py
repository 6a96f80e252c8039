"""`python -m tests.bench [NAME ...] [--scale S]`: run the benchmarks, print their figures, write `docs/benchmarks.md`.

A run with a scale below 1 is for trying the benchmarks themselves: its figures go to `.lab/bench/` and nowhere else.
"""

from __future__ import annotations

import argparse
import importlib
import logging
import os
import traceback
from pathlib import Path

import uvloop
from pymongo.errors import PyMongoError

from crm_core.ground.errors import MainstemError
from tests.bench.child import ROOT
from tests.bench.figures import RESULTS, Figure, keep
from tests.bench.ground import fresh_ground
from tests.bench.machine import allow_many_files, describe, mongodb_version
from tests.bench.report import PAGE, write

NAMES = (
    "ingest",
    "door",
    "mailbox",
    "fanout",
    "consoles",
    "pages",
    "screen",
    "search",
    "telephony",
    "floor",
    "reports",
    "coldstart",
)
_TRIED = ROOT / ".lab" / "bench"


def main() -> int:
    """Exit code 0 when every benchmark ran and every budget was met, else 1."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(NAMES)}; default: all")
    parser.add_argument("--scale", type=float, default=float(os.environ.get("MAINSTEM_BENCH_SCALE", "1")))
    given = parser.parse_args()
    if unknown := set(given.names) - set(NAMES):
        parser.error(f"no such benchmark: {', '.join(sorted(unknown))}; there are {', '.join(NAMES)}")
    logging.basicConfig(level=logging.WARNING)
    allow_many_files()
    results, page = (RESULTS, PAGE) if given.scale >= 1 else (_TRIED / "results.json", _TRIED / "benchmarks.md")
    figures: list[Figure] = []
    failed: list[str] = []
    for name in given.names or NAMES:
        print(f"-- {name}", flush=True)
        try:
            figures += uvloop.run(_measure(name, given.scale, results, page))
        except (RuntimeError, OSError, TimeoutError, MainstemError, PyMongoError):
            traceback.print_exc()  # the others are worth running all the same
            failed.append(name)
    missed = [figure for figure in figures if figure.met is False]
    print(f"{len(figures)} figures, {len(missed)} budgets missed, {len(failed)} failed; written to {page}")
    return 1 if missed or failed else 0


async def _measure(name: str, scale: float, results: Path, page: Path) -> list[Figure]:
    async with fresh_ground(scale) as ground:
        machine = describe(await mongodb_version(ground.mongo_url))
        module = importlib.import_module(f"tests.bench.{name}")
        figures: list[Figure] = await module.run(ground)
    for figure in figures:
        print(figure.line(), flush=True)
    write(keep(name, figures, machine, results), page)
    return figures


if __name__ == "__main__":
    raise SystemExit(main())
