from __future__ import annotations

import asyncio
import errno
import logging
from collections.abc import Callable, Coroutine
from threading import Event
from typing import Any

import pytest
from redis import Redis
from scrapy import Request, Spider, signals
from scrapy.crawler import Crawler
from scrapy.exceptions import DontCloseSpider
from scrapy.utils.test import get_crawler

from crawler.errors import QueueLost, SettingsError, StoreError
from crawler.frontier import pulse
from crawler.frontier.deliveries import GivenBack
from crawler.frontier.frontier import WAKE, Frontier
from tests.couriers import Feed
from tests.frontiers import DEADLINE_S, at_work, crawler_at, engine_of, next_request, until
from tests.queues import crew_at, push, take

PAGE = "https://site.example/"
SLOT = "site.example"
Story = Callable[[Frontier, Crawler], Coroutine[Any, Any, None]]


class Pages(Spider):
    name = "pages"


class Asked(Pages):
    asked_for = "url=https://site.example"


def run(url: str, story: Story, spider: type[Spider] = Pages, **settings: Any) -> None:
    """Run a story with a frontier at work."""

    async def told() -> None:
        crawler = crawler_at(url, spider, **settings)
        async with at_work(crawler) as frontier:
            await story(frontier, crawler)

    asyncio.run(told())


async def is_closed(crawler: Crawler) -> bool:
    await asyncio.sleep(0)
    return bool(engine_of(crawler).closed)


# --- one for each crawler ---


def test_a_crawler_has_one_frontier_and_joins_once(valkey: str) -> None:
    async def story(frontier: Frontier, crawler: Crawler) -> None:
        other = crawler_at(valkey, Pages)
        assert Frontier.of(crawler) is frontier
        assert Frontier.of(other) is not frontier
        worker = frontier.queue.worker
        assert (frontier.beginning, frontier.join(anew=True), frontier.queue.worker) == ("anew", "anew", worker)
        Frontier.of(other).queue.server.close()

    run(valkey, story)


@pytest.mark.parametrize(
    ("scheduler", "is_used"),
    [
        ("crawler.frontier.scheduler.Scheduler", True),
        ("scrapy.core.scheduler.Scheduler", False),
        ("scrapy_redis.scheduler.Scheduler", False),
    ],
)
def test_it_is_used_where_its_scheduler_is(scheduler: str, is_used: bool) -> None:  # noqa: FBT001
    assert Frontier.is_used(get_crawler(Pages, {"SCHEDULER": scheduler})) is is_used


@pytest.mark.parametrize(
    ("settings", "error"), [({"LEASE_TTL_MS": 1}, SettingsError), ({"REDIS_URL": "redis://127.0.0.1:1"}, StoreError)]
)
def test_what_cannot_work_is_said_when_it_is_made(
    valkey: str, settings: dict[str, Any], error: type[Exception]
) -> None:
    async def make() -> None:
        Frontier.of(crawler_at(valkey, Pages, **settings))

    with pytest.raises(error):
        asyncio.run(make())


# --- for middlewares, pipelines and feeds ---


def test_commands_are_answered_and_notes_made(valkey: str) -> None:
    async def story(frontier: Frontier, _: Crawler) -> None:
        frontier.note("HSET", frontier.keys.refused, "x", "private")
        answers = await asyncio.gather(*(frontier.execute("ECHO", str(number)) for number in range(50)))
        assert answers == [str(number).encode() for number in range(50)]
        await until(lambda: frontier.execute("HEXISTS", frontier.keys.refused, "x"))

    run(valkey, story)


def test_a_feed_is_written_in_another_thread(valkey: str) -> None:
    async def story(frontier: Frontier, _: Crawler) -> None:
        feed = Feed()
        frontier.write(feed, b"1\n")
        frontier.write(feed, b"2\n")

        async def is_written() -> bool:
            return feed.data == b"1\n2\n"

        await until(is_written)

    run(valkey, story)


def test_what_waited_for_an_answer_that_nobody_needs_any_more_is_left_alone(valkey: str) -> None:
    async def story(frontier: Frontier, _: Crawler) -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0):
                await frontier.execute("ECHO", "a")
        assert await frontier.execute("ECHO", "b") == b"b"

    run(valkey, story)


def test_a_host_that_is_held_is_held_for_the_fleet(valkey: str) -> None:
    async def story(frontier: Frontier, _: Crawler) -> None:
        frontier.hold(SLOT, 3600.0, slower=True)
        next_ms, slow_ms = await frontier.execute("HMGET", frontier.keys.host(SLOT), "next_ms", "slow_ms")
        seconds, _micros = await frontier.execute("TIME")
        assert float(next_ms) > 1000 * (int(seconds) + 3500)
        assert float(slow_ms) > 0

    run(valkey, story)


def test_who_waits_for_a_host_does_not_hold_up_the_end(valkey: str) -> None:
    async def story(frontier: Frontier, _: Crawler) -> None:
        frontier.hold(SLOT, 3600.0, slower=False)
        waiting = asyncio.ensure_future(frontier.grants.grant(Request(PAGE), SLOT))
        await frontier.execute("PING")
        frontier.closing = True
        with pytest.raises(GivenBack):
            await waiting

    run(valkey, story)


# --- what the engine tells ---


def test_an_idle_engine_is_no_end_of_the_crawl(valkey: str) -> None:
    async def story(_: Frontier, crawler: Crawler) -> None:
        ((_, answer),) = crawler.signals.send_catch_log(
            signals.spider_idle, spider=crawler.spider, dont_log=DontCloseSpider
        )
        assert isinstance(answer.value, DontCloseSpider)

    run(valkey, story)


@pytest.mark.parametrize(("spider", "reads"), [(Pages, None), (Asked, b"1")])
def test_the_start_is_over_for_the_fleet_when_all_seeds_are_sent(
    valkey: str, spider: type[Spider], reads: bytes | None
) -> None:
    async def story(frontier: Frontier, _: Crawler) -> None:
        assert frontier.is_starting
        assert await frontier.execute("SCARD", frontier.keys.starting) == 1
        frontier.handover.push(Request(PAGE), is_seed=frontier.is_starting)
        frontier.has_started()
        assert not frontier.is_starting

        async def is_over() -> bool:
            return bool(await frontier.execute("SCARD", frontier.keys.starting) == 0)

        await until(is_over)
        assert await frontier.execute("HGET", frontier.keys.control, "seeds_read") == reads
        assert await frontier.execute("HLEN", frontier.keys.requests) == 1

    run(valkey, story, spider)


def test_an_engine_that_closes_gets_no_more_and_the_rest_goes_back_at_once(valkey: str) -> None:
    async def story(frontier: Frontier, crawler: Crawler) -> None:
        for name in "abc":
            frontier.handover.push(Request(PAGE + name))
        await next_request(frontier)
        await crawler.engine.close_spider_async(reason="closespider_itemcount")
        assert (frontier.closing, engine_of(crawler).closed) == (True, ["closespider_itemcount"])
        leased = f"{frontier.keys.prefix}leased:{frontier.queue.worker}"

        async def is_back() -> bool:
            return bool(await frontier.execute("SCARD", leased) == 1)

        await until(is_back)
        assert frontier.handover.take() is None

    run(valkey, story)


def test_at_the_end_others_get_what_was_in_hand_without_a_crash(valkey: str) -> None:
    async def story(frontier: Frontier, _: Crawler) -> None:
        for name in "abc":
            frontier.handover.push(Request(PAGE + name))
        await next_request(frontier)

    run(valkey, story)
    with crew_at(valkey, "pages") as crew:
        assert crew.queue().workers() == []
        assert sorted(take(crew.join())) == [f"{PAGE}{name}" for name in "abc"]
        assert crew.server.exists(crew.keys.deliveries) == 0


def test_no_thread_is_left_at_work_at_the_end(valkey: str, monkeypatch: pytest.MonkeyPatch) -> None:
    at_it, may_end = Event(), Event()

    def look() -> None:
        at_it.set()
        may_end.wait(DEADLINE_S)

    async def has_told(frontier: Frontier) -> bool:
        await asyncio.sleep(0)
        return not frontier.courier.is_alive()

    async def story(frontier: Frontier, _: Crawler) -> None:
        frontier.pulse.look = look
        assert await asyncio.to_thread(at_it.wait, DEADLINE_S)
        closing = asyncio.create_task(frontier.close("finished"))
        await until(lambda: has_told(frontier))
        assert not closing.done()
        may_end.set()
        await closing
        assert not frontier.pulse.is_alive()

    monkeypatch.setattr(pulse, "LAST_WORDS_S", DEADLINE_S)
    run(valkey, story)


# --- what the courier tells ---


def test_the_engine_is_woken_when_requests_come(valkey: str) -> None:
    async def story(frontier: Frontier, crawler: Crawler) -> None:
        with crew_at(valkey, "pages") as crew:
            push(crew.join(), PAGE)

        async def is_awake() -> bool:
            return WAKE in engine_of(crawler).crawled and len(frontier.buffer) > 0

        await until(is_awake)
        assert engine_of(crawler).closed == []

    run(valkey, story)


def test_a_finished_crawl_closes_the_spider_once_and_puts_the_feeds_in_order(valkey: str) -> None:
    async def story(frontier: Frontier, crawler: Crawler) -> None:
        tidied: list[str] = []
        frontier.on_complete(lambda: tidied.append("a"))
        frontier.on_complete(lambda: tidied.append("b"))
        await frontier.execute("HINCRBY", frontier.keys.control, "redelivered", 1)
        frontier.has_started()
        await until(lambda: is_closed(crawler))
        frontier.news()
        await frontier.execute("PING")
        assert (engine_of(crawler).closed, tidied) == (["finished"], ["a", "b"])

    run(valkey, story)


def test_seeds_that_nobody_reads_close_the_spider_with_a_sentence(
    valkey: str, caplog: pytest.LogCaptureFixture
) -> None:
    with crew_at(valkey, "pages") as crew:
        queue = crew.queue()
        queue.join("url=https://site.example")
        push(queue, "x")
        take(queue)
        queue.leave()

    async def story(frontier: Frontier, crawler: Crawler) -> None:
        await frontier.execute("HDEL", frontier.keys.control, "seeds_read")
        frontier.has_started()

        async def is_unread() -> bool:
            frontier.handover.take()  # what is pushed above is no request, and so a dead letter
            return await is_closed(crawler)

        await until(is_unread)
        assert engine_of(crawler).closed == ["seeds_unread"]

    run(valkey, story)
    assert "start one with the same seeds again" in caplog.text


def test_a_lost_queue_closes_the_spider_with_a_sentence_and_answers_nobody(
    valkey: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def story(frontier: Frontier, crawler: Crawler) -> None:
        with Redis.from_url(valkey) as server:
            server.flushall()
        frontier.handover.push(Request(PAGE))
        await until(lambda: is_closed(crawler))
        for ask in (frontier.execute("PING"), frontier.claims.claim("r")):
            with pytest.raises(QueueLost):
                await ask
        assert engine_of(crawler).closed == ["queue_lost"]

    run(valkey, story)
    (said,) = [record.message for record in caplog.records if record.levelno >= logging.ERROR]
    assert said.startswith("The queue is lost: the crawl's keys below {crawler}:pages: are gone from Redis.")
    assert "What is in the feeds stays there if you start again with -o: -O would empty them" in said


def test_a_feed_that_cannot_be_written_closes_the_spider_with_a_sentence(
    valkey: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def story(frontier: Frontier, crawler: Crawler) -> None:
        frontier.write(Feed(OSError(errno.EFBIG, "File too large", "videos.jsonl")), b"1\n")
        await until(lambda: is_closed(crawler))
        assert engine_of(crawler).closed == ["feed_failed"]

    run(valkey, story)
    (said,) = [record.message for record in caplog.records if record.levelno >= logging.ERROR]
    assert said.startswith("videos.jsonl cannot be written (File too large): stopping.")
