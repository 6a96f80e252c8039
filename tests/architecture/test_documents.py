"""The documents point at things that exist."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "changes").glob("*.md")]
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)#]+)")
PLACE = re.compile(r"`((?:crm_core|hub|channels|workers|tests|tools|deploy|agents_ui)/[\w./-]+)`")
PLACEHOLDER = re.compile(r"\b[A-Z]{2,}\b")


def broken(page: Path) -> Iterator[str]:
    text = page.read_text(encoding="utf-8")
    for target in LINK.findall(text):
        if "://" not in target and not (page.parent / target).exists():
            yield target
    for place in PLACE.findall(text):
        if not PLACEHOLDER.search(place) and not (ROOT / place).exists():
            yield place


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_and_every_file_that_is_named_exists(page: Path) -> None:
    assert set(broken(page)) == set()


def test_decisions_are_numbered_without_gaps() -> None:
    numbers = sorted(int(p.name[:4]) for p in (ROOT / "docs" / "decisions").glob("*.md"))
    assert numbers == list(range(1, len(numbers) + 1))


def test_the_licence_is_there_in_full() -> None:
    text = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert "Apache License" in text
    assert "END OF TERMS AND CONDITIONS" in text
