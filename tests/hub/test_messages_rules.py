"""The pure rules beside messages: what HTML survives, who is mentioned, who is written to."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_core.ground.errors import Invalid
from hub.desk.mentions import mentioned_logins
from hub.desk.receivers import read_receivers
from hub.desk.sanitise import clean_html, html_text

ATTACKS = (
    "<script>alert(1)</script>", "<SCRIPT SRC=//x.example/x.js></SCRIPT>", "<img src=x onerror=alert(1)>",
    "<img src='javascript:alert(1)'>", "<img src=\"data:text/html,<script>alert(1)</script>\">",
    "<a href='javascript:alert(1)'>x</a>", "<a href='JaVaScRiPt:alert(1)'>x</a>", "<a href='java\tscript:alert(1)'>x</a>",
    "<a href='&#106;avascript:alert(1)'>x</a>", "<a href='data:text/html;base64,PHNjcmlwdD4='>x</a>",
    "<a href='vbscript:x'>x</a>", "<svg onload=alert(1)>", "<svg><script>alert(1)</script></svg>",
    "<math><mtext><style><img src=x onerror=alert(1)></style></mtext></math>", "<iframe src='//x.example'></iframe>",
    "<object data='//x.example'></object>", "<embed src='//x.example'>", "<form action='//x.example'><input></form>",
    "<meta http-equiv=refresh content='0;url=//x.example'>", "<base href='//x.example'>", "<link rel=stylesheet href=//x>",
    "<style>*{background:url(//x.example)}</style>", "<p style='background:url(javascript:alert(1))'>x</p>",
    "<div onmouseover=alert(1)>x</div>", "<body onload=alert(1)>", "<video src=x onerror=alert(1)></video>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'></noscript>", "<!--><img src=x onerror=alert(1)>-->",
    "<template><script>alert(1)</script></template>", "<details open ontoggle=alert(1)>", "<textarea autofocus onfocus=x>",
    "<img src='http://tracker.example/x.gif'>", "<p\x00 onclick=alert(1)>x", "<<script>alert(1)//<</script>",
    "<img/src=x/onerror=alert(1)>", "<a href=//x.example target=_blank onclick=x>x</a>", "<marquee onstart=alert(1)>",
)  # fmt: skip
_FORBIDDEN = frozenset(
    [
        "script",
        "style",
        "iframe",
        "object",
        "embed",
        "form",
        "input",
        "svg",
        "math",
        "meta",
        "base",
        "link",
        "video",
        "template",
        "body",
        "noscript",
        "details",
    ]
)
_BAD_ADDRESS = re.compile(r"javascript:|vbscript:|data:|http://tracker", re.IGNORECASE)


class _Dangers(HTMLParser):
    """Reads HTML as tags and attributes: what merely stands in a quoted value is text, and no danger."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what could run, load or hide something."""
        if tag in _FORBIDDEN:
            self.found.append(tag)
        for name, value in attrs:
            if name.startswith("on") or name == "style":
                self.found.append(f"{tag} {name}")
            if name in ("href", "src") and _BAD_ADDRESS.search(re.sub(r"[\x00-\x20]", "", value or "")):
                self.found.append(f"{tag} {name}={value}")


def dangers(html: str) -> list[str]:
    """What a browser would act on."""
    return _Dangers(html).found


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_attack_is_recognised_before_it_is_cleaned(attack: str) -> None:
    """Else the tests below could not fail; what a comment or a broken tag hides, this reader does not see."""
    assert dangers(attack) or attack.startswith(("<!--", "<p\x00", "<img/src"))


@pytest.mark.parametrize("attack", ATTACKS)
def test_no_attack_survives(attack: str) -> None:
    assert dangers(clean_html(attack)) == []


@given(st.lists(st.sampled_from([*ATTACKS, "<p>", "</p>", "text", "<", '"', "<b", "&lt;script&gt;"]), max_size=8))
def test_no_mixture_of_attacks_survives(pieces: list[str]) -> None:
    clean = clean_html("".join(pieces))
    assert dangers(clean) == []
    assert clean_html(clean) == clean


def test_what_people_write_stays() -> None:
    kept = '<p>Dear <b>Ada</b>,<br>see <a href="https://x.example" rel="noopener noreferrer nofollow">this</a></p>'
    assert clean_html(kept) == kept
    assert clean_html('<img src="cid:logo@x" alt="Logo">') == '<img src="cid:logo@x" alt="Logo">'


def test_text_of_html_has_lines_and_no_tags() -> None:
    assert html_text("<ul><li>one</li><li>two &amp; three</li></ul><script>x</script>") == "one\ntwo & three"


def test_a_mail_address_mentions_nobody() -> None:
    assert mentioned_logins("@Ann and @bob.b. mail carol@example.com, @ann") == ["ann", "bob.b"]


def test_receivers_are_read_in_the_channels_own_form() -> None:
    assert [a.key for a in read_receivers(["Ada <ADA@x.Example>", "ada@x.example"], "email", "CN")] == [
        "mail:ada@x.example"
    ]
    assert [a.key for a in read_receivers(["138 1234 5678"], "sms", "CN")] == ["phone:+8613812345678"]
    with pytest.raises(Invalid) as error:
        read_receivers(["ada@x.example", "nonsense"], "email", "CN")
    assert error.value.fields[0].path == "to.1"


@given(st.text(max_size=60), st.sampled_from(["email", "sms", "im"]))
def test_whatever_is_typed_gives_a_clean_address_or_is_refused(text: str, channel: str) -> None:
    try:
        found = read_receivers([text], channel, "CN")
    except Invalid:
        return
    assert all("\n" not in a.key and "\r" not in a.key and "\x00" not in a.key for a in found)
