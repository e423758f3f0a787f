"""Instances that are killed, stopped, or do what they should not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.faults import calm, claims, endings, rounds, scenarios
from tests.faults.outcome import Outcome
from tests.faults.scenarios import Arena
from tests.faults.servers import REDIS
from tests.faults.site import Faults

DEBIAN = pytest.mark.skipif(not Path(REDIS).exists(), reason=f"{REDIS} is missing: install redis-server")


@pytest.fixture
def arena(tmp_path: Path) -> Arena:
    return Arena(tmp_path, records=120)


@pytest.mark.parametrize(
    ("crawl", "events"),
    [
        (scenarios.kills, 8),
        (scenarios.kills_with_files_of_their_own, 3),
        (scenarios.kills_on_the_embedded_store, 3),
        (scenarios.kill_of_all, 2),
    ],
)
def test_killed_instances_lose_nothing_and_leave_no_line_torn_or_twice(
    arena: Arena, crawl: Callable[[Arena, int], Outcome], events: int
) -> None:
    outcome = crawl(arena, events)
    assert outcome.faults() == []
    assert outcome.events >= events


def test_killed_instances_of_a_crawl_that_visits_pages_again_lose_no_change_and_no_due_time(arena: Arena) -> None:
    arena.records = 30
    outcome = rounds.kills_on_rounds(arena, 4)
    assert outcome.faults() == []
    assert outcome.events == 4


def test_an_instance_that_is_killed_after_the_last_answer_loses_nothing(arena: Arena) -> None:
    outcome = scenarios.kills_at_the_end(arena, 1)
    assert outcome.faults() == []


def test_a_record_that_a_killed_instance_has_claimed_is_read_again_where_it_still_is(arena: Arena) -> None:
    outcome = claims.claim_of_the_dead(arena, 1)
    assert outcome.faults() == []
    assert outcome.events == 1


def test_an_instance_that_is_asked_to_end_finishes_its_pages_and_nothing_is_fetched_again(arena: Arena) -> None:
    arena.faults = Faults(twins=False)  # a page that waits for a record of another instance is given back
    outcome = scenarios.terms(arena, 4)
    assert outcome.faults() == []
    assert outcome.events == 4
    assert outcome.again == 0
    assert set(outcome.struck_exits) == {0}


def test_an_instance_that_is_asked_twice_ends_at_once_and_loses_nothing(arena: Arena) -> None:
    outcome = scenarios.double_terms(arena, 4)
    assert outcome.faults() == []
    assert outcome.events == 4


def test_an_instance_that_is_asked_to_end_while_it_starts_loses_nothing(arena: Arena) -> None:
    outcome = scenarios.terms_during_start_up(arena, 3)
    assert outcome.faults() == []
    assert outcome.events == 3


@pytest.mark.parametrize("crawl", [endings.double_terms_during_start_up, endings.terms_during_closing])
def test_an_instance_that_is_asked_again_while_it_starts_or_ends_loses_nothing(
    arena: Arena, crawl: Callable[[Arena, int], Outcome]
) -> None:
    outcome = crawl(arena, 4)
    assert outcome.faults() == []
    assert outcome.events == 4


def test_an_instance_that_sleeps_beyond_its_lease_is_replaced_and_does_no_harm_when_it_wakes(arena: Arena) -> None:
    outcome = scenarios.stopped_instance(arena, 1)
    assert outcome.faults() == []
    assert outcome.events == 1


def test_a_page_that_kills_whoever_reads_it_is_a_dead_letter_and_the_others_are_read(arena: Arena) -> None:
    outcome = scenarios.poison(arena, 1)
    assert outcome.faults(dead=1) == []
    assert outcome.events == 5


def test_a_callback_that_blocks_the_reactor_beyond_the_lease_costs_no_second_fetch(arena: Arena) -> None:
    outcome = scenarios.blocked_reactor(arena, 1)
    assert outcome.faults() == []
    assert outcome.again == 0


def test_instances_of_both_spiders_keep_one_delay_together_and_all_stop_when_the_site_asks_for_it(
    tmp_path: Path,
) -> None:
    outcome = calm.keep_pace(Arena(tmp_path), 0.2)
    assert outcome.faults() == []


@DEBIAN
@pytest.mark.parametrize("locked_down", [False, True], ids=["as installed", "TLS, password and ACL"])
def test_killed_instances_lose_nothing_on_redis(arena: Arena, *, locked_down: bool) -> None:
    arena.binary, arena.locked_down = REDIS, locked_down
    outcome = scenarios.kills(arena, 3)
    assert outcome.faults() == []
    assert outcome.events == 3
