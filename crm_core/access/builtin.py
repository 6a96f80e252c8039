"""The roles that come with the product, as the catalogue's table of permissions has them.

Each cell is letters and scope: R read, C create, U update, D delete, A approve, E export; `o` own and shared, `d`
department, `t` department tree, `a` all, `s` shared only, `-` nothing. Further types are further lines.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from crm_core.access.roles import ACTIONS, SCOPES, Action, Scope
from crm_core.declare.registry import Registry
from crm_core.declare.shape import shapes_of

_ROLES = (
    ("SP", "销售人员"), ("SM", "销售经理"), ("SA", "客服坐席"), ("VM", "服务经理"),
    ("MK", "市场人员"), ("FI", "财务"), ("AP", "审批人"), ("SU", "班长"),
)  # fmt: skip
_TABLE = """
department team region currency dictionary_entry | R:a    | R:a     | R:a    | R:a   | R:a    | R:a    | R:a    | R:a
user/basic                                       | R:a    | R:a     | R:a    | R:a   | R:a    | R:a    | R:a    | R:a
user                                             | RU:o   | R:t     | RU:o   | R:t   | RU:o   | RU:o   | RU:o   | R:t
role                                             | -      | -       | -      | -     | -      | -      | -      | -
customer                                         | RCU:o  | RCUDE:t | RC:a   | RCU:a | RCUE:a | R:a    | R:s    | R:a
contact                                          | RCU:o  | RCUDE:t | RCU:a  | RCU:a | RCUE:a | R:a    | R:s    | R:a
message_template                                 | RCU:o  | RCUD:t  | RCU:o  | RCUD:t | RCUD:a | RCU:o | -     | RCUD:t
supplier                                         | RCU:o  | RCUDE:t | -      | R:a   | R:a    | RE:a   | -      | -
message_rule                                     | -      | -       | -      | -     | -      | -      | -      | -
"""
_FIELDS = """
customer credit_limit | SP:read SM:read FI:write
customer banks        | SP:read SM:read FI:write
customer id_no        | FI:read
customer owner        | SA:read VM:read MK:read
customer department   | SA:read VM:read MK:read
"""
_LETTERS: dict[str, Action] = {
    "R": "read", "C": "create", "U": "update", "D": "delete", "A": "approve", "E": "export",
}  # fmt: skip
_SCOPES: dict[str, Scope] = {"o": "own", "d": "department", "t": "tree", "a": "all", "s": "shared"}


def builtin_roles(registry: Registry) -> list[dict[str, Any]]:
    """Bodies of `role` records: the eight of the table, `admin`, and `auditor` (reads everything, changes nothing)."""
    fields = list(_field_rights())
    found = [
        {
            "code": code,
            "name": name,
            "rights": list(_rights(at)),
            "field_rights": [f for who, f in fields if who == code],
        }
        for at, (code, name) in enumerate(_ROLES)
    ]
    reads = [{"type": t.meta.key, "actions": ["read"], "scope": "all"} for t in registry]
    hidden = [{"type": t, "field": f, "level": "read"} for t, f in _all_guarded(registry)]
    return [
        *found,
        {"code": "admin", "name": "管理员", "admin": True},
        {"code": "auditor", "name": "审计", "rights": reads, "field_rights": hidden},
    ]


def _rights(column: int) -> Iterator[dict[str, Any]]:
    for line in _TABLE.strip().splitlines():
        types, *cells = [part.strip() for part in line.split("|")]
        for place in types.split():
            key, _, part = place.partition("/")
            for grant in cells[column].split():
                if grant != "-":
                    yield _row(key, grant, part or "all")


def _row(key: str, grant: str, part: str) -> dict[str, Any]:
    letters, _, place = grant.partition(":")
    scope, actions = _SCOPES[place], {_LETTERS[letter] for letter in letters}
    actions |= {"print"} if "read" in actions and part == "all" else set()
    actions |= {"share"} if "update" in actions else set()
    if "update" in actions and SCOPES.index(scope) >= SCOPES.index("tree"):
        actions.add("assign")
    actions |= {"import"} if {"create", "export"} <= actions else set()
    return {"type": key, "actions": [a for a in ACTIONS if a in actions], "scope": scope, "part": part}


def _field_rights() -> Iterator[tuple[str, dict[str, Any]]]:
    for line in _FIELDS.strip().splitlines():
        place, _, cells = line.partition("|")
        key, field = place.split()
        for cell in cells.split():
            who, _, level = cell.partition(":")
            yield who, {"type": key, "field": field, "level": level}


def _all_guarded(registry: Registry) -> Iterator[tuple[str, str]]:
    for declared in registry:
        for shape in shapes_of(declared).values():
            if shape.facts.guarded:
                yield declared.meta.key, shape.name
