from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from crawler.frontier.options import Limits
from crawler.frontier.queue import NewLink, Queue
from tests.queues import SITE, Crew, crew_at, ids, link, push, take, tell

MINUTE_MS = 60_000
OTHER = "other.example"
FLIGHTS = f"{{crawler}}:flights:{SITE}"


@pytest.fixture
def crew(valkey: str) -> Iterator[Crew]:
    with crew_at(valkey) as crew:
        yield crew


def many(number: int, slot: str = SITE) -> list[Any]:
    return [link(f"{slot}/{page}", slot) for page in range(number)]


def grant(queue: Queue, flight: str, timeout_s: float = 0) -> bool:
    granted, _ = queue.call(*queue.grant_words(SITE, flight, timeout_s))
    return bool(granted == b"1")


def patient(page: str, timeout_s: Any) -> NewLink:
    """Make a request with a download_timeout of its own."""
    made = link(page)
    return made._replace(payload=made.payload[:-1] + b', "t": {"download_timeout": %s}}' % str(timeout_s).encode())


# --- cap ---


def test_no_more_requests_of_a_host_are_in_flight_than_its_cap(crew: Crew) -> None:
    one, two = crew.join(cap=3), crew.join(cap=3)
    push(one, *many(9))
    first = one.pop(2)
    assert (len(first.requests), len(two.pop(9).requests), one.pop(9).requests) == (2, 1, [])
    tell(one, acks=ids(first))
    assert one.pop(9).requests == []
    tell(one, landed=[(SITE, request) for request in ids(first)])
    assert len(two.pop(9).requests) == 2


def test_what_does_not_land_counts_as_lost_in_the_end(crew: Crew) -> None:
    queue = crew.join(cap=2, flight_ms=MINUTE_MS)
    push(queue, *many(9))
    assert [len(queue.pop(9).requests) for _ in range(2)] == [2, 0]
    crew.pass_ms(MINUTE_MS)
    assert [len(queue.pop(9).requests) for _ in range(2)] == [2, 0]


def test_what_is_given_back_is_in_flight_no_more(crew: Crew) -> None:
    queue = crew.join(cap=2)
    push(queue, *many(2))
    tell(queue, returned=[(request, False) for request in take(queue).values()])
    assert crew.server.exists(f"{{crawler}}:flights:{SITE}") == 0


def test_both_spiders_share_the_cap_of_a_host(crew: Crew, valkey: str) -> None:
    videos = crew.join(cap=3)
    push(videos, *many(2))
    with crew_at(valkey, "users") as others:
        users = others.join(cap=3)
        push(users, *many(9))
        in_hand = take(videos)
        assert len(take(users)) == 1
        tell(videos, landed=[(SITE, request) for request in in_hand.values()])
        crew.pass_ms(100)
        assert len(take(users)) == 2


# --- limits of single hosts ---


@pytest.mark.parametrize("usual_ms", [0, 3 * MINUTE_MS])
def test_a_host_can_have_a_delay_of_its_own(crew: Crew, usual_ms: int) -> None:
    queue = crew.join(delay_ms=usual_ms, own={SITE: Limits(MINUTE_MS, 9)})
    push(queue, *many(2))
    assert len(take(queue)) == 1
    crew.pass_ms(MINUTE_MS - 5_000)
    assert take(queue) == {}
    crew.pass_ms(5_000)
    assert len(take(queue)) == 1


def test_a_host_can_have_a_cap_of_its_own(crew: Crew) -> None:
    queue = crew.join(cap=3, own={SITE: Limits(0, 1)})
    push(queue, *many(9), *many(9, OTHER))
    assert Counter(page.split("/")[0] for page in take(queue, 9)) == {SITE: 1, OTHER: 3}


def test_what_is_granted_keeps_the_limits_of_its_host_too(crew: Crew) -> None:
    queue = crew.join(own={SITE: Limits(MINUTE_MS, 2)})
    assert [grant(queue, flight) for flight in ("a", "b")] == [True, False]
    crew.pass_ms(MINUTE_MS)
    assert grant(queue, "b")
    crew.pass_ms(MINUTE_MS)
    assert not grant(queue, "c")


def test_a_limit_that_is_taken_out_of_the_settings_rules_no_longer(crew: Crew) -> None:
    limited = crew.join(own={SITE: Limits(MINUTE_MS, 1)})
    push(limited, *many(9))
    assert len(take(limited)) == 1
    limited.leave()
    crew.pass_ms(MINUTE_MS)
    assert len(take(crew.join())) == 9


def test_a_limit_is_kept_for_as_long_as_its_crawl_lasts(crew: Crew) -> None:
    queue = crew.join(own={SITE: Limits(MINUTE_MS, 1)})
    push(queue, *many(2))
    crew.server.delete(crew.keys.host(SITE))  # as a day after its last request
    assert len(take(queue)) == 1


# --- flights that have run out ---


def test_a_request_that_waited_for_longer_than_its_flight_does_not_go_beyond_the_cap(crew: Crew) -> None:
    late, other = crew.join(cap=2, flight_ms=MINUTE_MS), crew.join(cap=2, flight_ms=MINUTE_MS)
    push(late, *many(4))
    waiting = ids(late.pop(9))
    crew.pass_ms(MINUTE_MS)
    in_air = ids(other.pop(9))
    assert (len(waiting), len(in_air)) == (2, 2)
    assert not any(grant(late, one) for one in waiting)
    tell(other, landed=[(SITE, in_air[0])])
    assert [grant(late, one) for one in waiting] == [True, False]
    assert crew.server.zcard(FLIGHTS) == 2


def test_a_late_request_in_flight_needs_no_second_place_and_leaves_none_behind(crew: Crew) -> None:
    queue = crew.join(cap=1)
    push(queue, *many(2))
    (late,) = ids(queue.pop(9))
    assert grant(queue, late)
    assert crew.names("{crawler}:videos:granted:*") == []
    tell(queue, returned=[(late, False)])
    assert crew.server.exists(FLIGHTS) == 0


@pytest.mark.parametrize("timeout_s", [120, 119.5])
def test_a_request_with_a_longer_timeout_is_in_flight_for_that_long(crew: Crew, timeout_s: float) -> None:
    queue = crew.join(cap=1, flight_ms=35_000)
    push(queue, patient("a", timeout_s), *many(2))
    assert len(take(queue)) == 1
    crew.pass_ms(MINUTE_MS)
    assert take(queue) == {}
    assert crew.server.pttl(FLIGHTS) > MINUTE_MS
    crew.pass_ms(65_000)
    assert len(take(queue)) == 1


def test_what_is_kept_of_a_long_flight_is_not_cut_short_by_another(crew: Crew) -> None:
    queue = crew.join(cap=2, flight_ms=35_000)
    push(queue, patient("a", 120), *many(1))
    assert len(take(queue)) == 2
    assert crew.server.pttl(FLIGHTS) > MINUTE_MS


def test_what_is_granted_with_a_longer_timeout_is_in_flight_for_that_long(crew: Crew) -> None:
    queue = crew.join(cap=1, flight_ms=35_000)
    assert grant(queue, "a", timeout_s=120)
    crew.pass_ms(MINUTE_MS)
    assert not grant(queue, "b")


@pytest.mark.parametrize("timeout", ["1e300", "-5", '"soon"', "null", "[]"])
def test_a_timeout_that_makes_no_sense_is_no_obstacle(crew: Crew, timeout: str) -> None:
    queue = crew.join()
    push(queue, patient("a", timeout))
    assert len(take(queue)) == 1
    assert 0 < crew.server.pttl(FLIGHTS) <= 24 * 60 * MINUTE_MS + 5_000
