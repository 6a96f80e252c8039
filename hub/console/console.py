"""One console, as this hub knows it."""

from __future__ import annotations

from datetime import datetime

from hub.console.line import Frame, Line
from hub.identity.caller import Caller


class Console:
    """One connected console. `held` collects what arrives while it catches up; None once it is live."""

    __slots__ = (
        "asks_at",
        "asks_left",
        "caller",
        "expires_at",
        "gone",
        "held",
        "line",
        "overrun",
        "sid",
        "visible",
        "watched",
    )

    def __init__(self, sid: str, caller: Caller, line: Line, expires_at: datetime | None) -> None:
        self.sid = sid
        self.caller = caller
        self.line = line
        self.expires_at = expires_at
        self.held: list[Frame] | None = []
        self.overrun = False
        self.gone = False
        self.asks_left = 0.0
        self.asks_at = 0.0
        self.visible = False
        self.watched: set[str] | None = None
