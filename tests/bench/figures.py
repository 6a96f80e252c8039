"""What a benchmark says: one figure per thing measured, and the file that keeps the newest of each."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).with_name("results.json")


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One measured thing.

    Attributes:
        bench: the benchmark (`ingest`); `name` is what of it was measured.
        floor: the floor's value in the same unit; None where the budget is absolute and no floor makes sense.
        ratio: `measured / floor`; None where there is no floor.
        budget: in words. `met` is None where there is no budget: the figure only explains another one.
        note: what a reader must know to judge it.
    """

    bench: str
    name: str
    measured: float
    unit: str
    budget: str
    met: bool | None
    floor: float | None = None
    note: str = ""

    @property
    def ratio(self) -> float | None:
        """How many times the floor."""
        return self.measured / self.floor if self.floor else None

    @property
    def verdict(self) -> str:
        """`met`, `missed`, or a dash."""
        return "-" if self.met is None else "met" if self.met else "missed"

    def line(self) -> str:
        """As printed."""
        floor = f"{number(self.floor)} {self.unit}" if self.floor is not None else "-"
        ratio = f"{self.ratio:.2f}" if self.ratio is not None else "-"
        said = f"{self.name}: measured {number(self.measured)} {self.unit}, floor {floor}, ratio {ratio}"
        return f"{said}, budget {self.budget or '-'}: {self.verdict}" + (f"  ({self.note})" if self.note else "")


def number(value: float) -> str:
    """Three digits that matter, with thousands set apart."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def percentile(values: Sequence[float], part: float) -> float:
    """The value below which `part` (0 to 1) of all lie: the nearest rank, so always one that was measured."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * part))]


def keep(bench: str, figures: Sequence[Figure], where: dict[str, Any], path: Path = RESULTS) -> dict[str, Any]:
    """Put the figures of one benchmark in place of its older ones; returns everything kept."""
    kept: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    kept[bench] = {"machine": where, "figures": [asdict(figure) for figure in figures]}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(kept, indent=1, ensure_ascii=False, sort_keys=True) + "\n", encoding="utf-8")
    return kept
