"""Types whose records form a tree."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Tree:
    """Records hang below one another; no cycle, ever.

    Attributes:
        parent: the link upwards.
        path: the computed list of ids from the root to the record itself; empty = not kept.
        full_name: the computed text of all names from the root; empty = not kept.
        one_root: only one record may be without a parent.
        same: a field that parent and child must agree in (a list entry hangs in its own list).
    """

    parent: str = "parent"
    path: str = ""
    full_name: str = ""
    one_root: bool = False
    same: str = ""
