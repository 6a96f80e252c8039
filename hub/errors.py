"""Errors of the hub's own making, beside the domain's in `crm_core.ground.errors`."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from crm_core.ground.errors import MainstemError


class ChannelError(MainstemError):
    """Something went wrong at the far side of a channel."""

    code, status, title = "channel-error", 502, "Channel error"


class Transient(ChannelError):
    """Try again: the outbox or the supervisor does, with back-off."""

    code, title = "channel-transient", "Temporary channel error"


class Late(Transient):
    """The moment is over in which it was to be done. Nothing was asked of the far side."""


class Permanent(ChannelError):
    """Trying again will not help; a person must look. The detail is shown to the agent."""

    code, title = "channel-permanent", "Permanent channel error"


class InDoubt(ChannelError):
    """The far side may or may not have it (a crash between *sent* and *recorded*), and it cannot be asked."""

    code, title = "channel-in-doubt", "Delivery in doubt"


class Poisoned(MainstemError):
    """An envelope that cannot be stored. It goes to quarantine and is never lost."""

    code, status, title = "poisoned", 422, "Poisoned envelope"


class SetupError(MainstemError):
    """The product cannot start as it is configured; the detail says what to mend."""

    code, status, title = "setup", 500, "Set-up problem"


@contextmanager
def listening(host: str, port: int, mend: str) -> Iterator[None]:
    """Around what begins to listen at start.

    Raises:
        SetupError: the place is taken or may not be used; `mend` says what to do.
    """
    try:
        yield
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)
        raise SetupError(f"cannot listen on {host}:{port}: {reason}. {mend}") from error
