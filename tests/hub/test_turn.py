"""Who has the turn, among those of one process."""

from __future__ import annotations

import asyncio

from hypothesis import given, settings
from hypothesis import strategies as st

from hub.store.turn import Turn

_STEPS = 50


async def _settle() -> None:
    for _ in range(_STEPS):
        await asyncio.sleep(0)


async def test_the_urgent_go_before_those_who_came_earlier() -> None:
    """But not before whoever has it; among their like they keep the order in which they came."""
    turn, order, gate = Turn(), list[str](), asyncio.Event()

    async def one(name: str, *, urgent: bool) -> None:
        async with turn.held(urgent=urgent):
            order.append(name)
            await gate.wait()

    names = [("first", False), ("slow one", False), ("ring", True), ("slow two", False), ("ring again", True)]
    async with asyncio.TaskGroup() as group:
        for name, urgent in names:
            group.create_task(one(name, urgent=urgent))
            await _settle()
        assert order == ["first"]
        assert not turn.free
        gate.set()
    assert turn.free
    assert order == ["first", "ring", "ring again", "slow one", "slow two"]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.booleans(), st.integers(0, 6)), min_size=1, max_size=12))
def test_one_has_it_at_a_time_and_whoever_gives_up_leaves_it_to_others(
    people: list[tuple[bool, bool, int]],
) -> None:
    """`people`: urgent, gives up, after so many steps of the loop."""

    async def run() -> None:
        turn, inside, had = Turn(), 0, list[int]()

        async def one(number: int, *, urgent: bool) -> None:
            nonlocal inside
            async with turn.held(urgent=urgent):
                inside += 1
                assert inside == 1
                try:
                    await asyncio.sleep(0)
                    await asyncio.sleep(0)
                finally:
                    inside -= 1
                had.append(number)

        tasks: list[asyncio.Task[None]] = []
        for number, (urgent, gives_up, after) in enumerate(people):
            tasks.append(asyncio.create_task(one(number, urgent=urgent)))
            for _ in range(after):
                await asyncio.sleep(0)
            if gives_up:
                tasks[-1].cancel()
        done = await asyncio.gather(*tasks, return_exceptions=True)
        assert [type(each) for each in done if each is not None and not isinstance(each, asyncio.CancelledError)] == []
        stayed = {number for number, (_, gives_up, _) in enumerate(people) if not gives_up}
        assert stayed <= set(had)
        async with asyncio.timeout(5), turn.held():  # it is free again
            pass

    asyncio.run(run())
