"""What of a stranger's HTML may be stored and shown: one list, used when a message comes in and again when it is shown."""

from __future__ import annotations

TAGS = frozenset({
    "a", "abbr", "address", "b", "bdi", "bdo", "blockquote", "br", "caption", "center", "cite", "code", "col", "colgroup",
    "dd", "del", "div", "dl", "dt", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "img", "ins", "li", "ol", "p",
    "pre", "q", "s", "small", "span", "strong", "sub", "sup", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "u", "ul",
})  # fmt: skip
GONE_WITH_CONTENT = frozenset({"script", "style", "title", "noscript", "template", "svg", "math"})
STYLES = frozenset({
    "color", "background-color", "font-size", "font-weight", "font-style", "font-family", "line-height",
    "text-align", "text-decoration", "text-indent", "vertical-align", "white-space",
    "padding", "padding-top", "padding-right", "padding-bottom", "padding-left", "border", "border-collapse",
    "border-top", "border-right", "border-bottom", "border-left", "width",
})  # fmt: skip
"""Nothing that fetches, positions or covers: no background image, no position, no z-index, no negative margin."""
URL_SCHEMES = frozenset({"http", "https", "mailto", "tel", "cid", "data"})
INLINE_DATA = ("data:image/png;", "data:image/jpeg;", "data:image/gif;", "data:image/webp;")
"""How the address of a picture begins that is written into the text."""
LINK_REL = "noopener noreferrer nofollow"


def attributes() -> dict[str, set[str]]:
    """The attributes by tag; a fresh copy, to which a reader may add its own marks."""
    return {
        "*": {"style", "dir", "lang", "align", "valign", "title"},
        "a": {"href"},
        "img": {"src", "alt", "width", "height"},
        "table": {"width", "border", "cellpadding", "cellspacing", "bgcolor"},
        "td": {"width", "height", "colspan", "rowspan", "bgcolor"},
        "th": {"width", "height", "colspan", "rowspan", "bgcolor"},
        "tr": {"bgcolor"},
        "ol": {"start", "type"},
    }


def link(value: str) -> str | None:
    """An address that a link may lead to; None for all others."""
    return value if value.strip().lower().startswith(("http:", "https:", "mailto:", "tel:")) else None
