"""HTML from strangers: made safe to show, remote images put aside, and read as plain text.

The HTML 5 parser below `nh3` takes quadratic time for deep nesting, and quadratic memory for many different open
formatting tags (`<font color=1><p><font color=2><p>...`). Both are bounded before it sees the text, together with
its size: half a million characters of the worst kind (attributes of one tag) take two seconds, twice as many eight.
"""

from __future__ import annotations

import re
import secrets
from html.parser import HTMLParser

import nh3
from typing_extensions import override

MOST_CHARS = 500_000
MOST_BYTES_OUT = 4_000_000
MOST_TAGS = 20_000
"""Of one body. The worst nesting of as many tags takes under a second; the largest newsletters have half of it."""

_FORMATTING = re.compile(r"<(/?)(big|code|font|nobr|small|strike|tt|b|em|i|strong|s|u)(?=[\s/>])[^>]*>", re.IGNORECASE)
_LONG_DATA = re.compile(r"data:[a-z/+-]{1,40};base64,[A-Za-z0-9+/=%]{1000,}")
"""Pictures written into the text; in a large body they are let go so that the rest can be shown."""
_KEPT = {"b", "em", "i", "strong", "s", "u", "code", "small"}
_MARK = secrets.token_hex(8)
"""Chosen per process, so that no mail can hold it."""
_REMOTE = f' src="{_MARK}:'

_ATTRIBUTES: dict[str, set[str]] = {
    "*": {"style", "dir", "lang", "align", "valign", "title"},
    "a": {"href"},
    "img": {"src", "alt", "width", "height"},
    "table": {"width", "border", "cellpadding", "cellspacing", "bgcolor"},
    "td": {"width", "height", "colspan", "rowspan", "bgcolor"},
    "th": {"width", "height", "colspan", "rowspan", "bgcolor"},
    "tr": {"bgcolor"},
    "ol": {"start", "type"},
}
_STYLES = {
    "color", "background-color", "font-size", "font-weight", "font-style", "font-family", "line-height",
    "text-align", "text-decoration", "text-indent", "vertical-align", "white-space",
    "padding", "padding-top", "padding-right", "padding-bottom", "padding-left", "border", "border-collapse",
    "border-top", "border-right", "border-bottom", "border-left", "width",
}  # fmt: skip
"""Nothing that fetches, positions or covers: no background image, no position, no z-index, no negative margin."""
_TAGS = {
    "a", "abbr", "address", "b", "bdi", "bdo", "blockquote", "br", "caption", "center", "cite", "code", "col", "colgroup",
    "dd", "del", "div", "dl", "dt", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "img", "ins", "li", "ol", "p",
    "pre", "q", "s", "small", "span", "strong", "sub", "sup", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "u", "ul",
}  # fmt: skip
_INLINE_DATA = ("data:image/png;", "data:image/jpeg;", "data:image/gif;", "data:image/webp;")
_BLOCKS = {"p", "div", "br", "tr", "table", "ul", "ol", "li", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "pre", "dl", "dt",
           "dd", "address", "center", "blockquote"}  # fmt: skip


def sanitise(source: str) -> str | None:
    """HTML that is safe inside a sandboxed frame, or None when it is too large or too nested to be parsed in time.

    Remote images become `data-remote-src`: the reader asks for them, and the sender learns nothing before.
    """
    if len(source) > MOST_CHARS:
        source = _LONG_DATA.sub("data:,", source)
    if len(source) > MOST_CHARS or source.count("<") > MOST_TAGS:
        return None
    clean = _cleaner.clean(_FORMATTING.sub(_plain_formatting, source)).replace(_REMOTE, ' data-remote-src="')
    return clean if len(clean.encode()) <= MOST_BYTES_OUT else None


def to_text(safe: str) -> str:
    """The text of sanitised HTML; quoted blocks get `> `, as in plain mail."""
    reader = _Reader()
    reader.feed(safe)
    reader.close()
    return reader.text()


def strip_tags(source: str) -> str:
    """Text of HTML that could not be parsed in time: tags dropped in one pass, nothing else."""
    return re.sub(r"<[^<>]*>", " ", source)


def _plain_formatting(found: re.Match[str]) -> str:
    """Formatting tags lose their attributes; the parser then never keeps more than three of a kind open."""
    name = found[2].lower()
    return f"<{found[1]}{name if name in _KEPT else 'span'}>"


def _attribute(tag: str, name: str, value: str) -> str | None:
    if name == "src":
        source = value.strip()
        low = source[:20].lower()
        if low.startswith(("cid:", *_INLINE_DATA)):
            return source
        return f"{_MARK}:{source}" if low.startswith(("http:", "https:", "//")) else None
    if name == "href":
        return value if value.strip().lower().startswith(("http:", "https:", "mailto:", "tel:")) else None
    return value


_cleaner = nh3.Cleaner(
    tags=_TAGS,
    clean_content_tags={"script", "style", "title", "noscript", "template", "svg", "math"},
    attributes=_ATTRIBUTES,
    attribute_filter=_attribute,
    filter_style_properties=_STYLES,
    url_schemes={"http", "https", "mailto", "tel", "cid", "data"},
    link_rel="noopener noreferrer nofollow",
)


class _Reader(HTMLParser):
    """Collects lines. It only ever sees the sanitiser's well-formed output, on which it is linear."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._lines: list[str] = []
        self._line: list[str] = []
        self._quotes = 0
        self._verbatim = 0

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _BLOCKS:
            self._break(keep_empty=tag == "br")
        if tag == "blockquote":
            self._quotes += 1
        elif tag == "pre":
            self._verbatim += 1
        elif tag == "li":
            self._line.append("- ")
        elif tag in {"td", "th"} and self._line:
            self._line.append(" ")
        elif tag == "img":
            self._line.append(dict(attrs).get("alt") or "")

    @override
    def handle_endtag(self, tag: str) -> None:
        if tag in _BLOCKS:
            self._break(keep_empty=False)
        if tag in {"p", "h1", "h2", "h3", "table"} and self._lines and self._lines[-1]:
            self._lines.append("")
        if tag == "blockquote":
            self._quotes -= 1
        elif tag == "pre":
            self._verbatim -= 1

    @override
    def handle_data(self, data: str) -> None:
        if not self._verbatim:
            self._line.append(data)
            return
        first, *rest = data.split("\n")
        self._line.append(first)
        for line in rest:
            self._break(keep_empty=True)
            self._line.append(line)

    def _break(self, *, keep_empty: bool) -> None:
        joined = "".join(self._line)
        text = joined.rstrip() if self._verbatim else " ".join(joined.split())
        self._line.clear()
        if text or keep_empty:
            self._lines.append("> " * self._quotes + text)

    def text(self) -> str:
        """What was read, with at most one empty line in a row."""
        self._break(keep_empty=False)
        out: list[str] = []
        for line in self._lines:
            if line.strip() or (out and out[-1].strip()):
                out.append(line)
        return "\n".join(out).strip("\n")
