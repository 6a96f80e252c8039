"""What the outcome of a try to send means. Pure."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from crm_core.ground.errors import MainstemError
from hub.channel import Receipt
from hub.errors import InDoubt, Permanent, Transient

FIRST_WAIT = timedelta(seconds=1)
LONGEST_WAIT = timedelta(minutes=15)
MOST_TRIES = 12
GIVE_UP_AFTER = timedelta(hours=24)

InDoubtPolicy = Literal["resend", "hold"]


@dataclass(frozen=True, slots=True)
class Sent:
    """The far side has it."""

    receipt: Receipt


@dataclass(frozen=True, slots=True)
class Again:
    """Try again at `at`. `doubt`: the far side may have it already, so ask first."""

    at: datetime
    reason: str
    doubt: bool


@dataclass(frozen=True, slots=True)
class Failed:
    """A person must look. `doubt`: the far side may have it already."""

    reason: str
    doubt: bool = False


@dataclass(frozen=True, slots=True)
class GoAhead:
    """Nothing speaks against sending now."""


Verdict = Sent | Again | Failed


@dataclass(frozen=True, slots=True, kw_only=True)
class Try:
    """One try: the how-manieth (1 = the first), since when the message is due, and what time it is."""

    number: int
    due_since: datetime
    at: datetime


def judge_sending(outcome: Receipt | BaseException, this: Try) -> Verdict:
    """What follows from what `channel.send` gave or raised."""
    match outcome:
        case Receipt(state="failed", note=note):
            return Failed(note or "the far side refused it")
        case Receipt():
            return Sent(outcome)
        case Permanent():
            return Failed(reason_of(outcome))
        case Transient():
            return _again(outcome, this, doubt=False)
        case BaseException():  # cut off, timed out, or a fault of ours: it may have gone out
            return _again(outcome, this, doubt=True)


def judge_asking(outcome: Receipt | BaseException | None, this: Try, policy: InDoubtPolicy) -> Verdict | GoAhead:
    """What follows from what `channel.find_sent` gave or raised about a message that may have gone out."""
    match outcome:
        case Receipt():
            return Sent(outcome)
        case None:
            return GoAhead()
        case InDoubt() if policy == "hold":
            return Failed("in doubt: the far side may have it and cannot be asked; check there, then send it again")
        case InDoubt():
            return GoAhead()
        case Permanent():
            return Failed(reason_of(outcome))
        case BaseException():
            return _again(outcome, this, doubt=True)


def reason_of(error: BaseException) -> str:
    """A sentence for the agent. What is not meant for people is named by its kind only."""
    if isinstance(error, MainstemError) and error.detail:
        return error.detail
    if isinstance(error, TimeoutError):
        return "the far side did not answer in time"
    if isinstance(error, OSError):
        return f"the far side could not be reached ({error.strerror or type(error).__name__})"
    return f"a fault in the channel ({type(error).__name__})"


def wait_before(number: int, chance: float) -> timedelta:
    """The wait after the `number`-th try: 1 s doubling to 15 minutes, of which up to half is left to chance (0 to 1)."""
    full = min(LONGEST_WAIT, FIRST_WAIT * 2.0 ** min(number - 1, 20))
    return full / 2 + full / 2 * chance


def _again(error: BaseException, this: Try, *, doubt: bool) -> Verdict:
    reason = reason_of(error)
    if this.number >= MOST_TRIES or this.at - this.due_since >= GIVE_UP_AFTER:
        return Failed(f"given up after {this.number} tries: {reason}", doubt)
    at = this.at + wait_before(this.number, random.random())  # noqa: S311 - spreads load, keeps no secret
    return Again(at, reason, doubt)
