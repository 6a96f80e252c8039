"""Journeys look at every page that they open: there is one way to open one."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

JOURNEYS = Path(__file__).resolve().parents[1] / "journeys"
OPENS = {"new_page", "new_context", "launch_persistent_context"}


def openings(text: str) -> Iterator[int]:
    """The lines that open a page or a browser's context, also those that only take the method."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Attribute) and node.attr in OPENS:
            yield node.lineno


def test_pages_are_opened_in_one_place_only() -> None:
    """A page that is opened elsewhere may break, or speak to a foreign host, and nobody sees it."""
    found = {path.name for path in JOURNEYS.rglob("*.py") for _ in openings(path.read_text(encoding="utf-8"))}
    assert found == {"pages.py"}


@pytest.mark.parametrize(
    "text", ["other = await page.page.context.new_page()", "opens = browser.new_context", "x = [await c.new_page()]"]
)
def test_an_opening_past_it_is_found(text: str) -> None:
    assert list(openings(f"async def journey():\n    {text}")) == [2]
