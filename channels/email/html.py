"""HTML from strangers: made safe to show, remote images put aside, old parts marked.

The HTML 5 parser below `nh3` takes quadratic time for deep nesting, and quadratic memory for many different open
formatting tags (`<font color=1><p><font color=2><p>...`). Both are bounded before it sees the text, together with
its size: half a million characters of the worst kind (attributes of one tag) take two seconds, twice as many eight.
"""

from __future__ import annotations

import re
import secrets

import nh3

from channels.email.quotes import MARKUP
from channels.email.quotes.markup import WATCHED
from hub.model import html_policy as policy

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
_MARKED = re.compile(rf' (?:{"|".join(WATCHED)})="{_MARK}:')


def sanitise(source: str) -> str | None:
    """HTML that is safe inside a sandboxed frame, or None when it is too large or too nested to be parsed in time.

    Remote images become `data-remote-src`: the reader asks for them, and the sender learns nothing before. What a mail
    client has marked as old gets `data-quote` with its role (`quotes/clients/`).
    """
    if len(source) > MOST_CHARS:
        source = _LONG_DATA.sub("data:,", source)
    if len(source) > MOST_CHARS or source.count("<") > MOST_TAGS:
        return None
    source = _FORMATTING.sub(_plain_formatting, source)
    if MARKUP.marks(source):
        clean = _MARKED.sub(' data-quote="', _marking_cleaner.clean(source))
    else:
        clean = _cleaner.clean(source)
    clean = clean.replace(_REMOTE, ' data-remote-src="')
    return clean if len(clean.encode()) <= MOST_BYTES_OUT else None


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
        if low.startswith(("cid:", *policy.INLINE_DATA)):
            return source
        return f"{_MARK}:{source}" if low.startswith(("http:", "https:", "//")) else None
    if name == "href":
        return policy.link(value)
    return value


def _attribute_or_mark(tag: str, name: str, value: str) -> str | None:
    if name in WATCHED:
        role = MARKUP.role_of(name, value)
        if role:
            return f"{_MARK}:{role}"
        return value if name == "title" else None
    return _attribute(tag, name, value)


def _make(*, marking: bool) -> nh3.Cleaner:
    attributes = policy.attributes()
    if marking:
        attributes["*"] |= set(WATCHED)
    return nh3.Cleaner(
        tags=set(policy.TAGS),
        clean_content_tags=set(policy.GONE_WITH_CONTENT),
        attributes=attributes,
        attribute_filter=_attribute_or_mark if marking else _attribute,
        filter_style_properties=set(policy.STYLES),
        url_schemes=set(policy.URL_SCHEMES),
        link_rel=policy.LINK_REL,
    )


_cleaner = _make(marking=False)
_marking_cleaner = _make(marking=True)
