"""The text of a life cycle: what it means, and what is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_core.declare.lifecycle import Lifecycle, Move, parse
from crm_core.ground.ports import Doc, Look


async def never(record: Doc, look: Look) -> str | None:
    return "never"


def test_arrows_bars_approval_and_guards_are_read() -> None:
    states, moves = parse("draft -> active -A-> won(paid) | lost -> closed; lost -> active")
    assert states == ("draft", "active", "won", "lost", "closed")
    assert moves == (
        Move("draft", "active"),
        Move("active", "won", approval=True, guard="paid"),
        Move("active", "lost", approval=True),
        Move("won", "closed"),
        Move("lost", "closed"),
        Move("lost", "active"),
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        ";",
        "a ->",
        "-> a",
        "a b",
        "a | -> b",
        "a -B-> b",
        "a -> a",
        "a -> b; a -> b",
        "A -> b",
        "a -> b()",
        "a => b",
        "a -> b |",
    ],
)
def test_what_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        Lifecycle(text)


def test_contradictions_are_refused() -> None:
    with pytest.raises(ValueError, match="no way leads to"):
        Lifecycle("a -> b; c -> d")
    with pytest.raises(ValueError, match="guards named"):
        Lifecycle("a -> b(x)")
    with pytest.raises(ValueError, match="guards named"):
        Lifecycle("a -> b", guards={"x": never})
    with pytest.raises(ValueError, match="no such states"):
        Lifecycle("a -> b", required={"c": ("name",)})
    with pytest.raises(ValueError, match="no such states"):
        Lifecycle("a -> b", locked=("c",))


NAMES = st.sampled_from(["draft", "active", "won", "lost", "on_leave", "x1"])
GROUPS = st.lists(NAMES, min_size=1, max_size=3, unique=True)


@given(st.lists(st.tuples(GROUPS, st.sampled_from(["->", "-A->"]), GROUPS), min_size=1, max_size=4))
def test_every_written_move_is_read_and_no_other(parts: list[tuple[list[str], str, list[str]]]) -> None:
    text = "; ".join(f"{' | '.join(a)} {arrow} {' | '.join(b)}" for a, arrow, b in parts)
    written = [(s, t, arrow == "-A->") for a, arrow, b in parts for s in a for t in b]
    pairs = [(s, t) for s, t, _ in written]
    if len(set(pairs)) < len(pairs) or any(s == t for s, t in pairs):
        with pytest.raises(ValueError, match="twice"):
            parse(text)
        return
    _, moves = parse(text)
    assert [(m.source, m.target, m.approval) for m in moves] == written


@given(st.text(alphabet="ab ->|A();_\n", max_size=30))
def test_no_text_breaks_the_reader(text: str) -> None:
    try:
        states, moves = parse(text)
    except ValueError:
        return
    assert {m.source for m in moves} | {m.target for m in moves} <= set(states)
