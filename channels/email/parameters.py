"""`Content-Type` and `Content-Disposition`: the value and its parameters, with RFC 2231 and its misspellings."""

from __future__ import annotations

from urllib.parse import unquote_to_bytes

from channels.email.charsets import decode
from channels.email.words import decode_words, eight_bit, one_line

MOST_PARAMETERS = 100


def read(value: bytes) -> tuple[str, dict[str, str]]:
    """The lower-case value and its decoded parameters by lower-case name."""
    if b";" not in value:
        return eight_bit(value).strip().lower(), {}
    pieces = _split(eight_bit(value))
    raw: dict[str, str] = {}
    for piece in pieces[1 : MOST_PARAMETERS + 1]:
        name, equals, text = piece.partition("=")
        if equals:
            raw.setdefault(name.strip().lower(), _unquote(text.strip()))
    return pieces[0].strip().lower(), _joined(raw) if any("*" in name for name in raw) else raw


def name_of(parameters: dict[str, str], key: str) -> str:
    """A file name parameter as text: RFC 2231 done, RFC 2047 too (against the rules, but most mailers do it)."""
    return one_line(decode_words(parameters.get(key, "")))


def _split(text: str) -> list[str]:
    """At semicolons that stand outside of quotes."""
    if '"' not in text:
        return text.split(";")
    pieces: list[str] = []
    start, quoted, skip = 0, False, False
    for at, char in enumerate(text):
        if skip:
            skip = False
        elif quoted and char == "\\":
            skip = True
        elif char == '"':
            quoted = not quoted
        elif char == ";" and not quoted:
            pieces.append(text[start:at])
            start = at + 1
    pieces.append(text[start:])
    return pieces


def _unquote(text: str) -> str:
    if text[:1] != '"':
        return text
    inner = text[1:-1] if len(text) > 1 and text.endswith('"') else text[1:]
    if "\\" not in inner:
        return inner
    # `\"` and `\\` are escapes; a lone backslash is a Windows path and stays
    return inner.replace("\\\\", "\0").replace('\\"', '"').replace("\0", "\\")


def _joined(raw: dict[str, str]) -> dict[str, str]:
    """Continuations (`name*0*=`, `name*1=`) put together and percent-decoded by their charset."""
    out: dict[str, str] = {name: text for name, text in raw.items() if "*" not in name}
    sections: dict[str, dict[int, tuple[str, bool]]] = {}
    for name, text in raw.items():
        base, star, tail = name.partition("*")
        if not star:
            continue
        number = tail.rstrip("*")
        order = int(number) if number.isascii() and number.isdigit() and len(number) < 4 else 0
        sections.setdefault(base, {})[order] = (text, name.endswith("*"))
    for base, found in sections.items():
        out[base] = _decoded([found[order] for order in sorted(found)])
    return out


def _decoded(pieces: list[tuple[str, bool]]) -> str:
    charset = ""
    first, encoded = pieces[0]
    if encoded and first.count("'") >= 2:
        charset, _, rest = first.partition("'")
        pieces = [(rest.partition("'")[2], True), *pieces[1:]]
    data = b"".join(
        unquote_to_bytes(text) if is_encoded else text.encode("utf-8", "replace") for text, is_encoded in pieces
    )
    return decode(data, charset or None)[0]
