"""`Authentication-Results` (RFC 8601) of servers that the account trusts, and of no one else."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

from channels.email.headers import MOST_BYTES, Headers, split
from channels.email.mailboxes import read_addresses
from channels.email.words import eight_bit

Result = tuple[str, dict[str, str]]
"""A word and its properties."""
_METHODS = ("spf", "dkim", "dmarc")
_WORDS = {"pass", "fail", "softfail", "none", "neutral", "temperror", "permerror"}
_MEANS = {
    "hardfail": "fail",
    "policy": "neutral",
    "bestguesspass": "none",
    "error": "temperror",
    "unknown": "permerror",
}
_MOST_CHARS = 16_384
_MOST_FIELDS = 10
_METHOD = re.compile(r"\s*([a-z][a-z0-9-]{0,30})\s*(?:/\s*\d+\s*)?=\s*([a-z]{1,20})", re.IGNORECASE)
_PROPERTY = re.compile(r"\b(?:smtp|header|policy)\s?\.\s?([a-z]{1,20})\s?=\s?\"?([^\s;\"]{1,320})", re.IGNORECASE)


def trusted_results(
    content: bytes, trusted: Iterable[str], headers: Headers, more: Mapping[str, list[Result]] = MappingProxyType({})
) -> dict[str, Any]:
    """What the nearest trusted server found out; empty where none wrote anything.

    A sender can write such a field too, under any name. Ours stand above all that came with the mail. So only the
    topmost one counts; those below it only between it and the `Received` of our server, where its filters write them.

    Args:
        more: what other fields of ours say, of methods that these leave out.
    """
    wanted = {each.strip().lower() for each in trusted}
    found: dict[str, list[Result]] = {}
    for value in _nearest(content):
        server, results = _parsed(value)
        if server not in wanted:
            break
        for method in {method for method, _, _ in results} - found.keys():  # a field below only adds
            found[method] = [(word, properties) for each, word, properties in results if each == method]
    if not found:
        return {}
    return facts_of({**more, **found}, headers) | {"source": "header"}


def facts_of(found: Mapping[str, list[Result]], headers: Headers) -> dict[str, Any]:
    """Results by method as the facts of a message."""
    facts: dict[str, Any] = {}
    for method in _METHODS:
        words = [word for word, _ in found.get(method, ())]
        if words:
            facts[method] = "pass" if "pass" in words else words[0]
    spf = next((each for each in found.get("spf", ())), None)
    if spf and (domain := _domain(spf[1].get("mailfrom") or spf[1].get("helo") or "")):
        facts["spf_domain"] = domain
    signed = (_domain(p.get("d") or p.get("i") or "") for word, p in found.get("dkim", ()) if word == "pass")
    if domains := sorted(set(filter(None, signed))):
        facts["dkim_domains"] = domains
    if author := author_domain(headers):
        facts["from_domain"] = author
        spoken = {
            *facts.get("dkim_domains", ()),
            *([facts.get("spf_domain", "")] if facts.get("spf") == "pass" else ()),
        }
        facts["aligned"] = any(each and (author == each or author.endswith(f".{each}")) for each in spoken)
    return facts


def author_domain(headers: Headers) -> str:
    """The domain of `From`; nothing where there are several authors, or none: then nobody can speak for them."""
    if len(headers.fields.get(b"from", ())) != 1:
        return ""
    pairs = read_addresses(headers.raw(b"from"), 2)
    return _domain(pairs[0][1]) if len(pairs) == 1 else ""


def _domain(address: str) -> str:
    return address.rpartition("@")[2].strip(".<>").lower()[:255]


def _nearest(content: bytes) -> list[str]:
    """The topmost field; with those below it where our server's `Received` stands under all of them, and none above."""
    run: list[str] = []
    passed = False
    for name, value in ordered(content):
        if name == b"received":
            if run:
                return run[:1] if passed else run
            passed = True
        elif name == b"authentication-results" and len(run) < _MOST_FIELDS:
            run.append(eight_bit(value)[:_MOST_CHARS])
    return run[:1]


def ordered(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The fields of the header block of a mail in their order: lower-case name and unfolded value."""
    _, body = split(content)
    block = content[: min(body, MOST_BYTES)].replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    for line in re.split(rb"\n(?![ \t])", block):
        name, colon, value = line.partition(b":")
        if colon:
            yield name.strip().lower(), value.replace(b"\n", b" ").strip()


def _parsed(value: str) -> tuple[str, list[tuple[str, str, dict[str, str]]]]:
    """The server's id, and (method, result, properties) of each method that we know."""
    first, *rest = _without_comments(value).split(";")
    server = first.split()[0].lower().strip('"') if first.split() else ""
    found = []
    for piece in rest[:50]:
        method = _METHOD.match(piece)
        if method is None or method[1].lower() not in _METHODS:
            continue
        word = method[2].lower()
        word = _MEANS.get(word, word)
        properties = {name.lower(): text for name, text in _PROPERTY.findall(piece)}
        found.append((method[1].lower(), word if word in _WORDS else "neutral", properties))
    return server, found


def _without_comments(value: str) -> str:
    """Comments and quoted texts may hold semicolons and forged results."""
    out: list[str] = []
    depth, quoted, skip = 0, False, False
    for char in value:
        if skip:
            skip = False
        elif char == "\\" and (depth or quoted):
            skip = True
        elif quoted:
            quoted = char != '"'
        elif depth:
            depth += (char == "(") - (char == ")")
        elif char == "(":
            depth = 1
        elif char == '"':
            quoted = True
        else:
            out.append(char)
    return "".join(out)
