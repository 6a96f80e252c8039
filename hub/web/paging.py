"""Cursors: where the next page begins, as an opaque word. A cursor holds a position only and gives no right to anything."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Annotated, Generic, TypeVar

from pydantic import Field
from typing_extensions import TypedDict

from crm_core.ground.errors import FieldError, Invalid

T = TypeVar("T")
Limit = Annotated[int, Field(ge=1, le=100)]
"""How many items a page has at most."""
Cursor = Annotated[str, Field(max_length=200, description="`next` of the page before")]
_MOST = 2**53


class Page(TypedDict, Generic[T]):
    """One page. `next` is None on the last."""

    items: list[T]
    next: str | None


def write_cursor(kind: str, position: int) -> str:
    """The cursor of a position in one kind of list."""
    return urlsafe_b64encode(json.dumps([kind, position]).encode()).decode().rstrip("=")


def read_cursor(kind: str, cursor: str | None, name: str = "after") -> int | None:
    """The position of a cursor of this kind; None for none.

    Raises:
        Invalid: it is not one of ours, or of another list.
    """
    if cursor is None:
        return None
    try:
        match json.loads(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))):
            case [str(found), int(position)] if found == kind and 0 <= position < _MOST:
                return position
    except ValueError:
        pass  # falls through to the one answer below
    raise Invalid(f"{name}: not a cursor of this list", fields=(FieldError(name, "cursor", "unknown cursor"),))
