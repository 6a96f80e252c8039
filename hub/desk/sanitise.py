"""The HTML that colleagues write: one policy, applied before anything is stored."""

from __future__ import annotations

import re

import nh3

_TAGS = {
    "a", "b", "blockquote", "br", "code", "dd", "del", "div", "dl", "dt", "em", "h1", "h2", "h3", "h4", "hr", "i", "img",
    "li", "ol", "p", "pre", "s", "span", "strong", "sub", "sup", "table", "tbody", "td", "th", "thead", "tr", "u", "ul",
}  # fmt: skip
_ATTRIBUTES = {
    "a": {"href", "title"},
    "img": {"src", "alt", "width", "height"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan"},
    "ol": {"start"},
}
_PICTURE = re.compile(r"cid:[\w.@+-]{1,200}|https://[^\s\"'<>]{1,2000}")


def _kept(tag: str, name: str, value: str) -> str | None:
    if tag == "img" and name == "src":
        return value if _PICTURE.fullmatch(value) else None
    return value


_CLEANER = nh3.Cleaner(
    tags=_TAGS,
    clean_content_tags={"script", "style", "title", "noscript", "template", "svg", "math"},
    attributes=_ATTRIBUTES,
    attribute_filter=_kept,
    url_schemes={"http", "https", "mailto", "tel", "cid"},
    link_rel="noopener noreferrer nofollow",
    strip_comments=True,
)


_MOST_PASSES = 5
"""What was nested wrongly reads otherwise once a tag between is gone: cleaned until another reader would change nothing."""


def clean_html(html: str) -> str:
    """The HTML with what could act taken out: no script, style, form, frame, handler or data address survives."""
    clean = html.replace("\x00", "")
    for _ in range(_MOST_PASSES):
        before, clean = clean, _CLEANER.clean(clean)
        if clean == before:
            break
    return clean


def html_text(html: str) -> str:
    """The HTML as plain text, for the reader who gets no HTML: line breaks where blocks end."""
    broken = re.sub(r"(?i)<br\s*/?>|</(?:p|div|li|tr|h[1-4]|blockquote|pre)>", "\n", clean_html(html))
    return re.sub(r"\n{3,}", "\n\n", _unescape(nh3.clean(broken, tags=set()))).strip()


def _unescape(text: str) -> str:
    for entity, sign in (("&lt;", "<"), ("&gt;", ">"), ("&nbsp;", " "), ("&quot;", '"'), ("&amp;", "&")):
        text = text.replace(entity, sign)
    return text
