"""What a record can be turned into: the declaration only; `crm_core.records` has the act."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True)
class Conversion:
    """From this type to `target`. Fields of the same name are copied without being named.

    Attributes:
        target: key of the other type.
        fields: source field -> target field, where the names differ.
        lines: the table whose rows are carried over, if any.
        limit: `once`, `open` (as long as an open quantity or amount is left) or `any` number of times.
    """

    target: str
    fields: Mapping[str, str] = field(default_factory=dict)
    lines: str = ""
    limit: Literal["once", "open", "any"] = "any"
