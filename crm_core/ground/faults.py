"""Faults of single fields, so told that a screen can say them in its own language: a code, and what the sentence speaks of."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from pydantic import ValidationError
from pydantic_core import PydanticCustomError

from crm_core.ground.errors import FieldError

_LONGEST = 200
_QUOTED = re.compile(r"'((?:[^'\\]|\\.)*)'")


def unfit(rule: str, detail: str, **speaks_of: str | int) -> PydanticCustomError:
    """What a validator of ours raises, for people in `detail` (with places such as `{what}`); `rule` names the words for it."""
    return PydanticCustomError("value_error", detail, {"rule": rule, **speaks_of})


def field_errors(error: ValidationError, prefix: str = "") -> Iterator[FieldError]:
    """pydantic's findings: its types as codes, its facts (`min_length`, `expected`) as what the sentence speaks of."""
    for one in error.errors(include_url=False, include_input=False):
        path = prefix + ".".join(str(part) for part in one["loc"])
        detail = one["msg"].removeprefix("Value error, ")
        yield FieldError(path, one["type"], detail, _facts(one.get("ctx", {})))


def _facts(context: Mapping[str, Any]) -> dict[str, str | int]:
    """What can be said as it stands: no exceptions, no English sentences of the parser (`error`), no lists."""
    said: dict[str, str | int] = {}
    for name, value in context.items():
        if name == "error" or isinstance(value, bool):
            continue
        if name == "expected" and isinstance(value, str):
            said[name] = (", ".join(_QUOTED.findall(value)) or value)[:_LONGEST]
        elif isinstance(value, int):
            said[name] = value
        elif isinstance(value, str | date | Decimal):
            said[name] = str(value)[:_LONGEST]
        elif isinstance(value, float):
            said[name] = f"{value:g}"
    return said
