"""What an outcome means, how long to wait, and the limit of a minute: rules on plain values."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from crm_core.ground.errors import NotFound, Unavailable
from hub.channel import Receipt
from hub.errors import InDoubt, Permanent, Transient
from hub.outbox.limits import WINDOW_S, Window
from hub.outbox.rules import (
    GIVE_UP_AFTER,
    LONGEST_WAIT,
    MOST_TRIES,
    Again,
    Failed,
    GoAhead,
    Sent,
    Try,
    judge_asking,
    judge_sending,
    wait_before,
)

T0 = datetime(2026, 1, 1, tzinfo=UTC)
FAULTS = st.sampled_from(
    [Transient("busy"), InDoubt("?"), TimeoutError(), OSError(111, "refused"), EOFError(), KeyError("x"), Unavailable()]
)
TRIES = st.builds(
    Try,
    number=st.integers(1, MOST_TRIES - 1),
    due_since=st.just(T0),
    at=st.timedeltas(timedelta(0), GIVE_UP_AFTER - timedelta(seconds=1)).map(lambda age: T0 + age),
)


@given(fault=FAULTS, this=TRIES)
def test_only_a_plain_refusal_for_now_leaves_no_doubt(fault: Exception, this: Try) -> None:
    verdict = judge_sending(fault, this)
    assert isinstance(verdict, Again)
    assert verdict.doubt == (not isinstance(fault, Transient))
    assert timedelta(0) < verdict.at - this.at <= LONGEST_WAIT


@given(fault=FAULTS, number=st.integers(1, 100), age=st.timedeltas(timedelta(0), timedelta(days=3)))
def test_no_message_is_tried_for_ever(fault: Exception, number: int, age: timedelta) -> None:
    verdict = judge_sending(fault, Try(number=number, due_since=T0, at=T0 + age))
    assert isinstance(verdict, Failed) == (number >= MOST_TRIES or age >= GIVE_UP_AFTER)


@given(this=TRIES)
def test_a_refusal_for_good_fails_with_the_far_sides_words(this: Try) -> None:
    assert judge_sending(Permanent("no such user"), this) == Failed("no such user")
    assert judge_sending(Receipt(state="failed", note="blocked"), this) == Failed("blocked")
    assert judge_sending(Receipt(far_id="7"), this) == Sent(Receipt(far_id="7"))


@given(this=TRIES)
def test_in_doubt_the_far_side_decides_and_else_the_account(this: Try) -> None:
    assert judge_asking(Receipt(), this, "hold") == Sent(Receipt())
    assert judge_asking(None, this, "hold") == GoAhead()
    assert judge_asking(InDoubt("?"), this, "resend") == GoAhead()
    assert isinstance(judge_asking(InDoubt("?"), this, "hold"), Failed)
    away = judge_asking(Transient("away"), this, "resend")
    assert isinstance(away, Again)
    assert away.doubt, "the question is still open"


def test_a_fault_of_ours_tells_nothing_of_the_inside() -> None:
    verdict = judge_sending(ValueError("password=hush"), Try(number=1, due_since=T0, at=T0))
    assert isinstance(verdict, Again)
    assert verdict.reason == "a fault in the channel (ValueError)"
    known = judge_sending(NotFound("the file is gone"), Try(number=1, due_since=T0, at=T0))
    assert isinstance(known, Again)
    assert known.reason == "the file is gone"


@given(number=st.integers(1, 1000), chance=st.floats(0, 1))
def test_waits_double_up_to_a_quarter_of_an_hour(number: int, chance: float) -> None:
    wait = wait_before(number, chance)
    full = min(LONGEST_WAIT, timedelta(seconds=2.0 ** min(number - 1, 20)))
    assert full / 2 <= wait <= full


@given(
    limit=st.integers(1, 20),
    past=st.lists(st.floats(-200, 0), max_size=30),
    gaps=st.lists(st.floats(0, 30), min_size=1, max_size=120),
)
def test_no_minute_sees_more_than_the_limit(limit: int, past: list[float], gaps: list[float]) -> None:
    window, at, gone = Window(limit, past), 0.0, []
    for gap in gaps:
        at += gap
        at += window.wait_s(at) + 1e-6
        assert window.wait_s(at) == 0
        window.note(at)
        gone.append(at)
    for end in gone:
        in_window = [t for t in [*past, *gone] if end - WINDOW_S < t <= end]
        assert len(in_window) <= limit, "what went before counts too"


def test_without_a_limit_nothing_waits() -> None:
    window = Window(None)
    for _ in range(1000):
        assert window.wait_s(1.0) == 0
        window.note(1.0)
