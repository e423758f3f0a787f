from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from crawler.errors import QueueLost
from crawler.frontier.keys import Keys
from crawler.frontier.options import Options
from crawler.frontier.queue import Queue
from crawler.frontier.sower import Sower
from tests.queues import Crew, crew_at, link, tell


@contextmanager
def sower_at(url: str, **options: float) -> Iterator[Sower]:
    with Redis.from_url(url, retry=Retry(NoBackoff(), 0)) as server:
        yield Sower(Queue(server, Keys("videos"), Options(**options)), lambda: None)  # type: ignore[arg-type]


def pages(crew: Crew) -> list[str]:
    """The pages that wait, as a worker gets them."""
    queue = crew.join()
    handed = [one.payload for _ in range(3) for one in queue.pop(100).requests]
    queue.leave()
    return [one.split(b'"u": "')[1].split(b'"')[0].decode() for one in handed]


def test_what_is_sown_waits_for_the_next_worker_once_and_in_order(valkey: str) -> None:
    with crew_at(valkey) as crew, sower_at(valkey) as sower:
        sower.sow([link("a"), link("b")])
        sower.sow([link("b"), link("c")])
        sower.end()
        assert (sower.beginning, sower.sent, sower.new, sower.left) == ("anew", 4, 3, 3)
        assert not sower.pulse.is_alive()
        assert crew.queue().workers() == []
        assert pages(crew) == ["a", "b", "c"]


def test_without_a_request_no_crawl_begins(valkey: str) -> None:
    with crew_at(valkey) as crew, sower_at(valkey) as sower:
        sower.sow([])
        sower.end()
        assert sower.beginning is None
        assert crew.names("*") == []


def test_a_crawl_that_was_interrupted_gets_more(valkey: str) -> None:
    with crew_at(valkey) as crew, sower_at(valkey) as sower:
        queue = crew.join()
        tell(queue, links=[link("a")])
        queue.leave()
        sower.sow([link("a"), link("b")])
        sower.end()
        assert (sower.beginning, sower.new, sower.left) == ("resumed", 1, 2)


def test_while_seeds_come_the_crawl_does_not_end(valkey: str) -> None:
    with crew_at(valkey) as crew, sower_at(valkey) as sower:
        queue = crew.join()
        sower.sow([link("a")])
        sower.wait()
        (handed,) = queue.pop(10).requests
        assert tell(queue, acks=[handed.id], ready=True).progress == "working"
        sower.end()
        assert tell(queue, ready=True).progress == "finished"


def test_a_sower_whose_lease_has_ended_sends_again_as_another_worker(valkey: str) -> None:
    with crew_at(valkey) as crew, sower_at(valkey) as sower:
        other = crew.join()
        sower.sow([link("a")])
        sower.wait()
        crew.let_lapse(sower.queue)
        tell(other)
        former = sower.queue.worker
        sower.sow([link("b")])
        sower.end()
        assert sower.queue.worker != former
        assert (sower.new, sower.left, sower.lost_some) == (2, 2, False)


def test_where_redis_forgets_what_it_had_the_sower_says_so_and_sends_the_rest(valkey: str) -> None:
    with crew_at(valkey) as crew, sower_at(valkey) as sower:
        sower.sow([link("a")])
        sower.wait()
        crew.server.flushall()
        sower.sow([link("b")])
        sower.end()
        assert sower.lost_some
        assert pages(crew) == ["b"]


def test_a_redis_that_stays_away_is_an_error_and_not_waited_for_at_the_end() -> None:
    with sower_at("redis://127.0.0.1:1/0", patience_s=0) as sower:
        with pytest.raises(QueueLost, match="Redis has not answered"):
            sower.sow([link("a")])
        with pytest.raises(QueueLost):
            sower.ask("PING")
        sower.end()
        assert sower.sent == 0
