"""The logger that the socket libraries get."""

from __future__ import annotations

import logging
import sys

log = logging.getLogger(__name__)


class LibraryLog:
    """The library's logger: what it calls an error is a client's bad packet, worth a warning; its chatter costs time."""

    level = logging.WARNING

    def info(self, *_: object) -> None:
        """Chatter."""

    def warning(self, text: str, *args: object) -> None:
        """Something odd that the library dealt with."""
        log.info("socket: oddity", extra={"what": text % args if args else text})

    def error(self, text: str, *args: object) -> None:
        """A refused request."""
        log.warning("socket: refused", extra={"what": text % args if args else text})

    def exception(self, text: str, *args: object) -> None:
        """A packet that could not be handled."""
        log.warning("socket: bad packet", exc_info=sys.exception(), extra={"what": text % args if args else text})
