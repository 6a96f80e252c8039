"""The page of a mail: what may be shown, quotes folded, pictures only when asked for."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from hub.desk.mail_page import Look, fold_quotes, mail_page, remote_pictures

_PIECES = st.sampled_from(
    [
        "<blockquote>", "</blockquote>", "text", "<b>", "</b>", "</a>", "&lt;", "<script>alert(1)</script>",
        '<a href="javascript:x">', '<img src="cid:one">', '<img src="//t.example/p" onerror="x()">',
        '<p style="background:url(//t.example)">', '<img src=" jAvascript:x">', "<iframe src=x>",
        "<details open ontoggle=x>", '<img src="/api/users">', "<base href=x>",
    ]
)  # fmt: skip


def page(html: str, *, pictures: bool = False, language: str = "en") -> str:
    """The body of a page."""
    whole = mail_page(
        html,
        Look(language, pictures),
        title="",
        inline={"one": "/api/files/f1"},
        fetched=lambda address: f"/p?u={address}",
    )
    return whole.split("<body>")[1].removesuffix("</body></html>")


def test_pictures_that_came_with_the_mail_are_shown() -> None:
    assert page('<img src="cid:one" alt="a">') == '<img src="/api/files/f1" alt="a">'
    assert page('<img src="cid:other">') == "<img>"


def test_remote_pictures_wait_until_they_are_asked_for() -> None:
    """Set aside by the channel, or written by a colleague: neither has an address that a browser would load."""
    html = '<img data-remote-src="https://t.example/a?x=1&amp;y=2"><img src="https://t.example/b">'
    hidden = page(html)
    assert not re.search(r'\ssrc="', hidden)
    assert hidden.count("data-remote-src") == 2
    shown = page(html, pictures=True)
    assert shown == '<img src="/p?u=https://t.example/a?x=1&amp;y=2"><img src="/p?u=https://t.example/b">'
    assert remote_pictures(html) == {"https://t.example/a?x=1&y=2", "https://t.example/b"}


def test_a_mail_cannot_name_addresses_of_the_hub() -> None:
    html = '<img src="/api/users"><img data-remote-src="/api/users"><img src="ftp://x"><img src="data:image/svg+xml;base64,x">'
    assert page(html, pictures=True) == "<img><img><img><img>"
    assert remote_pictures(html) == set()


def test_quotes_are_folded_each_outermost_one() -> None:
    folded = page("<p>Yes.</p><blockquote>a<blockquote>b</blockquote></blockquote><p>And</p><blockquote>c</blockquote>")
    assert folded.count("<details>") == folded.count("</details>") == 2
    assert "<summary>Quoted text</summary><blockquote>a<blockquote>b" in folded
    assert "引用的文字" in page("x<blockquote>y</blockquote>", language="zh-CN")


def test_a_mail_of_nothing_but_quotes_stays_open() -> None:
    assert "<details>" not in page("<div>&nbsp;</div><blockquote>all there is</blockquote>")


def test_a_title_cannot_leave_its_element() -> None:
    whole = mail_page("x", Look(), title="</title><script>x</script>", inline={}, fetched=str)
    assert "<script>" not in whole


@given(st.lists(_PIECES, max_size=30).map("".join))
def test_whatever_the_mail_holds_nothing_acts_and_no_text_is_lost(html: str) -> None:
    shown = page(html)
    tags = "".join(re.findall("<[^>]*>", shown))
    assert not re.search(r"<(script|iframe|base|form|object)|\son\w+=|javascript:|url\(", tags, re.IGNORECASE)
    assert not re.search(r'\ssrc="(?!/api/files/f1|data:)', tags)
    assert shown.count("<details>") == shown.count("</details>")
    unfolded = re.sub(r"<details><summary>Quoted text</summary>|</details>", "", shown)
    assert fold_quotes(unfolded, "Quoted text") == shown
