from __future__ import annotations

from collections.abc import Callable, Iterator
from time import monotonic

import pytest
from redis import Redis

from crawler.frontier.fleet import Fleet
from crawler.frontier.keys import Keys

KEYS = Keys("users")
OTHER = Keys("videos")
DEADLINE_S = 30
FOREVER_MS = 3_600_000
NewFleet = Callable[..., Fleet]


@pytest.fixture
def server(valkey: str) -> Iterator[Redis]:
    with Redis.from_url(valkey) as client:
        yield client


@pytest.fixture
def fleet(server: Redis) -> NewFleet:
    return lambda keys=KEYS, ttl_ms=FOREVER_MS: Fleet(server, keys, ttl_ms)


def queue(server: Redis, *requests: str) -> None:
    server.zadd(KEYS.requests, dict.fromkeys(requests, 0))


def until(true: Callable[[], bool]) -> None:
    deadline = monotonic() + DEADLINE_S
    while not true():
        assert monotonic() < deadline, f"still not so after {DEADLINE_S} s"


def test_the_first_begins_anew_and_the_others_join(fleet: NewFleet) -> None:
    assert [fleet().join() for _ in range(3)] == ["anew", "joined", "joined"]


def test_every_instance_has_a_name_of_its_own(fleet: NewFleet) -> None:
    assert len({fleet().worker for _ in range(50)}) == 50


@pytest.mark.parametrize("waiting", ["requests", "last"])
def test_work_that_nobody_is_at_is_resumed_and_kept(server: Redis, fleet: NewFleet, waiting: str) -> None:
    if waiting == "requests":
        queue(server, "a")
    else:
        server.rpush(KEYS.last, "a")
    server.sadd(KEYS.recorded, "k")
    first, second = fleet(), fleet()
    assert (first.join(), second.join()) == ("resumed", "joined")
    assert (server.zcard(KEYS.requests) + server.llen(KEYS.last), server.scard(KEYS.recorded)) == (1, 1)


def test_a_crawl_that_was_completed_is_begun_anew_without_what_it_knew(server: Redis, fleet: NewFleet) -> None:
    first = fleet()
    first.join()
    for key in (KEYS.recorded, KEYS.dupefilter, KEYS.feeds):
        server.sadd(key, "old")
    server.rpush(KEYS.start_urls, "seed")
    assert first.rest().finished
    first.leave()
    assert fleet().join() == "anew"
    assert [key for key in KEYS.of_a_crawl if server.exists(key)] == []
    assert server.lrange(KEYS.start_urls, 0, -1) == [b"seed"]


def test_a_crawl_of_another_spider_is_another_crawl(server: Redis, fleet: NewFleet) -> None:
    users, videos = fleet(), fleet(OTHER)
    users.join()
    queue(server, "a")
    assert videos.join() == "anew"
    assert videos.rest().finished
    assert server.zcard(KEYS.requests) == 1


def test_nobody_finishes_while_another_is_busy(fleet: NewFleet) -> None:
    fleets = [fleet() for _ in range(3)]
    for one in fleets:
        one.join()
    assert [(one.rest().busy_others, one.rest().finished) for one in fleets] == [(2, False), (1, False), (0, True)]
    assert all(one.rest().finished for one in fleets)


def test_an_instance_that_is_starting_is_busy(fleet: NewFleet) -> None:
    first, second = fleet(), fleet()
    first.join()
    second.join()
    assert not first.rest().finished
    second.rest()
    assert first.rest().finished


def test_one_that_takes_work_again_is_waited_for(fleet: NewFleet) -> None:
    first, second = fleet(), fleet()
    first.join()
    second.join()
    first.rest()
    first.work()
    assert (first.busy, second.rest()[:]) == (True, (1, 0, 0, False))


def test_what_waits_is_counted_and_keeps_the_crawl_going(server: Redis, fleet: NewFleet) -> None:
    one = fleet()
    one.join()
    queue(server, "a", "b")
    server.rpush(KEYS.last, "c")
    assert one.rest()[:] == (0, 2, 1, False)
    server.delete(KEYS.requests)
    assert one.rest()[:] == (0, 0, 1, False)
    server.delete(KEYS.last)
    assert one.rest()[:] == (0, 0, 0, True)


def test_one_that_leaves_is_not_waited_for(server: Redis, fleet: NewFleet) -> None:
    first, second = fleet(), fleet()
    first.join()
    second.join()
    second.leave()
    second.leave()
    assert first.rest().finished
    assert server.zcard(KEYS.workers) == 1


def test_work_that_the_last_one_leaves_is_for_the_next_start(server: Redis, fleet: NewFleet) -> None:
    first = fleet()
    first.join()
    queue(server, "a")
    first.leave()
    assert server.exists(KEYS.workers, KEYS.busy) == 0
    assert fleet().join() == "resumed"


def test_one_that_gives_no_sign_of_life_is_not_waited_for(server: Redis, fleet: NewFleet) -> None:
    gone, alive = fleet(ttl_ms=20), fleet()
    gone.join()
    alive.join()
    until(lambda: alive.rest().finished)
    assert server.zrange(KEYS.workers, 0, -1) == [alive.worker.encode()]


def test_work_of_one_that_is_gone_is_resumed(server: Redis, fleet: NewFleet) -> None:
    gone = fleet(ttl_ms=20)
    gone.join()
    queue(server, "a")
    until(lambda: clock_ms(server) > gone_at_ms(server, gone))
    one = fleet()
    assert (one.join(), one.rest().busy_others) == ("resumed", 0)


def test_a_sign_of_life_postpones_the_end_of_ones_membership(server: Redis, fleet: NewFleet) -> None:
    one = fleet()
    one.join()
    before = gone_at_ms(server, one)
    until(lambda: not one.beat().finished and gone_at_ms(server, one) > before)
    assert server.sismember(KEYS.busy, one.worker)


def clock_ms(server: Redis) -> float:
    seconds, micros = server.time()
    return float(seconds * 1000 + micros // 1000)


def gone_at_ms(server: Redis, fleet: Fleet) -> float:
    return float(str(server.zscore(KEYS.workers, fleet.worker)))
