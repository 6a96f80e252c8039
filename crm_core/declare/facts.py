"""The four words that declare a field, and the facts they keep beside its type.

name: Text = needed("名称")                 # required
phone: Phone | None = maybe("电话")         # may be absent
mails: list[MailRow] = rows("邮箱")         # a list, empty at first
size: Int | None = computed("人数")         # made by the core, never taken from a client
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pydantic import Field
from pydantic.config import JsonDict


@dataclass(frozen=True, slots=True)
class Facts:
    """What a field's type does not say.

    Attributes:
        zh, en: labels; `en` empty = made from the field's name.
        computed: made by the core; refused when a client sends it.
        admin: only administrators may write it.
        guarded: nobody reads or writes it unless a role's field rights say so (and administrators).
        options: Chinese labels of a choice's values, in the order of its `Literal`.
        entries: for `Entry` fields, the list of `dictionary_entry` it is taken from.
        only_for: (field, values): the field has a meaning only while that other field has one of the values.
    """

    zh: str = ""
    en: str = ""
    computed: bool = False
    admin: bool = False
    guarded: bool = False
    options: tuple[str, ...] = ()
    entries: str = ""
    only_for: tuple[str, tuple[str, ...]] | None = None

    def __call__(self, schema: JsonDict) -> None:
        """Mark computed fields in the JSON Schema; labels and layout have their own place."""
        if self.computed:
            schema["readOnly"] = True


def _facts(zh: str, en: str, options: str, only_for: str, **rest: Any) -> Facts:
    condition = None
    if only_for:
        field, _, values = only_for.partition("=")
        condition = (field, tuple(values.split("|")))
    return Facts(zh=zh, en=en, options=tuple(options.split()), only_for=condition, **rest)


def needed(
    zh: str, *, en: str = "", admin: bool = False, guarded: bool = False, options: str = "", entries: str = "",
    only_for: str = "",
) -> Any:  # fmt: skip
    """A required field."""
    return Field(json_schema_extra=_facts(zh, en, options, only_for, admin=admin, guarded=guarded, entries=entries))


def maybe(
    zh: str, *, en: str = "", default: Any = None, admin: bool = False, guarded: bool = False, options: str = "",
    entries: str = "", only_for: str = "",
) -> Any:  # fmt: skip
    """A field that may be absent, or that has a default. `only_for` reads `"kind=agent|distributor"`."""
    return Field(
        default=default,
        json_schema_extra=_facts(zh, en, options, only_for, admin=admin, guarded=guarded, entries=entries),
    )


def rows(
    zh: str, *, en: str = "", admin: bool = False, guarded: bool = False, options: str = "", most: int = 200,
    only_for: str = "",
) -> Any:  # fmt: skip
    """A list of values, links or child rows; `most` is the greatest number of them."""
    return Field(
        default_factory=list,
        max_length=most,
        json_schema_extra=_facts(zh, en, options, only_for, admin=admin, guarded=guarded),
    )


def computed(zh: str, *, en: str = "", default: Any = None, options: str = "", guarded: bool = False) -> Any:
    """A field the core makes."""
    return Field(default=default, json_schema_extra=_facts(zh, en, options, "", computed=True, guarded=guarded))
