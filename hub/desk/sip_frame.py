"""What a browser may say in SIP: it speaks for its own extension, and takes part in calls. Pure.

Asterisk asks for the password in any case; this is the second lock, and it keeps out what a phone here never needs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

MOST_BYTES = 64 * 1024
_BEGINS = frozenset({"REGISTER", "INVITE", "OPTIONS"})
_INSIDE = frozenset({"INVITE", "ACK", "CANCEL", "BYE", "INFO", "UPDATE", "PRACK", "REFER", "NOTIFY", "OPTIONS"})
_UNTAGGED = frozenset({"CANCEL", "ACK"})
"""They follow an INVITE that was let through, and carry its headers."""
_SHORT = {"f": "from", "t": "to"}
_CLAIMS = frozenset({"p-asserted-identity", "p-preferred-identity", "remote-party-id", "diversion"})
_QUOTED = re.compile(r'"(?:\\.|[^"\\])*"')
_USER = re.compile(r"sips?:([^@;>\s]+)@", re.IGNORECASE)
_TAGGED = re.compile(r";\s*tag\s*=\s*[^;\s]", re.IGNORECASE)


def refusal(frame: str, extension: str) -> str | None:
    """Why the phone of this extension may not say this; None when it may."""
    head = frame.replace("\r\n", "\n").partition("\n\n")[0]
    first, _, rest = head.partition("\n")
    if first.startswith("SIP/2.0 ") or not head.strip():
        return None  # an answer; or the empty line that keeps the connection open
    method = first.partition(" ")[0]
    headers = list(_headers(rest))
    if any(name in _CLAIMS for name, _ in headers):
        return "a browser does not say who it is but by its extension"
    senders, targets = ([value for name, value in headers if name == wanted] for wanted in ("from", "to"))
    if not first.endswith(" SIP/2.0") or len(senders) != 1 or len(targets) != 1:
        return "that is no SIP request"
    if _TAGGED.search(_plain(targets[0])) and method != "REGISTER":
        return None if method in _INSIDE else f"{method} is nothing a phone here says"
    if method not in _BEGINS | _UNTAGGED:
        return f"{method} is nothing a phone here begins with"
    speaks_for = [senders[0], *(targets if method == "REGISTER" else ())]
    if method not in _UNTAGGED and any(_users(each) != [extension] for each in speaks_for):
        return f"this phone is {extension} and nobody else"
    return None


def _headers(text: str) -> Iterator[tuple[str, str]]:
    """Names in lower case and in full; folded lines put together."""
    for line in re.sub(r"\n[ \t]+", " ", text).split("\n"):
        name, colon, value = line.partition(":")
        if colon:
            name = name.strip().lower()
            yield _SHORT.get(name, name), value.strip()


def _plain(value: str) -> str:
    """Without what stands in quotes, which is for people to read."""
    return _QUOTED.sub("", value)


def _users(value: str) -> list[str]:
    return _USER.findall(_plain(value))
