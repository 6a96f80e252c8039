"""Finding what is wrong with a template before anything is merged: each unknown field with its line and column.

Only what is listed here may stand in a template: fields, conditions, loops over declared lists, a few filters.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC
from difflib import get_close_matches

from jinja2 import TemplateSyntaxError, nodes

from crm_core.templates.problems import Problem
from crm_core.templates.sandbox import FILTERS, LOOP_FIELDS, Sandbox
from crm_core.templates.scope import FARTHEST, Place, Scope
from crm_core.templates.writing import Hand

MOST_CHARS = 100_000
MOST_PROBLEMS = 50
"""So many are told; nobody reads more, and looking for what was meant takes time."""
_MOST_LOOPS = 3
_MOST_LEVELS = 40
_MOST_TAG = 1_000
_PLAIN = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.If, nodes.Const, nodes.Compare, nodes.Operand, nodes.And,
    nodes.Or, nodes.Not, nodes.CondExpr,
)  # fmt: skip
_SPOKEN = {nodes.Call: "()", nodes.Getitem: "[]", nodes.Test: "is", nodes.Assign: "set", nodes.Macro: "macro"}
_VALUE = Place({"zh": "", "en": ""}, "int")

Names = Mapping[str, tuple[Place, tuple[str, ...]]]


@dataclass(slots=True)
class Checked:
    """What was found. `links`: paths of the linked records that the template's fields lie in."""

    problems: list[Problem] = field(default_factory=list)
    links: set[tuple[str, ...]] = field(default_factory=set)


def check(source: str, scope: Scope) -> Checked:
    """Everything that is wrong with a template, in order of place; and what merging it will need."""
    if len(source) > MOST_CHARS:
        return Checked([Problem("too-long", 1, 1, str(MOST_CHARS))])
    if problem := _long_tag(source):
        return Checked([problem])
    try:
        tree = Sandbox(html=False, hand=Hand("en", UTC)).parse(source)
        walk = _Walk(source, scope)
        walk.visit(tree, {}, 0, 0)
    except TemplateSyntaxError as error:
        return Checked([_syntax(source, error)])
    except RecursionError:
        return Checked([Problem("too-deep", 1, 1, "")])
    walk.found.problems.sort(key=lambda p: (p.line, p.column))
    return walk.found


class _Walk:
    """Goes through the tree with the names that are known at each place."""

    def __init__(self, source: str, scope: Scope) -> None:
        self._lines = source.split("\n")
        self._scope = scope
        self._seen: dict[tuple[int, str], int] = {}
        self.found = Checked()

    def visit(self, node: nodes.Node, names: Names, level: int, loops: int) -> None:
        """Check a node and what stands in it."""
        if len(self.found.problems) >= MOST_PROBLEMS:
            return
        if level > _MOST_LEVELS or loops > _MOST_LOOPS:
            self._wrong("too-deep", node.lineno, "")
        elif isinstance(node, nodes.Name | nodes.Getattr):
            self._field(node, names)
        elif isinstance(node, nodes.For):
            self._loop(node, names, level, loops)
        elif isinstance(node, nodes.Filter):
            self._filter(node, names, level, loops)
        elif isinstance(node, _PLAIN):
            self._inner(node, names, level, loops)
        else:
            self._wrong("not-allowed", node.lineno, _SPOKEN.get(type(node), type(node).__name__.lower()))

    def _inner(self, node: nodes.Node, names: Names, level: int, loops: int) -> None:
        if isinstance(node, nodes.Output):
            self._no_bare_table(node, names)
        for child in node.iter_child_nodes():
            self.visit(child, names, level + 1, loops)

    def _no_bare_table(self, node: nodes.Output, names: Names) -> None:
        for child in node.nodes:
            path = _path(child)
            place = self._place(path, names) if path else None
            if path and place and place.many and place.kind == "table":
                self._wrong("table", child.lineno, ".".join(path))

    def _field(self, node: nodes.Name | nodes.Getattr, names: Names) -> None:
        path = _path(node)
        if path is None:
            self._wrong("not-allowed", node.lineno, ".")
        elif self._place(path, names) is None:
            self._wrong("unknown", node.lineno, ".".join(path), self._near(path, names))

    def _place(self, path: tuple[str, ...], names: Names) -> Place | None:
        """Where the path leads; notes the linked records it runs through."""
        if path[0] == "loop" and "loop" in names:
            return _VALUE if len(path) == 2 and path[1] in LOOP_FIELDS else None
        place, way = names.get(path[0]) or (self._scope.root(path[0]), (path[0],))
        followed = 0
        for name in path[1:]:
            if place is not None and place.kind == "record" and len(way) > 1 and not place.many:
                self.found.links.add(way)
                followed += 1
            place = self._scope.inside(place, name) if place and followed <= FARTHEST else None
            way = (*way, name)
        return place

    def _near(self, path: tuple[str, ...], names: Names) -> str | None:
        known = [*self._scope.roots(), *names]
        if self._place(path[:1], names) is None:
            near = get_close_matches(path[0], known, 1)
            return ".".join((near[0], *path[1:])) if near else None
        for at in range(1, len(path)):
            place = self._place(path[:at], names)
            if place is not None and self._place(path[: at + 1], names) is None:
                near = get_close_matches(path[at], list(place.shapes), 1)
                return ".".join((*path[:at], near[0])) if near else None
        return None

    def _loop(self, node: nodes.For, names: Names, level: int, loops: int) -> None:
        path = _path(node.iter)
        if not isinstance(node.target, nodes.Name) or path is None or node.recursive:
            self._wrong("not-allowed", node.lineno, "for")
            return
        place = self._place(path, names)
        if place is None:
            self._wrong("unknown", node.iter.lineno, ".".join(path), self._near(path, names))
            return
        if not place.many:
            self._wrong("loop", node.iter.lineno, ".".join(path))
            return
        way = (names[path[0]][1] if path[0] in names else (path[0],)) + path[1:]
        one = Place(place.label, place.kind, place.key, place.shapes)
        if place.kind == "record":
            self.found.links.add(way)
        inner = {**names, node.target.name: (one, (*way, "*")), "loop": (_VALUE, ("loop",))}
        for child in (*node.body, *([node.test] if node.test else ())):
            self.visit(child, inner, level + 1, loops + 1)
        for child in node.else_:
            self.visit(child, names, level + 1, loops)

    def _filter(self, node: nodes.Filter, names: Names, level: int, loops: int) -> None:
        if node.name not in FILTERS:
            near = get_close_matches(node.name, FILTERS, 1)
            self._wrong("filter", node.lineno, node.name, near[0] if near else None)
        if node.node is None or not all(isinstance(each, nodes.Const) for each in node.args) or node.kwargs:
            self._wrong("not-allowed", node.lineno, f"{node.name}(...)")
            return
        self.visit(node.node, names, level + 1, loops)

    def _wrong(self, code: str, line: int, what: str, near: str | None = None) -> None:
        problem = Problem(code, *self._where(line, what), what, near)
        self.found.problems.append(problem)

    def _where(self, line: int, what: str) -> tuple[int, int]:
        """Line and column of the next place on the line (or below it) where the words stand."""
        pattern = re.compile(
            r"(?<![\w.])" + r"\s*\.\s*".join(map(re.escape, what.split("."))) if what[:1].isalpha() else re.escape(what)
        )
        for number in range(line, min(line + 3, len(self._lines)) + 1):
            start = self._seen.get((number, what), 0)
            if what and (found := pattern.search(self._lines[number - 1], start)):
                self._seen[number, what] = found.end()
                return number, found.start() + 1
        return line, 1


def _path(node: nodes.Node) -> tuple[str, ...] | None:
    """The dotted name that a node is; None when it is something else."""
    parts: list[str] = []
    while isinstance(node, nodes.Getattr):
        parts.append(node.attr)
        node = node.node
    return (node.name, *reversed(parts)) if isinstance(node, nodes.Name) else None


def _long_tag(source: str) -> Problem | None:
    """The first tag that is too long: nobody writes such, and reading it would take Jinja very long."""
    begin, at = re.compile(r"{[{%#]"), 0
    while found := begin.search(source, at):
        end = source.find({"{": "}}", "%": "%}", "#": "#}"}[found[0][1]], found.end())
        at = len(source) if end < 0 else end + 2
        if found[0] != "{#" and at - found.start() > _MOST_TAG:
            before = source[: found.start()]
            return Problem("long-tag", before.count("\n") + 1, len(before) - before.rfind("\n"), str(_MOST_TAG))
    return None


def _syntax(source: str, error: TemplateSyntaxError) -> Problem:
    lines = source.split("\n")
    line = min(max(error.lineno, 1), len(lines))
    tags: Iterator[re.Match[str]] = re.finditer(r"{[{%#]", lines[line - 1])
    column = max((tag.start() + 1 for tag in tags), default=1)
    return Problem("syntax", line, column, error.message or "")
