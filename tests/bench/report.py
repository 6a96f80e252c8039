"""Writes `docs/benchmarks.md` from the figures that are kept."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

from tests.bench.child import ROOT
from tests.bench.figures import Figure, number
from tests.bench.method import METHODS, OPENING

PAGE = ROOT / "docs" / "benchmarks.md"
_HEAD = "| measured | figure | floor | ratio | budget | verdict |\n|---|---|---|---|---|---|"


def write(kept: dict[str, Any], page: Path = PAGE) -> None:
    """The whole page, anew."""
    title, _, opening = OPENING.partition("\n\n")
    parts = [title, _wrapped(opening)]
    for bench, method in METHODS.items():
        parts.append(f"## {bench}\n\n{_wrapped(method)}")
        if bench in kept:
            figures = [Figure(**figure) for figure in kept[bench]["figures"]]
            parts += [_table(figures), *_notes(figures), _machine(kept[bench]["machine"])]
        elif bench != "not measured yet":
            parts.append("Not run yet.")
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text("\n\n".join(parts) + "\n", encoding="utf-8")


def _wrapped(text: str) -> str:
    return textwrap.fill(" ".join(text.split()), 120, break_long_words=False, break_on_hyphens=False)


def _table(figures: list[Figure]) -> str:
    return "\n".join([_HEAD, *map(_row, figures)])


def _row(figure: Figure) -> str:
    floor = f"{number(figure.floor)} {figure.unit}" if figure.floor is not None else "-"
    ratio = f"{figure.ratio:.2f}" if figure.ratio is not None else "-"
    measured = f"{number(figure.measured)} {figure.unit}"
    return f"| {figure.name} | {measured} | {floor} | {ratio} | {figure.budget or '-'} | {figure.verdict} |"


def _notes(figures: list[Figure]) -> list[str]:
    lines = [f"- {figure.name}: {figure.note}." for figure in figures if figure.note]
    return ["\n".join(lines)] if lines else []


def _machine(where: dict[str, Any]) -> str:
    return (
        f"Run on {where['date']}: {where['cpu']}, {where['cores']} cores, {where['memory_gb']} GB, {where['system']}, "
        f"MongoDB {where['mongodb']}, Python {where['python']}, load average at start {where['load']}."
    )
