"""The names that every template of ours begins its fields with, and the check of templates that records hold."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from crm_core.declare.registry import Registry
from crm_core.declare.shape import Shape
from crm_core.ground.errors import FieldError
from crm_core.templates.check import check
from crm_core.templates.problems import as_field_error
from crm_core.templates.scope import Scope, word

PEOPLE = {"contact": "contact", "customer": "customer", "employee": "user", "supplier": "supplier", "sender": "user"}
"""Name -> record type: whoever is written to is one of the first four, the others are empty then."""
RECIPIENT: dict[str, Shape] = {
    "name": word("name", "姓名", "Name"),
    "address": word("address", "地址", "Address"),
    "salutation": word("salutation", "称呼", "Salutation"),
    "company": word("company", "单位", "Company"),
}
WORDS: dict[str, Shape | dict[str, Shape]] = {
    "recipient": RECIPIENT,
    "company": word("company", "本公司", "Our company"),
    "today": word("today", "今天", "Today", "date"),
    "unsubscribe": word("unsubscribe", "退订链接", "Unsubscribe link"),
}


def usual_scope(registry: Registry, about: str | None = None) -> Scope:
    """The scope of a template, with the fields of one more record type where it is made for it.

    Raises:
        NotFound: there is no such type.
    """
    more = {} if about is None or about in PEOPLE else {registry[about].meta.key: about}
    return Scope(registry, {name: key for name, key in PEOPLE.items() if key in registry} | more, WORDS)


def root_of(key: str) -> str:
    """The name that the fields of a record type begin with."""
    return next((name for name, other in PEOPLE.items() if other == key), key)


def record_scope(registry: Registry, key: str) -> Scope:
    """The scope of a text about one record, whoever it is for. Raises: NotFound, where there is no such type."""
    words = {name: WORDS[name] for name in ("company", "today")}
    return Scope(registry, {root_of(registry[key].meta.key): key}, words)


def template_faults(registry: Registry, record: Any) -> Iterator[FieldError]:
    """What is wrong with the templates of a record; nothing where its type holds none."""
    names = type(record).templates
    if not names:
        return
    about = getattr(record, "about", None)
    if about is not None and about not in registry:
        yield FieldError("about", "unknown", f"there is no record type {about}", {"rule": "no-such", "what": about})
        return
    scope = usual_scope(registry, about)
    for name in names:
        for problem in check(getattr(record, name) or "", scope).problems:
            yield as_field_error(name, problem)
