"""What a home page is made of. Pure."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

BlockKind = Literal[
    "notices", "pending", "queues", "menus", "announcements", "records", "schedule", "report", "outside"
]
_Path = Annotated[str, Field(pattern=r"^/[\w/.-]{0,120}$")]


class Block(BaseModel):
    """One block, in its place in the list.

    Attributes:
        id: unique on its page.
        wide: over the whole width.
        hidden: it keeps its place and is not shown.
        title: shown instead of the usual one.
        type, words: of a `records` block: the record type, and the words its title must contain.
        links: of a `menus` block: pages of the console.
        app: of an `outside` block: one outside application; None = the list of all.
    """

    model_config = ConfigDict(extra="forbid")

    id: Annotated[str, Field(pattern=r"^[\w-]{1,40}$")]
    kind: BlockKind
    wide: bool = False
    hidden: bool = False
    title: Annotated[str, Field(max_length=60)] = ""
    type: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,59}$")] | None = None
    words: Annotated[str, Field(max_length=100)] = ""
    links: Annotated[list[_Path], Field(max_length=24)] = []
    app: Annotated[str, Field(max_length=64)] | None = None


Blocks = Annotated[list[Block], Field(max_length=24)]


def built_in() -> list[Block]:
    """The page of a house where nobody has laid out another."""
    return [
        Block(id="pending", kind="pending"),
        Block(id="notices", kind="notices"),
        Block(id="schedule", kind="schedule"),
        Block(id="queues", kind="queues"),
        Block(id="announcements", kind="announcements"),
        Block(id="menus", kind="menus", links=["/inbox", "/notices", "/records/customer", "/records/contact"]),
        Block(id="customers", kind="records", type="customer"),
        Block(id="report", kind="report", wide=True),
    ]
