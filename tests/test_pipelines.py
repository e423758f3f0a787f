from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import Any

import pytest
from scrapy import Spider, signals
from scrapy.crawler import Crawler
from scrapy.exceptions import DropItem
from scrapy.utils.test import get_crawler

from crawler.frontier.ledger import member
from crawler.items import Record, RecordKey, User, Video, key_of
from crawler.pipelines.dedupe import DedupePipeline, Duplicate, Unclaimed
from crawler.pipelines.validate import Refused, ValidatePipeline
from crawler.signals import record_refused
from tests.frontiers import at_work, crawler_at, until


class Books(Spider):
    name = "books"


class Refusals:
    """Listens to what is refused, as the extensions do."""

    def __init__(self, crawler: Crawler) -> None:
        self.heard: list[dict[str, Any]] = []
        crawler.signals.connect(self.hear, record_refused)

    def hear(self, what: RecordKey, reason: str, details: list[str], url: str, record: dict[str, Any]) -> None:
        self.heard.append({"what": what, "reason": reason, "details": details, "url": url, "record": record})


def a_video(**fields: Any) -> Video:
    common: dict[str, Any] = {"site": "s", "id": "7", "url": "https://site.example/7", "fetched_at": "2026-01-01"}
    return Video(**common | {"fetched_from": "https://site.example/api/7", "title": " Kites "} | fields)


def a_user(name: str) -> User:
    url = f"https://site.example/{name}"
    return User(site="s", id=name, url=url, fetched_at="2026-01-01", fetched_from=url)


def test_a_record_is_normalised_and_stays_a_record() -> None:
    crawler = get_crawler()
    refusals = Refusals(crawler)
    record = ValidatePipeline.from_crawler(crawler).process_item(a_video(view_count="7", description=""))
    assert isinstance(record, Video)
    assert (record.title, record.view_count, record.description) == ("Kites", 7, None)
    assert record.fetched_at == "2026-01-01T00:00:00Z"
    assert refusals.heard == []


def test_a_record_that_is_not_valid_is_refused_with_every_reason() -> None:
    crawler = get_crawler()
    refusals = Refusals(crawler)
    with pytest.raises(Refused, match="invalid_duration"):
        ValidatePipeline.from_crawler(crawler).process_item(a_video(duration=-1, width="wide"))
    (refusal,) = refusals.heard
    assert refusal["what"] == RecordKey("video", "s", "7")
    assert (refusal["reason"], refusal["url"]) == ("invalid_duration", "https://site.example/api/7")
    duration, width = refusal["details"]
    assert duration.startswith("duration: ")
    assert "(got -1)" in duration
    assert "(got 'wide')" in width
    assert refusal["record"]["title"] == " Kites "


def test_a_reason_shows_only_the_beginning_of_a_long_value() -> None:
    crawler = get_crawler()
    refusals = Refusals(crawler)
    with pytest.raises(Refused):
        ValidatePipeline(crawler).process_item(a_video(duration="x" * 10_000))
    assert len(refusals.heard[0]["details"][0]) < 300


# --- a record once, over all instances ---


async def passes(pipeline: DedupePipeline, record: Record) -> bool:
    """Tell whether a pipeline lets a record through, as it is."""
    try:
        return await pipeline.process_item(record) is record
    except Duplicate:
        return False


def of_no_page(crawler: Crawler, item: Record, exception: Exception | None = None) -> None:
    """Tell what Scrapy tells when an item of a spider's start has left the pipelines, or has been dropped."""
    told: dict[str, Any] = {"item": item, "response": None, "spider": crawler.spider}
    if exception is None:
        crawler.signals.send_catch_log(signals.item_scraped, **told)
    else:
        crawler.signals.send_catch_log(signals.item_dropped, **told, exception=exception)


def test_items_of_other_spiders_pass_both_pipelines(valkey: str) -> None:
    async def run() -> None:
        crawler = crawler_at(valkey, Books)
        item: Any = {"title": ""}
        async with at_work(crawler):
            validate, dedupe = ValidatePipeline(crawler), DedupePipeline.from_crawler(crawler)
            for _ in range(2):
                assert validate.process_item(item) is item
                assert await dedupe.process_item(item) is item

    asyncio.run(run())


def test_a_record_passes_once_and_its_copy_is_counted(valkey: str) -> None:
    async def run() -> None:
        crawler = crawler_at(valkey, Books)
        async with at_work(crawler):
            pipeline, record = DedupePipeline.from_crawler(crawler), a_video()
            assert await pipeline.process_item(record) is record
            with pytest.raises(Duplicate) as refusal:
                await pipeline.process_item(a_video(title="Kites, again"))
        assert refusal.value.log_level == "DEBUG"
        assert crawler.stats.get_value("records/duplicates") == 1

    asyncio.run(run())


def test_of_a_record_that_several_pages_give_at_once_one_passes(valkey: str) -> None:
    async def run() -> None:
        crawler = crawler_at(valkey, Books)
        async with at_work(crawler):
            pipeline = DedupePipeline.from_crawler(crawler)
            passed = await asyncio.gather(*(passes(pipeline, a_user("kim")) for _ in range(20)))
        assert passed == [True] + [False] * 19

    asyncio.run(run())


def test_a_record_passes_once_over_all_instances(valkey: str) -> None:
    async def run() -> None:
        crawlers = [crawler_at(valkey, Books) for _ in range(3)]
        async with AsyncExitStack() as stack:
            for crawler in crawlers:
                await stack.enter_async_context(at_work(crawler))
            pipelines = [DedupePipeline.from_crawler(crawler) for crawler in crawlers]
            passed = await asyncio.gather(*(passes(one, a_user(name)) for name in ("kim", "lee") for one in pipelines))
        assert (passed[:3].count(True), passed[3:].count(True)) == (1, 1)

    asyncio.run(run())


def test_records_that_share_only_an_id_are_different(valkey: str) -> None:
    async def run() -> None:
        crawler = crawler_at(valkey, Books)
        records: list[Record] = [a_video(), a_video(site="t"), a_video(id="8"), a_user("7")]
        async with at_work(crawler):
            pipeline = DedupePipeline.from_crawler(crawler)
            assert [await pipeline.process_item(record) for record in records] == records

    asyncio.run(run())


def test_a_record_that_has_gone_to_the_feeds_is_known_to_the_fleet_for_good(valkey: str) -> None:
    async def run() -> None:
        first, second = crawler_at(valkey, Books), crawler_at(valkey, Books)
        async with at_work(second) as other:
            async with at_work(first) as one:
                pipeline, record = DedupePipeline.from_crawler(first), a_user("kim")
                assert await passes(pipeline, record)
                of_no_page(first, record)
                await until(lambda: one.execute("SCARD", one.keys.recorded))
                assert not await passes(pipeline, record)
            assert not await passes(DedupePipeline.from_crawler(second), record)
            assert await other.execute("SMEMBERS", other.keys.recorded) == {member(key_of(record)).encode()}

    asyncio.run(run())


def test_a_record_of_an_instance_that_died_before_its_page_was_done_passes_elsewhere(valkey: str) -> None:
    async def run() -> None:
        first, second = crawler_at(valkey, Books), crawler_at(valkey, Books)
        async with at_work(first) as one, at_work(second) as other:
            pipeline = DedupePipeline.from_crawler(second)
            assert await passes(DedupePipeline.from_crawler(first), a_user("kim"))
            assert not await passes(pipeline, a_user("kim"))
            one.pulse.stop()
            await other.execute("ZREM", other.keys.workers, one.queue.worker)
            assert await passes(pipeline, a_user("kim"))

    asyncio.run(run())


def test_a_record_that_another_pipeline_drops_can_come_of_another_page(valkey: str) -> None:
    async def run() -> None:
        crawlers = [crawler_at(valkey, Books) for _ in range(2)]
        async with at_work(crawlers[0]) as frontier, at_work(crawlers[1]):
            here, there = (DedupePipeline.from_crawler(crawler) for crawler in crawlers)

            async def copy(exception: DropItem) -> None:
                assert not await passes(here, a_user("kim"))
                of_no_page(crawlers[0], a_user("kim"), exception)

            async def refused() -> None:
                of_no_page(crawlers[0], a_user("kim"), DropItem("not valid"))

            assert await passes(here, a_user("kim"))
            await asyncio.create_task(copy(Duplicate("this one is the copy")))
            await asyncio.create_task(refused())
            assert not await passes(there, a_user("kim")), "the first one may still be written"
            of_no_page(crawlers[0], a_user("kim"), DropItem("not wanted"))

            async def is_free() -> bool:
                return not await frontier.execute("HLEN", frontier.keys.claims)

            await until(is_free)
            assert await passes(there, a_user("kim"))

    asyncio.run(run())


def test_where_the_queue_is_lost_no_record_passes_as_if_it_were_the_first(valkey: str) -> None:
    async def run() -> None:
        crawler = crawler_at(valkey, Books)
        async with at_work(crawler) as frontier:
            await frontier.execute("SET", frontier.keys.claims, "no hash")
            with pytest.raises(Unclaimed):
                await DedupePipeline.from_crawler(crawler).process_item(a_user("kim"))
        assert crawler.stats.get_value("records/duplicates") is None

    asyncio.run(run())


def test_without_this_scheduler_every_record_passes() -> None:
    async def run() -> None:
        crawler = get_crawler(Books)
        pipeline = DedupePipeline.from_crawler(crawler)
        for _ in range(2):
            assert await passes(pipeline, a_video())
            of_no_page(crawler, a_video())
        assert crawler.stats.get_value("records/duplicates") is None

    asyncio.run(run())
