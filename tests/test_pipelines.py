from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from redis import Redis
from scrapy import Spider
from scrapy.crawler import Crawler
from scrapy.utils.test import get_crawler

from crawler.frontier.keys import Keys
from crawler.frontier.ledger import Ledger
from crawler.items import Record, RecordKey, User, Video
from crawler.pipelines.dedupe import DedupePipeline, Duplicate
from crawler.pipelines.validate import Refused, ValidatePipeline
from crawler.signals import record_refused


class Books(Spider):
    name = "books"
    ledger: Ledger


@pytest.fixture
def server(valkey: str) -> Iterator[Redis]:
    with Redis.from_url(valkey) as client:
        yield client


def with_ledger(server: Redis) -> Crawler:
    crawler = get_crawler(Books)
    crawler.spider = spider = Books()
    spider.ledger = Ledger(server, Keys("books"))
    return crawler


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


def test_items_of_other_spiders_pass_both_pipelines(server: Redis) -> None:
    crawler = with_ledger(server)
    item: Any = {"title": ""}
    validate, dedupe = ValidatePipeline(crawler), DedupePipeline.from_crawler(crawler)
    for _ in range(2):
        assert validate.process_item(item) is item
        assert dedupe.process_item(item) is item


def test_a_record_passes_once_and_its_copy_is_counted(server: Redis) -> None:
    crawler = with_ledger(server)
    pipeline = DedupePipeline.from_crawler(crawler)
    record = a_video()
    assert pipeline.process_item(record) is record
    with pytest.raises(Duplicate) as refusal:
        pipeline.process_item(a_video(title="Kites, again"))
    assert refusal.value.log_level == "DEBUG"
    assert crawler.stats.get_value("records/duplicates") == 1


def test_a_record_passes_once_over_all_instances(server: Redis) -> None:
    pipelines = [DedupePipeline.from_crawler(with_ledger(server)) for _ in range(3)]
    passed = []
    for pipeline in pipelines:
        for name in ("kim", "lee"):
            try:
                passed.append(pipeline.process_item(a_user(name)).id)
            except Duplicate:
                continue
    assert passed == ["kim", "lee"]


def test_records_that_share_only_an_id_are_different(server: Redis) -> None:
    pipeline = DedupePipeline.from_crawler(with_ledger(server))
    records: list[Record] = [a_video(), a_video(site="t"), a_video(id="8"), a_user("7")]
    assert [pipeline.process_item(record) for record in records] == records


def test_without_a_ledger_every_record_passes() -> None:
    crawler = get_crawler()
    pipeline = DedupePipeline.from_crawler(crawler)
    assert [pipeline.process_item(a_video()).id for _ in range(2)] == ["7", "7"]
    assert crawler.stats.get_value("records/duplicates") is None
