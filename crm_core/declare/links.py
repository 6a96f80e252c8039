"""Links to other records. In the store and on the wire a link is the target's id; types are known to the checker.

`Link[Customer]` needs `Customer` only while type-checking: `crm_core.load` resolves the name at start. The few links that
every record has (its owner, its department) are named by key, because the declarations stand below the types.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Generic, TypeVar

from pydantic import GetCoreSchemaHandler, StringConstraints
from pydantic_core import CoreSchema, core_schema

ID_PATTERN = r"^[0-9a-z]{26}$"

T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True, slots=True)
class LinkTo:
    """Metadata: the keys of the record types a link may point at."""

    targets: tuple[str, ...]


class Link(str, Generic[T_co]):
    """The id of a record of type T."""

    __slots__ = ()

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.str_schema(pattern=ID_PATTERN)


UserLink = Annotated[str, StringConstraints(pattern=ID_PATTERN), LinkTo(("user",))]
DepartmentLink = Annotated[str, StringConstraints(pattern=ID_PATTERN), LinkTo(("department",))]
Entry = Annotated[str, StringConstraints(pattern=ID_PATTERN), LinkTo(("dictionary_entry",))]
"""A link to a `dictionary_entry` of the list named in the field's `entries`."""
Who = Annotated[str, LinkTo(("user",))]
"""The user who did something, or `system`; only for computed fields."""
