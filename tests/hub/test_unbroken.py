"""A short piece of work that is done to its end although whoever wanted it has been cancelled."""

from __future__ import annotations

import asyncio

import pytest

from hub.supervise import unbroken


async def test_what_it_returns_and_raises_is_what_the_work_does() -> None:
    async def fails() -> None:
        raise ValueError("no")

    assert await unbroken(asyncio.sleep(0, result=7)) == 7
    with pytest.raises(ValueError, match="no"):
        await unbroken(fails())


@pytest.mark.parametrize("fails", [False, True])
async def test_a_cancellation_waits_for_the_end_of_the_work(fails: bool) -> None:
    """Also of one that fails: nobody hears of it, and nothing is logged."""
    began, go, done = asyncio.Event(), asyncio.Event(), False

    async def work() -> None:
        nonlocal done
        began.set()
        await go.wait()
        done = True
        if fails:
            raise ValueError("too late")

    task = asyncio.ensure_future(unbroken(work(), at_most_s=30))
    await began.wait()
    task.cancel()
    await asyncio.sleep(0.05)
    assert not task.done()
    go.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert done


async def test_work_that_does_not_end_holds_up_nobody_for_long() -> None:
    began, ended = asyncio.Event(), False

    async def work() -> None:
        nonlocal ended
        began.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended = True

    task = asyncio.ensure_future(unbroken(work(), at_most_s=0.05))
    await began.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ended
