from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from scrapy import Spider, signals
from scrapy.exceptions import NotConfigured
from scrapy.utils.test import get_crawler

from crawler.extensions.attendance import Attendance
from crawler.feeds.noted import feed_name
from tests.frontiers import at_work, crawler_at
from tests.queues import Crew, crew_at, finish, push, take, tell


class Pages(Spider):
    name = "pages"


@pytest.fixture
def crew(valkey: str) -> Iterator[Crew]:
    with crew_at(valkey, "pages") as crew:
        yield crew


async def attend(valkey: str, reason: str, *feeds: Path) -> dict[str, object]:
    """Enter the crawl, and end for that reason; return the stats."""
    crawler = crawler_at(valkey, Pages, FEEDS={str(feed): {"format": "jsonl"} for feed in feeds})
    async with at_work(crawler):
        attendance = Attendance.from_crawler(crawler)
        for signal in (signals.spider_opened, signals.spider_closed):
            answers = await crawler.signals.send_catch_log_async(signal, spider=crawler.spider, reason=reason)
            assert [answer for _, answer in answers] == [None]
            if attendance.comparing:
                await attendance.comparing
        attendance.engine_stopped()
    return dict(crawler.stats.get_stats())


def said(caplog: pytest.LogCaptureFixture, valkey: str, reason: str, *feeds: Path) -> list[str]:
    """Return what an instance says that ends for that reason."""
    with caplog.at_level(logging.INFO, "crawler.extensions.attendance"):
        asyncio.run(attend(valkey, reason, *feeds))
    return [record.getMessage() for record in caplog.records if record.name == "crawler.extensions.attendance"]


def interrupt(crew: Crew, feed: Path | None = None, *, pending: int = 1) -> None:
    """Begin a crawl, and leave it with requests pending."""
    queue = crew.queue()
    queue.join()
    push(queue, "done", *map(str, range(pending)))
    finish(queue, take(queue)["done"])
    if feed:
        for name in (feed_name(feed), f"begun:{feed.name}", f"rejects:{feed_name(feed.with_name('rejects.jsonl'))}"):
            queue.begin_feed(name, 0)
    tell(queue, started=True)
    queue.leave()


def test_a_crawl_that_found_nothing_to_do_says_so_and_where_it_looked(
    valkey: str, caplog: pytest.LogCaptureFixture
) -> None:
    begins, nothing = said(caplog, valkey, "finished")
    assert begins == "A new crawl begins"
    assert nothing.startswith(
        "There was nothing to do: no seeds are in pages:start_urls, and the spider began with no "
    )


@pytest.mark.parametrize(("pending", "words"), [(1, "1 request"), (1234, "1,234 requests")])
def test_what_an_interrupted_crawl_has_left_is_said_at_the_start_and_at_the_end(
    valkey: str, crew: Crew, caplog: pytest.LogCaptureFixture, pending: int, words: str
) -> None:
    interrupt(crew, pending=pending)
    assert said(caplog, valkey, "shutdown") == [
        f"An interrupted crawl is resumed: {words} left (-a anew=1 would drop it)",
        f"{words} pending: the same command goes on from there",
    ]


def test_of_a_queue_that_is_lost_it_is_not_said_that_the_same_command_goes_on(
    valkey: str, crew: Crew, caplog: pytest.LogCaptureFixture
) -> None:
    interrupt(crew)
    (beginning,) = said(caplog, valkey, "queue_lost")
    assert beginning.startswith("An interrupted crawl is resumed")


def test_an_instance_that_joins_others_says_so(valkey: str, crew: Crew, caplog: pytest.LogCaptureFixture) -> None:
    push(crew.join(), "a")
    beginning, *_ = said(caplog, valkey, "shutdown")
    assert beginning.startswith("Joining a crawl that others are at, or were until some seconds ago: 1 request left")


@pytest.mark.parametrize(("former", "is_told"), [("records.jsonl", False), ("former.jsonl", True)])
def test_a_resumed_crawl_tells_where_its_records_are_unless_that_is_its_feed(  # noqa: PLR0913 - a column each
    valkey: str, crew: Crew, caplog: pytest.LogCaptureFixture, tmp_path: Path, former: str, *, is_told: bool
) -> None:
    interrupt(crew, tmp_path / former)
    feed = tmp_path / "records.jsonl"
    sentence = f"What this crawl has found before is in {tmp_path / former}: {feed} gets the rest only"
    assert (sentence in said(caplog, valkey, "shutdown", feed)) == is_told


def test_dead_letters_are_counted_and_warned_of_at_the_end(
    valkey: str, crew: Crew, caplog: pytest.LogCaptureFixture
) -> None:
    interrupt(crew)
    for number in range(2):
        crew.server.hset(crew.keys.dead, str(number), "{}")
    with caplog.at_level(logging.WARNING, "crawler.extensions.attendance"):
        assert asyncio.run(attend(valkey, "finished"))["frontier/dead_letters"] == 2
    assert [record.getMessage()[:15] for record in caplog.records] == ["2 dead letters:"]


def test_a_spider_of_another_scheduler_is_left_alone() -> None:
    with pytest.raises(NotConfigured):
        Attendance.from_crawler(get_crawler(Pages))
