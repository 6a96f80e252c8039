"""A message's HTML as a page of its own, for a frame without scripts: pictures of the mail shown, remote ones only when
asked for, quotes folded.

What is stored was cleaned when it came in; here it is cleaned once more, by the rule of what may be *shown*, so that
neither an older rule nor a channel with a weaker one can bring anything into a browser.
"""

from __future__ import annotations

import html as entities
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from html.parser import HTMLParser

import nh3
from typing_extensions import override

from hub.model import html_policy as policy

_REMOTE = re.compile(r"(?:https?:)?//[^\s\"'<>]{1,2000}", re.IGNORECASE)
_MARK = secrets.token_hex(8)
"""Chosen per process, so that no mail can hold it."""
_QUOTE = re.compile(r"<(/?)blockquote\b[^>]*>")
_HEAD = """<!doctype html><html lang="{language}"><head><meta charset="utf-8"><meta name="referrer" content="no-referrer">
<title>{title}</title><base target="_blank"><style>
body{{margin:0;padding:10px 12px;background:#fff;color:#1f2937;font:14px/1.55 system-ui,"PingFang SC","Microsoft YaHei",
"Noto Sans CJK SC",sans-serif;overflow-wrap:anywhere}}
a{{color:#1d4ed8}}img{{max-width:100%;height:auto}}pre{{white-space:pre-wrap}}table{{max-width:100%}}
blockquote{{margin:4px 0 4px 4px;padding-left:10px;border-left:2px solid #cbd5e1}}
summary{{width:fit-content;padding:0 8px;border-radius:6px;background:#e5e7eb;color:#1f2937;cursor:pointer}}
</style></head><body>"""
_QUOTED = {"en": "Quoted text", "zh-CN": "引用的文字"}


@dataclass(frozen=True, slots=True)
class Look:
    """How a reader wants a mail: the language of our few words, and whether remote pictures may be fetched."""

    language: str = "en"
    pictures: bool = False


def mail_page(html: str, look: Look, *, title: str, inline: Mapping[str, str], fetched: Callable[[str], str]) -> str:
    """The whole document.

    Args:
        html: as stored with the message.
        inline: content id -> address of the picture that came with the mail.
        fetched: the address under which the hub hands out a remote picture.
    """
    body = _cleaner(look, inline, fetched).clean(html)
    body = body.replace(f' data-remote-src="{_MARK}:', ' src="').replace(f' src="{_MARK}#', ' data-remote-src="')
    head = _HEAD.format(language=look.language, title=entities.escape(title))
    return f"{head}{fold_quotes(body, _QUOTED.get(look.language, _QUOTED['en']))}</body></html>"


def fold_quotes(body: str, words: str) -> str:
    """Each outermost quote behind a line that opens it, unless the mail consists of quotes only.

    Args:
        body: clean HTML, so that tags are balanced and a sign `<` stands for a tag alone.
        words: what the line says.
    """
    pieces: list[str] = []
    outside: list[str] = []
    depth = end = 0
    for tag in _QUOTE.finditer(body):
        closing = tag[1] == "/"
        if depth == 0:
            outside.append(body[end : tag.start()])
        if closing and depth == 0:
            continue
        depth += -1 if closing else 1
        if not closing and depth == 1:
            pieces += [body[end : tag.start()], "<details><summary>", words, "</summary>", tag[0]]
        elif closing and depth == 0:
            pieces += [body[end : tag.end()], "</details>"]
        else:
            pieces.append(body[end : tag.end()])
        end = tag.end()
    outside.append(body[end:])
    return "".join([*pieces, body[end:]]) if depth == 0 and _has_content("".join(outside)) else body


def remote_pictures(html: str) -> set[str]:
    """The addresses of the remote pictures that stand in a message: nothing else may be fetched in its name."""
    reader = _Pictures()
    reader.feed(html)
    reader.close()
    return reader.found


def absolute(address: str) -> str:
    """An address without a scheme is of the encrypted web."""
    return f"https:{address}" if address.startswith("//") else address


def _cleaner(look: Look, inline: Mapping[str, str], fetched: Callable[[str], str]) -> nh3.Cleaner:
    def kept(tag: str, name: str, value: str) -> str | None:
        if name == "href":
            return policy.link(value)
        if name not in ("src", "data-remote-src"):
            return value
        source = value.strip()
        if name == "src" and source[:4].lower() == "cid:":
            return inline.get(source[4:])
        if name == "src" and source[:20].lower().startswith(policy.INLINE_DATA):
            return source
        if not _REMOTE.fullmatch(source):
            return None
        if look.pictures:
            return fetched(source) if name == "src" else f"{_MARK}:{fetched(source)}"
        return source if name == "data-remote-src" else f"{_MARK}#{source}"

    attributes = policy.attributes()
    attributes["img"].add("data-remote-src")
    return nh3.Cleaner(
        tags=set(policy.TAGS),
        clean_content_tags=set(policy.GONE_WITH_CONTENT),
        attributes=attributes,
        attribute_filter=kept,
        filter_style_properties=set(policy.STYLES),
        url_schemes=set(policy.URL_SCHEMES),
        link_rel=policy.LINK_REL,
    )


def _has_content(body: str) -> bool:
    return "<img" in body or bool(entities.unescape(re.sub(r"<[^>]*>", "", body)).strip())


class _Pictures(HTMLParser):
    """Reads the remote pictures out of cleaned HTML, on which the parser is linear."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: set[str] = set()

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag != "img":
            return
        for name, value in attrs:
            if name in ("src", "data-remote-src") and value and _REMOTE.fullmatch(value.strip()):
                self.found.add(value.strip())
