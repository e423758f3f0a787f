"""A Redis that is silent, gone, forgetful, cut off, or full; and what others have written into it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.faults import scenarios
from tests.faults.outcome import Outcome
from tests.faults.scenarios import Arena


@pytest.fixture
def arena(tmp_path: Path) -> Arena:
    return Arena(tmp_path, records=120)


@pytest.mark.parametrize(
    ("crawl", "events"),
    [
        (scenarios.silent_store, 1),
        (scenarios.restarted_store, 2),
        (scenarios.reset_connections, 5),
        (scenarios.lost_replies, 10),
        (scenarios.no_memory, 1),
    ],
)
def test_a_store_that_comes_back_with_its_data_costs_no_record(
    arena: Arena, crawl: Callable[[Arena, int], Outcome], events: int
) -> None:
    outcome = crawl(arena, events)
    assert outcome.faults() == []
    assert outcome.events == events


def test_a_store_that_comes_back_without_its_data_ends_the_crawl_loudly(arena: Arena) -> None:
    outcome = scenarios.lost_store(arena, 1)
    assert outcome.torn == 0
    assert outcome.exits == [1] * arena.size
    assert all("Spider closed (queue_lost)" in log for log in outcome.told())


def test_an_instance_on_a_store_that_evicts_never_takes_an_incomplete_crawl_for_finished(arena: Arena) -> None:
    outcome = scenarios.evicting_store(arena, 1)
    assert outcome.torn == 0
    assert all(outcome.exits) or not outcome.lost


def test_a_store_that_may_evict_is_refused_at_the_start(arena: Arena) -> None:
    outcome = scenarios.store_that_may_evict(arena, 1)
    assert all(outcome.exits)
    assert outcome.again == 0
    assert all("noeviction" in log for log in outcome.told())


def test_payloads_that_no_instance_has_written_are_dead_letters_and_the_others_are_read(arena: Arena) -> None:
    outcome = scenarios.hostile_payloads(arena, 1)
    assert outcome.faults(dead=len(scenarios.HOSTILE)) == []
