"""Erlang C against values known from the literature."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.desk.floor.erlang import agents_needed, waiting_probability


@pytest.mark.parametrize(
    ("load", "agents", "expected"),
    [
        (1.0, 2, 1 / 3),  # M/M/2 in closed form
        (0.5, 1, 0.5),  # M/M/1: the probability of waiting is the load
        (2.0, 3, 4 / 9),  # M/M/3 in closed form
        (10.0, 14, 0.1741),  # 200 calls of 3 minutes in an hour, the textbook example
    ],
)
def test_the_probability_of_waiting(load: float, agents: int, expected: float) -> None:
    assert waiting_probability(load, agents) == pytest.approx(expected, abs=0.0005)


@pytest.mark.parametrize(("load", "agents"), [(3, 5), (20, 22), (45, 50), (120, 131)])
def test_the_recursion_gives_what_the_definition_says(load: int, agents: int) -> None:
    """Erlang's own sum, in whole numbers."""
    queued = Fraction(load**agents, math.factorial(agents)) * Fraction(agents, agents - load)
    idle = sum((Fraction(load**n, math.factorial(n)) for n in range(agents)), Fraction(0))
    assert waiting_probability(load, agents) == pytest.approx(float(queued / (idle + queued)), rel=1e-9)


def test_the_textbook_example() -> None:
    """100 calls in half an hour of 3 minutes each, 80% within 20 s: 14 agents, 88.8%, 71.4% busy, 7.8 s to answer."""
    need = agents_needed(100, 180, interval_s=1800, answer_s=20, level=0.8)
    assert need.agents == 14
    assert need.service_level == pytest.approx(0.888, abs=0.001)
    assert need.occupancy == pytest.approx(0.714, abs=0.001)
    assert need.average_wait_s == pytest.approx(7.8, abs=0.1)


def test_nobody_calls_nobody_is_needed() -> None:
    assert agents_needed(0, 180, interval_s=3600, answer_s=20, level=0.8).agents == 0


@given(st.floats(0.1, 400), st.floats(10, 900), st.floats(0.5, 0.99))
def test_they_carry_the_load_and_one_fewer_would_not_do(calls: float, aht: float, level: float) -> None:
    """The fewest, and more calls never need fewer."""
    need = agents_needed(calls, aht, interval_s=3600, answer_s=20, level=level)
    assert need.agents > calls * aht / 3600
    assert need.service_level >= round(level, 4) - 0.0001
    assert 0 < need.occupancy < 1
    assert agents_needed(calls * 1.5, aht, interval_s=3600, answer_s=20, level=level).agents >= need.agents
    lower = agents_needed(calls, aht, interval_s=3600, answer_s=20, level=level * 0.8)
    assert lower.agents <= need.agents


def test_a_known_load_has_its_probability_for_each_number_of_agents() -> None:
    """Falls with every agent more; certain where they cannot carry it."""
    chances = [waiting_probability(8.0, agents) for agents in range(1, 20)]
    assert chances[:8] == [1.0] * 8
    assert chances[8:] == sorted(chances[8:], reverse=True)
