"""States and the moves between them, written as a line of text.

    Lifecycle("draft -> evaluating -> active -> won | lost -> closed; active -A-> signed(is_complete)")

`a | b` means either; `->` is a move, `-A->` a move that runs through the type's approval flow; `;` begins anew, so ways
back are written out; `(name)` after a target names a guard, a function that gives the reason why the move is refused.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from crm_core.ground.ports import Doc, Look

Guard = Callable[[Doc, Look], Awaitable[str | None]]
"""Gets the record and a way to read others; answers None, or why the move is refused."""

_TOKEN = re.compile(r"\s*(?:(->|-A->)|(\|)|([a-z][a-z0-9_]*)(?:\(([a-z_]+)\))?)")

OPEN_AFTER_LOCK = frozenset({"remark", "tags", "attachments", "followers", "shared_with", "owner"})


@dataclass(frozen=True, slots=True)
class Move:
    """One allowed change of state."""

    source: str
    target: str
    approval: bool = False
    guard: str = ""


@dataclass(frozen=True, slots=True)
class _State:
    name: str
    guard: str


class Lifecycle:
    """The states of a type.

    Args:
        text: see the module.
        guards: the functions that the text names.
        required: state -> fields that must be filled to enter it.
        locked: states in which only the always-open fields (remark, tags, files, followers, shares, owner) may change.
        admin: only administrators may move the record.
        labels: state -> Chinese label.
    """

    def __init__(
        self,
        text: str,
        *,
        guards: Mapping[str, Guard] | None = None,
        required: Mapping[str, tuple[str, ...]] | None = None,
        locked: tuple[str, ...] = (),
        admin: bool = False,
        labels: Mapping[str, str] | None = None,
    ) -> None:
        self.text = text
        self.guards = dict(guards or {})
        self.required = dict(required or {})
        self.locked = frozenset(locked)
        self.admin = admin
        self.labels = dict(labels or {})
        self.states, self.moves = parse(text)
        self.start = self.states[0]
        self._refuse_contradictions()

    def moves_from(self, state: str) -> tuple[Move, ...]:
        """The moves that begin in a state."""
        return tuple(m for m in self.moves if m.source == state)

    def move(self, source: str, target: str) -> Move | None:
        """The move between two states, if there is one."""
        return next((m for m in self.moves if (m.source, m.target) == (source, target)), None)

    def _refuse_contradictions(self) -> None:
        named = {m.guard for m in self.moves if m.guard}
        if named != set(self.guards):
            raise ValueError(f"{self.text!r}: guards named {sorted(named)}, given {sorted(self.guards)}")
        spoken = set(self.required) | self.locked | set(self.labels)
        if unknown := spoken - set(self.states):
            raise ValueError(f"{self.text!r}: no such states: {sorted(unknown)}")
        if lost := set(self.states) - self._reached():
            raise ValueError(f"{self.text!r}: no way leads to {sorted(lost)}")

    def _reached(self) -> set[str]:
        reached, waiting = {self.start}, [self.start]
        while waiting:
            for move in self.moves_from(waiting.pop()):
                if move.target not in reached:
                    reached.add(move.target)
                    waiting.append(move.target)
        return reached


def parse(text: str) -> tuple[tuple[str, ...], tuple[Move, ...]]:
    """The states in the order in which they are first named (the first is where records begin), and the moves.

    Raises:
        ValueError: the text cannot be read, or says something twice.
    """
    states: dict[str, None] = {}
    moves: dict[tuple[str, str], Move] = {}
    for part in re.split(r"[;\n]", text):
        if not part.strip():
            continue
        groups, arrows = _groups(part)
        states.update({s.name: None for group in groups for s in group})
        for sources, arrow, targets in zip(groups, arrows, groups[1:], strict=False):
            for move in (Move(s.name, t.name, arrow == "-A->", t.guard) for s in sources for t in targets):
                if move.source == move.target or (move.source, move.target) in moves:
                    raise ValueError(f"{text!r}: {move.source} -> {move.target} is said twice, or leads nowhere")
                moves[move.source, move.target] = move
    if not states:
        raise ValueError("a life cycle needs a state")
    return tuple(states), tuple(moves.values())


def _groups(part: str) -> tuple[list[list[_State]], list[str]]:
    """`a | b -> c` as [[a, b], [c]] and ["->"]."""
    groups: list[list[_State]] = [[]]
    arrows: list[str] = []
    state_comes, at, text = True, 0, part.rstrip()
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None or bool(match.group(3)) is not state_comes:
            raise ValueError(f"{part!r}: cannot read {text[at:].strip()!r}")
        at, state_comes = match.end(), not state_comes
        if match.group(3):
            groups[-1].append(_State(match.group(3), match.group(4) or ""))
        elif match.group(1):
            arrows.append(match.group(1))
            groups.append([])
    if state_comes:
        raise ValueError(f"{part!r}: a state is missing at the end")
    return groups, arrows
