"""Finding what is wrong with a condition before it is asked: each unknown field with its line and column.

A condition compares fields of the record, and of what it was `before`; it goes through lists, one level deep. There is
nothing in it that calls, changes or looks up anything, and it cannot run long (see `condition`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

from celpy.celparser import CELParseError, CELParser
from lark import Token, Tree
from lark.exceptions import LarkError

from crm_core.conditions.values import ADDRESS, known
from crm_core.declare.record import Kept
from crm_core.declare.shape import Shape
from crm_core.ground.errors import FieldError

MOST_CHARS = 1_000
DEEPEST = 100
"""Levels of the grammar: about eight brackets, one inside the other."""
FUNCTIONS = frozenset({"size", "timestamp", "duration"})
METHODS = frozenset({"contains", "startsWith", "endsWith", "size"})
LOOPS = frozenset({"exists", "all"})
BEFORE = "before"
_REFUSED = {
    "member_index": "[]", "member_object": "{}", "map_lit": "{}", "dot_ident": ".", "dot_ident_arg": ".",
    "dyn": "dyn", "fieldinits": "{}",
}  # fmt: skip
_DETAILS = {
    "unknown": "there is no field {what}",
    "syntax": "this cannot be read",
    "not-allowed": "{what} cannot be used in a condition",
    "too-deep": "the condition is nested too deeply",
    "too-long": "the condition has more than {what} characters",
}

Names = Mapping[str, "Mapping[str, Shape] | Shape"]


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault. `line` and `column` count from 1; `what` is the field or word that is meant, `near` what probably was."""

    code: str
    line: int
    column: int
    what: str = ""
    near: str | None = None

    def at(self, path: str) -> FieldError:
        """As the fault of the field at `path`."""
        args: dict[str, str | int] = {"line": self.line, "column": self.column, "what": self.what}
        said = _DETAILS[self.code].format(what=self.what) + (f"; did you mean {self.near}?" if self.near else "")
        detail = f"line {self.line}, column {self.column}: {said}"
        return FieldError(path, f"condition-{self.code}", detail, args | ({"near": self.near} if self.near else {}))


@dataclass(slots=True)
class Checked:
    """What was found.

    Attributes:
        tree: the condition as CEL has it; None where it cannot be read.
        fields: (first name, field) of each field it looks at.
        inside: how many places of the tree lie inside of loops.
    """

    tree: Tree[Token] | None = None
    faults: list[Fault] = field(default_factory=list)
    fields: set[tuple[str, str]] = field(default_factory=set)
    inside: int = 0


def check(source: str, root: str, declared: type[Kept]) -> Checked:
    """Everything that is wrong with a condition over a record that goes by the name `root`, in order of place."""
    if len(source) > MOST_CHARS:
        return Checked(faults=[Fault("too-long", 1, 1, str(MOST_CHARS))])
    try:
        tree = CELParser().parse(source)
    except (CELParseError, LarkError) as error:
        return Checked(faults=[_syntax(error)])
    walk = _Walk({root: known(declared), BEFORE: known(declared)}, tree)
    walk.visit(tree, walk.roots, 0, loop=False)
    walk.found.faults.sort(key=lambda fault: (fault.line, fault.column))
    return walk.found


def _syntax(error: Exception) -> Fault:
    line, column = getattr(error, "line", None), getattr(error, "column", None)
    return Fault("syntax", max(line or 1, 1), max(column or 1, 1))


class _Walk:
    """Goes through the tree with the names that are known at each place."""

    def __init__(self, roots: Names, tree: Tree[Token]) -> None:
        self.roots = roots
        self.found = Checked(tree)

    def visit(self, node: Any, names: Names, level: int, *, loop: bool) -> None:
        """Check a node and what stands in it."""
        if not isinstance(node, Tree) or (self.found.faults and self.found.faults[-1].code == "too-deep"):
            return
        self.found.inside += loop
        if level > DEEPEST:
            self._wrong("too-deep", node)
        elif (path := _path(node)) is not None:
            self._field(path, names)
        elif node.data in _REFUSED:
            self._wrong("not-allowed", node, _REFUSED[node.data])
        elif node.data == "ident_arg":
            self._call(node, FUNCTIONS, node.children[0], names, level, loop=loop)
        elif node.data == "member_dot_arg" and node.children[1] in LOOPS:
            self._loop(node, names, level, loop=loop)
        elif node.data == "member_dot_arg":
            self._call(node, METHODS, node.children[1], names, level, loop=loop)
        else:
            self._inner(node, names, level, loop=loop)

    def _inner(self, node: Tree[Token], names: Names, level: int, *, loop: bool) -> None:
        for child in node.children:
            self.visit(child, names, level + 1, loop=loop)

    def _call(
        self, node: Tree[Token], allowed: frozenset[str], name: Any, names: Names, level: int, *, loop: bool
    ) -> None:
        if name not in allowed:
            self._wrong("not-allowed", name, f"{name}()")
        else:
            self._inner(node, names, level, loop=loop)

    def _loop(self, node: Tree[Token], names: Names, level: int, *, loop: bool) -> None:
        """`list.exists(name, condition)`; the list is a field, and no loop stands in another."""
        path, arguments = _path(node.children[0]), _arguments(node)
        name = _path(arguments[0]) if arguments else None
        if loop or path is None or len(arguments) != 2 or name is None or len(name) != 1:
            self._wrong("not-allowed", node.children[1], f"{node.children[1]}()")
            return
        shape = self._field(path, names)
        if shape is None:
            return
        if not shape.many:
            self._wrong("not-allowed", path[-1], ".".join(path))
            return
        member = {inner.name: inner for inner in shape.row} if shape.row else shape
        self.visit(arguments[1], {**names, str(name[0]): member}, level + 1, loop=True)

    def _field(self, path: list[Token], names: Names) -> Shape | None:
        """The field at the end of a dotted name; notes which of the record's fields it is."""
        place: Any = names.get(path[0])
        for name in path[1:]:
            place = _inside(place, name)
            if place is None:
                break
        if not isinstance(place, Shape):
            self._unknown(path, names)
            return None
        if path[0] in self.roots and len(path) > 1:
            self.found.fields.add((str(path[0]), str(path[1])))
        return place

    def _unknown(self, path: list[Token], names: Names) -> None:
        near, place = list(map(str, path)), names.get(path[0])
        if place is None:
            near[0] = next(iter(get_close_matches(path[0], names, 1)), "")
        elif len(path) > 1 and isinstance(place, Mapping):
            near[1] = next(iter(get_close_matches(path[1], place, 1)), "")
        meant = ".".join(near) if all(near) and near != path else None
        self._wrong("unknown", path[0], ".".join(path), meant)

    def _wrong(self, code: str, where: Any, what: str = "", near: str | None = None) -> None:
        place = where if isinstance(where, Token) else getattr(where, "meta", None)
        line, column = getattr(place, "line", None) or 1, getattr(place, "column", None) or 1
        self.found.faults.append(Fault(code, line, column, what, near))


def _inside(place: Any, name: str) -> Mapping[str, Shape] | Shape | None:
    """One step further; None where there is no such field."""
    if isinstance(place, Mapping):
        found: Shape | None = place.get(name)
        return found
    if isinstance(place, Shape) and place.kind == "address" and not place.many and name in ADDRESS:
        return Shape(name, "text", many=False, required=False, facts=place.facts, filterable=False)
    return None


def _path(node: Any) -> list[Token] | None:
    """The dotted name that a node is; None when it is something else."""
    if not isinstance(node, Tree):
        return None
    if node.data == "ident":
        return [node.children[0]] if isinstance(node.children[0], Token) else None
    if node.data == "member_dot":
        inner = _path(node.children[0])
        last = node.children[1]
        return [*inner, last] if inner is not None and isinstance(last, Token) else None
    return _path(node.children[0]) if len(node.children) == 1 and node.data not in _SIGNS else None


_SIGNS = frozenset({"literal", "list_lit", "map_lit", "dot_ident", "ident_arg", "unary_not", "unary_neg", "paren_expr"})


def _arguments(node: Tree[Token]) -> list[Any]:
    return list(node.children[2].children) if len(node.children) > 2 and isinstance(node.children[2], Tree) else []
