from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.errors import SeedError
from crawler.freshness.policy import AUTO, NEVER, Bounds, History, expected_s, interval_s, parse_every

HOUR_S, DAY_S = 3600.0, 86_400.0
BOUNDS = Bounds()
HISTORIES = st.builds(History, changes=st.floats(0, 5), watched_s=st.floats(0, 1e9), guess=st.floats(0, 1))
AGES = st.none() | st.floats(0, 1e9)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90s", 90), ("30m", 1800), ("6h", 21_600), ("1.5h", 5400), ("7d", 604_800), ("2W", 1_209_600)],
)
def test_a_time_between_visits_is_a_number_and_a_unit(text: str, seconds: float) -> None:
    assert parse_every(text) == seconds


def test_it_can_be_learnt_or_given_up() -> None:
    assert (parse_every("auto"), parse_every(" never "), parse_every("")) == (AUTO, NEVER, None)


@pytest.mark.parametrize("text", ["6", "h", "-1h", "0h", "0.5s", "6 hours", "1y", "99999999w", "always"])
def test_what_is_no_time_is_refused_with_what_to_pass(text: str) -> None:
    with pytest.raises(SeedError, match="pass one like every=30m"):
        parse_every(text)


@pytest.mark.parametrize(
    ("age_s", "expected"), [(0, HOUR_S), (DAY_S, HOUR_S), (24 * DAY_S, DAY_S), (3 * 365 * DAY_S, 30 * DAY_S)]
)
def test_a_new_video_is_visited_hourly_and_an_old_one_monthly(age_s: float, expected: float) -> None:
    assert interval_s(History(), age_s, BOUNDS) == pytest.approx(expected_s(age_s, BOUNDS)) == expected


@given(HISTORIES, AGES)
def test_an_interval_keeps_its_bounds(history: History, age_s: float | None) -> None:
    assert BOUNDS.least_s <= interval_s(history, age_s, BOUNDS) <= BOUNDS.most_s


@given(HISTORIES, AGES, st.floats(1, 1e8))
def test_a_visit_that_finds_a_change_brings_the_next_one_forward(
    history: History, age_s: float | None, elapsed_s: float
) -> None:
    found, not_found = (history.after(elapsed_s, changed=changed) for changed in (True, False))
    assert interval_s(found, age_s, BOUNDS) <= interval_s(not_found, age_s, BOUNDS)


@given(HISTORIES, st.floats(0, 1e9), st.floats(0, 1e9))
def test_of_two_pages_with_one_history_the_younger_is_not_visited_later(
    history: History, one_s: float, other_s: float
) -> None:
    young, old = sorted((one_s, other_s))
    assert interval_s(history, young, BOUNDS) <= interval_s(history, old, BOUNDS)


def settle(changes_every_s: float, *, age_s: float = 100 * DAY_S) -> float:
    """Return the mean interval, in seconds, that comes of visits to a page that changes at random, at such a rate."""
    luck, history, intervals = random.Random(7), History(), []  # noqa: S311 - no secret
    for _ in range(400):
        intervals.append(interval_s(history, age_s, BOUNDS))
        next_change_s = luck.expovariate(1 / changes_every_s)
        history = history.after(intervals[-1], changed=next_change_s < intervals[-1])
    return sum(intervals[100:]) / 300


@pytest.mark.parametrize("changes_every_s", [6 * HOUR_S, DAY_S, 4 * DAY_S])
def test_the_interval_follows_the_rate_of_changes(changes_every_s: float) -> None:
    assert 0.3 < settle(changes_every_s) / changes_every_s < 3


def test_a_page_that_never_changes_is_soon_visited_as_seldom_as_may_be() -> None:
    history, intervals = History(), []
    while (interval := interval_s(history, DAY_S, BOUNDS)) < BOUNDS.most_s:
        intervals.append(interval)
        history = history.after(interval, changed=False)
    assert intervals == sorted(intervals)
    assert len(intervals) < 25


def test_a_page_that_always_changes_is_soon_visited_as_often_as_may_be() -> None:
    history, visits = History(), 0
    while (interval := interval_s(history, 365 * DAY_S, BOUNDS)) > BOUNDS.least_s and visits < 100:
        history, visits = history.after(interval, changed=True), visits + 1
    assert visits < 60
