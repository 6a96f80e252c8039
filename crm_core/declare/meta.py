"""What a record type says of itself as a whole."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from crm_core.declare.numbering import Numbering

TypeKind = Literal["reference", "master", "document", "log", "platform"]


@dataclass(frozen=True, slots=True)
class Meta:
    """The head of a declaration.

    Attributes:
        key: the type's name in API, store and code.
        zh, en: its name on screen; `en` empty = made from the key.
        module: the menu it stands in.
        number: the number series, e.g. `CUS{seq:06}`; empty = the type has no numbers.
        title: the field shown where another record links here.
        own: the fields whose user makes a row "own"; `id` = the record is the user.
        basic: where not empty, the fields that a right on the `basic` part shows (a colleague's name and phone).
        list: the default columns. orders: further fields a list may be sorted by (each gets an index).
    """

    key: str
    zh: str = ""
    en: str = ""
    module: str = ""
    kind: TypeKind = "document"
    number: Numbering | str = ""
    title: str = "name"
    own: tuple[str, ...] = ("owner",)
    basic: tuple[str, ...] = ()
    list: tuple[str, ...] = ()
    orders: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """The English name."""
        return self.en or self.key.replace("_", " ").capitalize()

    @property
    def plural(self) -> str:
        """The English name of several: what heads a list."""
        if self.label[-1] == "y" and self.label[-2] not in "aeiou":
            return f"{self.label[:-1]}ies"
        return self.label + ("es" if self.label.endswith(("s", "x", "ch", "sh")) else "s")

    @property
    def series(self) -> Numbering | None:
        """The number series, read from its pattern."""
        return Numbering(self.number) if isinstance(self.number, str) and self.number else self.number or None
