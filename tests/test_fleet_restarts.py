from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.fleet.restarts import JITTER, MOST_BACKOFF_S, STEADY_S, CrashLimits, Restarts

MANY = CrashLimits(most=1000)


def pause(restarts: Restarts, now_s: float = 0.0, ran_s: float = 0.0) -> float:
    found = restarts.crashed(now_s, ran_s)
    assert found is not None
    return found


def test_the_pause_doubles_with_each_crash_up_to_a_limit() -> None:
    restarts, expected = Restarts(MANY), 1.0
    for _ in range(8):
        assert pause(restarts) == pytest.approx(expected, rel=JITTER)
        expected = min(2 * expected, MOST_BACKOFF_S)


def test_after_steady_work_the_pause_is_that_of_a_first_crash() -> None:
    restarts = Restarts(MANY)
    for _ in range(5):
        pause(restarts)
    assert pause(restarts, ran_s=STEADY_S) == pytest.approx(1.0, rel=JITTER)


def test_so_many_crashes_within_the_window_are_the_last() -> None:
    restarts = Restarts(CrashLimits(most=3, window_s=100))
    assert restarts.crashed(0, 0) is not None
    assert restarts.crashed(50, 0) is not None
    assert restarts.crashed(101, 0) is not None
    assert restarts.crashed(102, 0) is None


def test_without_a_pause_it_is_started_again_at_once() -> None:
    restarts = Restarts(CrashLimits(most=3, backoff_s=0))
    assert [pause(restarts), pause(restarts)] == [0, 0]


@given(st.integers(), st.integers(1, 20))
def test_no_pause_is_longer_than_the_limit_with_its_jitter(seed: int, crashes: int) -> None:
    restarts = Restarts(MANY, Random(seed))  # noqa: S311 - no secret
    pauses = [pause(restarts) for _ in range(crashes)]
    assert all(0 < one <= MOST_BACKOFF_S * (1 + JITTER) for one in pauses)
