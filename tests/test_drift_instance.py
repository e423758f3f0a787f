"""What one instance counts, and when it tells the fleet."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from scrapy import Spider, signals
from scrapy.crawler import Crawler
from scrapy.exceptions import NotConfigured
from scrapy.http import Response

from crawler.drift.book import Book
from crawler.drift.counts import PAGE, RECORD, Counts, Group
from crawler.extensions.drift import DriftExtension
from crawler.items import RecordKey, Video
from crawler.signals import record_read, record_refused
from tests.frontiers import at_work, crawler_at, engine_of, until
from tests.queues import Crew, crew_at

URL = "https://site.example/v/1"
PAGES = Group(PAGE, "peertube")
OTHER_PAGES = Group(PAGE, "schema.org", "site.example")


class Videos(Spider):
    name = "videos"


@pytest.fixture
def crew(valkey: str) -> Iterator[Crew]:
    with crew_at(valkey) as crew:
        yield crew


def crawler_that_counts(url: str, **settings: Any) -> Crawler:
    return crawler_at(url, Videos, DRIFT_LEAST_READINGS=20, DRIFT_PERIOD_S=3600, **settings)


def counted(crew: Crew) -> dict[Group, Counts]:
    return Book.of(crew.server, crew.keys).read().counts


def read(crawler: Crawler, number: int = 1) -> None:
    """Let the instance read records."""
    for _ in range(number):
        one = Video(site="peertube", id="1", url=URL, title="T", fetched_at="t", fetched_from=URL)
        crawler.signals.send_catch_log(record_read, record=one)


def refuse(crawler: Crawler, what: RecordKey | str, url: str) -> None:
    words: dict[str, Any] = {"reason": "gone", "details": [], "record": None}
    crawler.signals.send_catch_log(record_refused, what=what, url=url, **words)


def test_all_that_was_read_is_told_at_once(valkey: str, crew: Crew) -> None:
    crawler = crawler_that_counts(valkey)

    async def story() -> dict[Group, Counts]:
        extension = DriftExtension.from_crawler(crawler)
        async with at_work(crawler):
            read(crawler, 3)
            refuse(crawler, RecordKey("video", "peertube", "2"), URL)
            refuse(crawler, URL, "")
            crawler.signals.send_catch_log(signals.spider_error, failure=None, response=Response(URL), spider=None)
            assert counted(crew) == {}
            await extension.tell()
            return counted(crew)

    assert asyncio.run(story()) == {
        Group("video", "peertube"): Counts(3, {"title": 3}, URL),
        PAGES: Counts(4, {RECORD: 3}, URL),
        OTHER_PAGES: Counts(2, {}, URL),
    }


def test_what_is_left_at_the_end_is_told_by_an_instance_that_has_left(valkey: str, crew: Crew) -> None:
    crawler = crawler_that_counts(valkey)

    async def story() -> None:
        extension = DriftExtension.from_crawler(crawler)
        async with at_work(crawler):
            read(crawler, 30)
            assert counted(crew) == {}
        await extension.spider_closed("shutdown")

    asyncio.run(story())
    assert counted(crew)[PAGES].n == 30
    assert crew.names("*batches") == []


def test_a_crawl_that_is_complete_has_told_and_learnt_all_before_it_is_finished(valkey: str, crew: Crew) -> None:
    crawler = crawler_that_counts(valkey)

    async def has_ended() -> bool:
        return engine_of(crawler).closed == ["finished"]

    async def story() -> float:
        DriftExtension.from_crawler(crawler)
        async with at_work(crawler) as frontier:
            read(crawler, 30)
            frontier.has_started()
            await until(has_ended)
            return Book.of(crew.server, crew.keys).read().entries[PAGES].now.usual.n

    assert asyncio.run(story()) == 30


def test_of_a_crawl_that_is_lost_nothing_is_said(valkey: str, crew: Crew) -> None:
    crawler = crawler_that_counts(valkey)

    async def story() -> list[str]:
        extension = DriftExtension.from_crawler(crawler)
        async with at_work(crawler):
            read(crawler, 30)
        crew.server.flushall()
        for reason in ("queue_lost", "finished"):
            await extension.spider_closed(reason)
        return extension.last_words

    assert asyncio.run(story()) == []
    assert crew.names("*") == []


@pytest.mark.parametrize("settings", [{"DRIFT_LEAST_READINGS": 0}, {"SCHEDULER": "scrapy.core.scheduler.Scheduler"}])
def test_whoever_does_not_want_to_know_is_not_told(valkey: str, settings: dict[str, Any]) -> None:
    with pytest.raises(NotConfigured):
        DriftExtension.from_crawler(crawler_at(valkey, Videos, **({"DRIFT_LEAST_READINGS": 20} | settings)))
