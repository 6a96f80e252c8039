"""What clients mark in HTML: classes, ids and other attributes that say "this is old" or "this is a signature"."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from channels.email.quotes.phrases import tables

Role = Literal["attribution", "quote", "signature", "rest"]
"""`rest`: everything from there to the end of the mail is old."""
WATCHED = ("class", "id", "name", "title", "data-marker")


@dataclass(frozen=True, slots=True)
class Markup:
    """All clients together.

    Attributes:
        words: one of them stands in the source of every mail that any rule could fit.
        exact: (attribute, value) to role.
        prefixes: (attribute, beginning of the value) and the role.
    """

    words: tuple[str, ...]
    exact: dict[tuple[str, str], Role]
    prefixes: tuple[tuple[str, str, Role], ...]

    def marks(self, source: str) -> bool:
        """A cheap look whether anything is marked at all."""
        return any(word in source for word in self.words)

    def role_of(self, attribute: str, value: str) -> Role | None:
        """What an attribute says of its element."""
        for word in value[:500].split() if attribute == "class" else (value[:200].strip(),):
            if role := self.exact.get((attribute, word)):
                return role
            for name, start, prefixed in self.prefixes:
                if name == attribute and word.startswith(start):
                    return prefixed
        return None


def _read() -> Markup:
    exact: dict[tuple[str, str], Role] = {}
    prefixes: list[tuple[str, str, Role]] = []
    for table in tables("clients"):
        for role in get_args(Role):
            for selector in table.get(role, ()):
                attribute, value = _parsed(selector)
                start, star, _ = value.partition("*")
                if star:
                    prefixes.append((attribute, start, role))
                else:
                    exact[attribute, value] = role
    words = [_as_written(*rule) for rule in exact] + [start for _, start, _ in prefixes]
    # a word that holds another one need not be looked for
    needed = [word for word in dict.fromkeys(words) if not any(other != word and other in word for other in words)]
    return Markup(tuple(needed), exact, tuple(prefixes))


def _as_written(attribute: str, value: str) -> str:
    """What to look for in the source: names like `quote` say nothing without their attribute."""
    return f'{attribute}="{value}"' if attribute in {"name", "title"} else value


def _parsed(selector: str) -> tuple[str, str]:
    """`.class`, `#id`, `[name=value]`; a star at the end stands for anything.

    Raises:
        ValueError: an attribute that the sanitiser is not told to show.
    """
    if selector[0] in ".#":
        return ("class" if selector[0] == "." else "id"), selector[1:]
    attribute, _, value = selector.strip("[]").partition("=")
    if attribute not in WATCHED or not value:
        raise ValueError(f"{selector} is no rule for the mark-up of mail clients")
    return attribute, value


MARKUP = _read()
