from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from crawler.frontier.queue import Popped, Queue
from tests.queues import SITE, Crew, crash, crew_at, link, pages, push, take, tell

MINUTE_MS = 60_000
OTHER = "other.example"


@pytest.fixture
def crew(valkey: str) -> Iterator[Crew]:
    with crew_at(valkey) as crew:
        yield crew


def many(number: int, slot: str = SITE) -> list[Any]:
    return [link(f"{slot}/{page}", slot) for page in range(number)]


def host(crew: Crew, name: str, slot: str = SITE) -> float:
    return float(crew.server.hget(crew.keys.host(slot), name) or 0)


def hold(queue: Queue, pause_ms: int, slot: str = SITE, *, slower: bool = False) -> int:
    answer: int = queue.call(*queue.hold_words(slot, pause_ms, slower=slower))
    return answer


def grant(queue: Queue, flight: str, slot: str = SITE) -> tuple[bool, int]:
    granted, wait_ms = queue.call(*queue.grant_words(slot, flight))
    return granted == b"1", wait_ms


def slots(popped: Popped) -> list[str]:
    return [page.split("/")[0] for page in pages(popped)]


# --- delay ---


def test_the_delay_of_a_host_is_kept_by_all_workers_together(crew: Crew) -> None:
    one, two = crew.join(delay_ms=MINUTE_MS), crew.join(delay_ms=MINUTE_MS)
    push(one, *many(4))
    assert len(one.pop(9).requests) == 1
    waiting = two.pop(9)
    assert waiting.requests == []
    assert waiting.next_in_ms is not None
    assert 0 < waiting.next_in_ms <= MINUTE_MS
    for queue in (two, one, two):
        crew.pass_ms(MINUTE_MS)
        assert len(queue.pop(9).requests) == 1
        assert (one.pop(9).requests, two.pop(9).requests) == ([], [])


def test_requests_are_handed_out_a_little_ahead_each_with_its_time(crew: Crew) -> None:
    queue = crew.join(delay_ms=20)
    push(queue, *many(9))
    assert [request.due_in_ms for request in queue.pop(9).requests] == [0, 20, 40]


def test_both_spiders_keep_the_delay_of_a_host_together(crew: Crew, valkey: str) -> None:
    videos = crew.join(delay_ms=MINUTE_MS)
    push(videos, *many(2))
    with crew_at(valkey, "users") as others:
        users = others.join(delay_ms=MINUTE_MS)
        push(users, *many(2))
        assert (len(videos.pop(9).requests), len(users.pop(9).requests)) == (1, 0)
        crew.pass_ms(MINUTE_MS)
        assert (len(users.pop(9).requests), len(videos.pop(9).requests)) == (1, 0)


def test_the_host_can_ask_for_a_delay_of_its_own(crew: Crew) -> None:
    queue = crew.join(delay_ms=0)
    crew.server.hset(crew.keys.host(SITE), "robots_ms", MINUTE_MS)
    push(queue, *many(2))
    assert len(queue.pop(9).requests) == 1
    crew.pass_ms(MINUTE_MS - 5_000)
    assert queue.pop(9).requests == []
    crew.pass_ms(5_000)
    assert len(queue.pop(9).requests) == 1


def test_a_shorter_delay_of_robots_txt_makes_nobody_faster(crew: Crew) -> None:
    queue = crew.join(delay_ms=MINUTE_MS)
    crew.server.hset(crew.keys.host(SITE), "robots_ms", 1)
    push(queue, *many(2))
    assert [len(queue.pop(9).requests) for _ in range(2)] == [1, 0]


def test_a_repeated_pop_does_not_reserve_the_hosts_time_again(crew: Crew) -> None:
    queue = crew.join(delay_ms=MINUTE_MS)
    push(queue, *many(2))
    queue.pop(9)
    queue.pops -= 1
    before = host(crew, "next_ms")
    assert len(queue.pop(9).requests) == 1
    assert host(crew, "next_ms") == before


@pytest.mark.parametrize("passed_ms", [-MINUTE_MS, -60 * MINUTE_MS, -10_000 * MINUTE_MS])
def test_a_clock_that_is_set_back_makes_nobody_wait_longer(crew: Crew, passed_ms: int) -> None:
    queue = crew.join(delay_ms=MINUTE_MS)
    push(queue, *many(2), *many(2, OTHER))
    hold(queue, MINUTE_MS, OTHER)
    assert slots(queue.pop(9)) == [SITE]
    crew.pass_ms(passed_ms)
    waiting = queue.pop(9)
    assert waiting.requests == []
    assert waiting.next_in_ms is not None
    assert waiting.next_in_ms <= MINUTE_MS
    crew.pass_ms(MINUTE_MS)
    assert sorted(slots(queue.pop(9))) == [OTHER, SITE]


def test_what_belongs_to_no_host_waits_for_none(crew: Crew) -> None:
    queue = crew.join(delay_ms=MINUTE_MS, cap=1)
    push(queue, *[link(f"data:,{number}", "") for number in range(5)])
    assert [request.due_in_ms for request in queue.pop(9).requests] == [0] * 5
    assert crew.names("{crawler}:host:*") == []


# --- hold ---


def test_a_pause_stops_the_whole_fleet_for_that_host_only(crew: Crew, valkey: str) -> None:
    queue = crew.join()
    push(queue, *many(2), *many(2, OTHER))
    hold(queue, MINUTE_MS)
    assert set(slots(queue.pop(9))) == {OTHER}
    with crew_at(valkey, "users") as others:
        users = others.join()
        push(users, *many(1))
        assert users.pop(9).requests == []
        crew.pass_ms(MINUTE_MS)
        assert (len(users.pop(9).requests), len(queue.pop(9).requests)) == (1, 2)


def test_the_longest_of_several_pauses_counts(crew: Crew) -> None:
    queue = crew.join()
    assert hold(queue, MINUTE_MS) == MINUTE_MS
    assert hold(queue, 1_000) > 1_000
    assert hold(queue, 2 * MINUTE_MS) == 2 * MINUTE_MS


def test_a_pause_neither_grows_with_time_nor_when_the_clock_is_set_back(crew: Crew) -> None:
    queue = crew.join()
    hold(queue, MINUTE_MS)
    crew.pass_ms(MINUTE_MS / 2)
    assert hold(queue, 0) <= MINUTE_MS / 2
    crew.pass_ms(-60 * MINUTE_MS)
    assert hold(queue, 0) <= MINUTE_MS / 2


def test_a_host_that_has_had_enough_gets_requests_farther_apart_and_slowly_more_again(crew: Crew) -> None:
    queue = crew.join()
    push(queue, *many(9))
    hold(queue, 0, slower=True)
    hold(queue, 0, slower=True)
    assert host(crew, "slow_ms") == pytest.approx(20 * 1.5 * 1.5)
    crew.pass_ms(1_000)
    assert [request.due_in_ms for request in queue.pop(9).requests] == [0, 45]
    assert host(crew, "slow_ms") == pytest.approx(45 * 0.97**2)
    crew.server.hset(crew.keys.host(SITE), "slow_ms", 1.02)
    for slow_ms in (1.02 * 0.97, 0):
        crew.pass_ms(1_000)
        assert take(queue, 1)
        assert host(crew, "slow_ms") == pytest.approx(slow_ms)


def test_a_slowed_host_is_asked_at_least_every_ten_seconds(crew: Crew) -> None:
    queue = crew.join(delay_ms=100)
    for _ in range(40):
        hold(queue, 0, slower=True)
    assert host(crew, "slow_ms") == 10_000
    patient = crew.join(delay_ms=MINUTE_MS)
    hold(patient, 0, slower=True)
    assert host(crew, "slow_ms") == MINUTE_MS


def test_one_pause_makes_a_host_slower_once_however_many_workers_are_told_of_it(crew: Crew) -> None:
    workers = [crew.join() for _ in range(3)]
    for queue in workers * 2:
        hold(queue, MINUTE_MS, slower=True)
    assert host(crew, "slow_ms") == pytest.approx(20 * 1.5)
    crew.pass_ms(2 * MINUTE_MS)
    for queue in workers:
        hold(queue, MINUTE_MS, slower=True)
    assert host(crew, "slow_ms") == pytest.approx(20 * 1.5**2)


def test_a_clock_that_is_set_back_keeps_no_pause_from_making_a_host_slower(crew: Crew) -> None:
    queue = crew.join()
    hold(queue, MINUTE_MS, slower=True)
    crew.pass_ms(-60 * MINUTE_MS)
    hold(queue, MINUTE_MS, slower=True)
    assert host(crew, "slow_ms") == pytest.approx(20 * 1.5**2)


# --- grant ---


def test_a_granted_request_takes_the_hosts_time_and_its_place_in_flight(crew: Crew) -> None:
    queue = crew.join(delay_ms=MINUTE_MS, cap=1)
    push(queue, *many(1))
    assert grant(queue, "robots") == (True, 0)
    assert queue.pop(9).requests == []
    crew.pass_ms(MINUTE_MS)
    granted, wait_ms = grant(queue, "another")
    assert not granted
    assert 0 < wait_ms <= 50
    assert queue.pop(9).requests == []
    tell(queue, landed=[(SITE, "robots")])
    assert crew.names("{crawler}:videos:granted:*") == []
    assert len(queue.pop(9).requests) == 1


def test_a_granted_request_waits_for_its_time(crew: Crew) -> None:
    queue = crew.join(delay_ms=200)
    assert grant(queue, "first") == (True, 0)
    granted, wait_ms = grant(queue, "second")
    assert granted
    assert 0 < wait_ms <= 200
    granted, wait_ms = grant(queue, "third")
    assert not granted
    assert 0 < wait_ms <= 150, "it may be granted as far ahead as the second"


def test_what_others_in_flight_wait_for_needs_no_place_but_takes_its_time(crew: Crew) -> None:
    queue = crew.join(cap=1, delay_ms=MINUTE_MS)
    push(queue, *many(2))
    assert len(queue.pop(9).requests) == 1
    assert grant(queue, "")[0] is False
    crew.pass_ms(MINUTE_MS)
    assert grant(queue, "") == (True, 0)
    assert grant(queue, "")[0] is False
    assert crew.server.zcard(f"{{crawler}}:flights:{SITE}") == 1
    assert crew.names("{crawler}:videos:granted:*") == []


def test_what_was_granted_to_a_dead_worker_is_in_flight_no_more(crew: Crew) -> None:
    dead, living = crew.join(cap=1), crew.join(cap=1)
    assert grant(dead, "dead's")[0]
    assert not grant(living, "living's")[0]
    crash(crew, dead, living)
    assert grant(living, "living's")[0]


def test_a_grant_that_is_repeated_is_not_kept_out_by_itself(crew: Crew) -> None:
    one, two = crew.join(cap=1), crew.join(cap=1)
    assert [grant(one, "one's")[0] for _ in range(2)] == [True, True]
    assert not grant(two, "two's")[0]
    tell(one, landed=[(SITE, "one's")])
    assert grant(two, "two's")[0]


def test_what_is_known_of_a_host_is_forgotten_a_day_after_its_last_request(crew: Crew) -> None:
    queue = crew.join()
    push(queue, *many(1))
    hold(queue, MINUTE_MS, OTHER)
    grant(queue, "robots")
    take(queue)
    kept_ms = {name: crew.server.pttl(name) for name in crew.names("{crawler}:*") if SITE in name or OTHER in name}
    day_ms = 24 * 60 * MINUTE_MS
    assert 0 < kept_ms[crew.keys.host(SITE)] <= day_ms < kept_ms[crew.keys.host(OTHER)]
    (granted,) = crew.names("{crawler}:videos:granted:*")
    for name in (f"{{crawler}}:flights:{SITE}", granted):
        assert 0 < crew.server.pttl(name) <= queue.options.flight_ms


# --- fairness ---


@pytest.mark.parametrize("limit", [1, 2, 4, 7, 30])
@pytest.mark.parametrize("delay_ms", [0, 7])
def test_hosts_are_served_in_turn_however_many_requests_they_have(crew: Crew, limit: int, delay_ms: int) -> None:
    queue = crew.join(delay_ms=delay_ms)
    push(queue, *many(200, "a.example"), *many(40, "b.example"), *many(30, "c.example"))
    served: list[str] = []
    while len(served) < 30:
        served += slots(queue.pop(limit))
        crew.pass_ms(100)
    for number in (3, 6, 15, 30):
        counts = Counter(served[:number])
        assert max(counts.values()) - min(counts[f"{name}.example"] for name in "abc") <= 1, served


def test_a_new_host_does_not_wait_for_the_backlog_of_another(crew: Crew) -> None:
    queue = crew.join()
    push(queue, *many(500))
    assert set(slots(queue.pop(20))) == {SITE}
    push(queue, *many(3, OTHER))
    assert Counter(slots(queue.pop(6)))[OTHER] >= 2


def test_a_slow_host_is_in_nobodys_way(crew: Crew) -> None:
    queue = crew.join()
    crew.server.hset(crew.keys.host("slow.example"), "robots_ms", MINUTE_MS)
    push(queue, *many(20, "slow.example"), *many(20, "quick.example"))
    assert Counter(slots(queue.pop(21))) == {"quick.example": 20, "slow.example": 1}


def test_however_many_hosts_have_to_wait_the_one_that_may_be_asked_is_found(crew: Crew) -> None:
    queue = crew.join()
    for number in range(500):
        hold(queue, MINUTE_MS, f"{number:03}.example")
    push(queue, *(link(f"{number:03}.example/", f"{number:03}.example") for number in range(500)))
    push(queue, link("zzz.example/", "zzz.example"))
    found: list[str] = []
    calls = 0
    while not found:
        popped = queue.pop(1)
        assert popped.requests or popped.next_in_ms == 0
        found += slots(popped)
        calls += 1
    assert found == ["zzz.example"]
    assert calls <= 8
