"""Address headers (`From`, `To`, `Cc`, `Reply-To`) as pairs of name and address: linear, bounded, forgiving."""

from __future__ import annotations

import re
from functools import lru_cache

from channels.email.words import decode_words, eight_bit, one_line
from crm_core.ground.addresses import mail_key
from hub.model.address import Address

MOST_BYTES = 1_048_576
MOST_NAME_CHARS = 200
_SIMPLE = re.compile(r'(?:"?([\w .=?-]*)"?\s*<([\w.+=-]+@[\w.-]+)>|([\w.+=-]+@[\w.-]+))', re.ASCII)
"""The spelling of nearly all single addresses: no class overlaps the next, so it cannot backtrack far."""


def read_addresses(value: bytes, most: int) -> list[tuple[str, str]]:
    """At most `most` pairs (name, address as written); what holds no `@` is left out."""
    if not value:
        return []
    text = eight_bit(value[:MOST_BYTES])
    simple = _SIMPLE.fullmatch(text)
    if simple:
        return [(_name(simple[1] or ""), simple[2] or simple[3])]
    pairs = _scan(text, most)
    if not pairs and "=?" in text:  # the whole header inside one encoded word
        pairs = _scan(decode_words(text), most)
    return pairs


def as_address(name: str, address: str) -> Address:
    """The stream's form; an address without a normal form stays findable as `raw:`."""
    key = key_of(address)
    return Address(key or f"raw:{one_line(address)[:320]}", name)


@lru_cache(maxsize=8192)
def key_of(address: str) -> str | None:
    """`mail_key`, remembered: the same few addresses come again and again."""
    return mail_key(address)


def _scan(text: str, most: int) -> list[tuple[str, str]]:
    scanner = _Scanner(most)
    for char in text:
        scanner.take(char)
        if len(scanner.pairs) >= most:
            return scanner.pairs
    scanner.finish()
    return scanner.pairs


class _Scanner:
    """One pass, one character at a time: quotes, comments, angle brackets, groups. Comma and semicolon end an address."""

    def __init__(self, most: int) -> None:
        self.pairs: list[tuple[str, str]] = []
        self._most = most
        self._mode = ""
        self._depth = 0
        self._skip = False
        self._clear()

    def _clear(self) -> None:
        self._words: list[str] = []
        self._comment: list[str] = []
        self._angle: list[str] = []
        self._at_seen = False

    def take(self, char: str) -> None:
        """Read one character."""
        if self._skip:
            self._skip = False
            (self._comment if self._mode == "(" else self._words).append(char)
        elif not self._mode:
            self._outside(char)
        elif char == "\\" and self._mode != "<":
            self._skip = True
        elif self._mode == '"':
            if char == '"':
                self._mode = ""
            else:
                self._words.append(char)
        elif self._mode == "(":
            self._in_comment(char)
        else:
            self._in_angle(char)

    def _outside(self, char: str) -> None:
        if char in '"(<':
            self._mode = char
            self._depth = 1
        elif char in ",;":
            self.finish()
        elif char == ":" and not self._at_seen and not self._angle:
            self._clear()  # a group's name stands before
        else:
            self._at_seen = self._at_seen or char == "@"
            self._words.append(char)

    def _in_comment(self, char: str) -> None:
        self._depth += (char == "(") - (char == ")")
        if self._depth:
            self._comment.append(char)
        else:
            self._mode = ""

    def _in_angle(self, char: str) -> None:
        if char == ">":
            self._mode = ""
        elif char == "<":
            self._angle.clear()
        else:
            self._angle.append(char)

    def finish(self) -> None:
        """Take what stands as one address."""
        plain, address = "".join(self._words).strip(), "".join(self._angle)
        address = _routed(address) if "@" in address else ""
        name = plain
        if not address:
            found = next((word for word in plain.split() if "@" in word.strip("@")), "")
            address, name = found.strip("<>[]'\""), "".join(self._comment)
        if address:
            self.pairs.append((_name(name), "".join(address.split())))
        self._clear()


def _routed(address: str) -> str:
    """Without an old source route: `@a,@b:user@host`."""
    return address.rpartition(":")[2] if address.lstrip().startswith("@") else address


def _name(text: str) -> str:
    return one_line(decode_words(text)).strip("'\" ")[:MOST_NAME_CHARS] if text else ""
