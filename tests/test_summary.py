from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Iterator
from dataclasses import replace

import pytest
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from scrapy import Spider, signals
from scrapy.exceptions import NotConfigured
from scrapy.utils.test import get_crawler

from crawler.extensions.summary import MOST_LISTINGS, SummaryExtension, listing_line, summary_lines
from crawler.frontier.keys import Keys
from crawler.frontier.ledger import Ledger, ListingCount, Summary
from crawler.items import RecordKey
from crawler.report import MOST_MISSING, cells, notes_on
from tests.books import Book
from tests.faults.relay import relay


class Users(Spider):
    name = "users"
    wanted = frozenset({"user"})
    ledger: Ledger


@pytest.fixture
def ledger(valkey: str) -> Iterator[Book]:
    with Redis.from_url(valkey) as client:
        yield Book(client, Keys("users"))


def listing(
    name: str = "videos of kim", *, whole: bool = False, declared: int | None = None, **numbers: int
) -> ListingCount:
    counts = ListingCount(name, "video", whole, declared)
    for field, number in numbers.items():
        setattr(counts, field, number)
    return counts


def summary(
    *listings: ListingCount, refused: dict[str, str] | None = None, failed: dict[str, str] | None = None
) -> Summary:
    return Summary({"video": sum(one.found for one in listings)}, list(listings), refused or {}, failed or {})


def text_of(*listings: ListingCount) -> str:
    return "\n".join(summary_lines(summary(*listings)))


def test_a_listing_is_a_line_with_all_its_numbers() -> None:
    one = listing("videos of s", declared=12_000, listed=11_990, found=9_000, refused=1_990, failed=1_000)
    assert listing_line(one) == (
        "  videos of s: 12,000 declared, 11,990 listed, 9,000 found, 1,990 refused, 1,000 failed (75.0 %)"
    )
    assert cells(one) == ("videos of s", "12,000", "9,000", "1,990", "1,000", "75.0 %")


def test_a_listing_that_declares_nothing_says_so() -> None:
    one = listing(listed=4, found=3)
    assert "none declared, 4 listed, 3 found" in listing_line(one)
    assert cells(one) == ("videos of kim", "-", "3", "0", "0", "-")
    assert "%" not in listing_line(one)


def test_a_limited_listing_says_so_and_what_is_declared() -> None:
    one = listing(declared=340, listed=5, found=5)
    one.most = 5
    assert listing_line(one) == (
        "  videos of kim: 5 of 5 (limited to 5 per user; 340 declared), 0 refused, 0 failed (100.0 %)"
    )
    assert cells(one)[0] == "videos of kim (5 per user)"


def test_an_empty_listing_has_no_share() -> None:
    assert listing_line(listing(declared=0)) == "  videos of kim: 0 declared, 0 listed, 0 found, 0 refused, 0 failed"
    assert cells(listing(declared=0))[-1] == "-"


def test_more_than_was_declared_is_not_more_than_all() -> None:
    assert cells(listing(declared=2, listed=2, found=3))[-1] == "100.0 %"


def test_missing_records_are_named_and_the_rest_is_counted() -> None:
    one = listing(declared=5, listed=5, found=1)
    one.missing = ["a", "b"]
    assert listing_line(one).endswith("; missing: a, b and 2 more")
    one.missing = ["a", "b", "c", "d"]
    assert listing_line(one).endswith("; missing: a, b, c, d")


def test_an_empty_crawl_says_that_there_are_no_records() -> None:
    (line,) = summary_lines(Summary({}, [], {}, {}))
    assert line.startswith("  no records")


def test_all_records_come_first_then_whole_hosts_then_single_users() -> None:
    whole = listing("videos of s", whole=True, declared=3, listed=3, found=2)
    lines = summary_lines(summary(listing("videos of kim", declared=1, listed=1), whole))
    assert [line.strip().partition(":")[0] for line in lines] == [
        "all videos", "videos of s", "0 of 1 listings of single users are complete", "videos of kim",
    ]  # fmt: skip


def test_complete_listings_of_single_users_are_only_counted() -> None:
    text = text_of(listing("done", declared=1, listed=1, found=1), listing("half", declared=2, listed=2, found=1))
    assert "  1 of 2 listings of single users are complete" in text
    assert "half: " in text
    assert "done: " not in text


def test_what_is_complete_while_requests_are_pending_is_so_only_so_far(ledger: Book) -> None:
    ledger.scribe.listing("videos of kim", "video", whole=False, declared=1, listed=[RecordKey("video", "s", "a")])
    ledger.record(RecordKey("video", "s", "a"))
    ledger.server.hset(ledger.keys.requests, mapping={str(number): "{}" for number in range(1_200)})
    line = "  1 of 1 listings of single users are complete"
    assert f"{line} so far, 1,200 requests pending" in summary_lines(ledger.summary())
    ledger.server.delete(ledger.keys.requests)
    assert line in summary_lines(ledger.summary())


def test_of_many_incomplete_listings_some_are_named_and_the_rest_is_counted() -> None:
    text = text_of(*(listing(f"videos of {number}", declared=1) for number in range(MOST_LISTINGS + 7)))
    assert text.count("videos of ") == MOST_LISTINGS
    assert text.endswith("… and 7 more incomplete listings")


def test_refusals_and_failures_are_counted_and_one_failure_is_told() -> None:
    one = summary(
        refused={str(n): "private" if n < 1_200 else "deleted" for n in range(1_203)},
        failed={"a": "no answer", "b": "HTTP 500"},
    )
    assert summary_lines(one)[-2:] == ["  refused: 3 deleted, 1,200 private", "  failed: 2, such as no answer"]
    assert notes_on("videos", one) == [
        "videos, refused: 3 deleted, 1,200 private (rejects.jsonl)",
        "videos, failed: no answer",
        "videos, failed: HTTP 500",
    ]


def test_the_notes_name_what_is_missing_and_where() -> None:
    half, done = listing("videos of kim", declared=2, listed=2), listing(declared=0)
    half.missing = ["a", "b"]
    assert notes_on("videos", summary(done, half)) == ["videos, missing in videos of kim: a, b"]
    assert notes_on("videos", summary(done)) == []


def test_the_notes_name_no_more_than_can_be_read() -> None:
    half = listing(declared=99)
    half.missing = [str(number) for number in range(99)]
    missing, *failures = notes_on("videos", summary(half, failed={str(number): "x" for number in range(99)}))
    assert missing.endswith(f" {MOST_MISSING - 1}")
    assert len(failures) == MOST_MISSING


async def told_of_the_end(ledger: Ledger, items: int = 0, reason: str = "finished") -> dict[str, object]:
    """Run the extension in a crawler that reports its progress, and ends; return its stats."""
    crawler = get_crawler(Users, {"EXTENSIONS_BASE": {}, "PROGRESS_INTERVAL_S": 60})
    crawler.spider = spider = Users()
    spider.ledger = ledger
    crawler.stats.inc_value("item_scraped_count", items)
    extension = SummaryExtension.from_crawler(crawler)
    for signal in (signals.spider_opened, signals.spider_closed):
        answers = await crawler.signals.send_catch_log_async(signal, spider=spider, reason=reason)
        assert [answer for _, answer in answers] == [None]
        extension.show_progress()
        extension.show_progress()  # while the first is being told
        assert extension.telling is not None
        await extension.telling
    await crawler.signals.send_catch_log_async(signals.engine_stopped)
    assert not extension.progress.running
    return dict(crawler.stats.get_stats())


def test_at_the_end_the_summary_is_logged_and_its_numbers_are_stats(
    ledger: Book, caplog: pytest.LogCaptureFixture
) -> None:
    ledger.scribe.listing("accounts of s", "user", whole=True, declared=2, listed=[RecordKey("user", "s", "a")])
    ledger.record(RecordKey("user", "s", "a"))
    with caplog.at_level(logging.INFO, "crawler.extensions.summary"):
        stats = asyncio.run(told_of_the_end(ledger))
    assert "Summary of users (finished):\n  all users: 2 declared, 1 listed, 1 found" in caplog.text
    numbers = {
        name: stats[f"completeness/user/{name}"] for name in ("declared", "listed", "found", "refused", "failed")
    }
    assert numbers == {"declared": 2, "listed": 1, "found": 1, "refused": 0, "failed": 0}


def test_a_lost_queue_is_not_summed_up(ledger: Book, caplog: pytest.LogCaptureFixture) -> None:
    stats = asyncio.run(told_of_the_end(ledger, items=22, reason="queue_lost"))
    assert "no records" not in caplog.text
    assert "No summary of users: what it would be made from was in the queue that is lost" in caplog.text
    assert [name for name in stats if name.startswith("completeness/")] == []


def test_what_no_listing_declares_is_no_number_among_the_stats(ledger: Book) -> None:
    ledger.record(RecordKey("user", "s", "a"))
    stats = asyncio.run(told_of_the_end(ledger))
    assert stats["completeness/user/found"] == 1
    assert "completeness/user/declared" not in stats


def test_progress_tells_of_all_and_of_this_instance(ledger: Book, caplog: pytest.LogCaptureFixture) -> None:
    ledger.record(*(RecordKey("user", "s", name) for name in ("a", "b")))
    with caplog.at_level(logging.INFO, "crawler.extensions.summary"):
        asyncio.run(told_of_the_end(ledger, items=1))
    assert "2 records, 0 requests pending in all; this instance: 1 record, 0 responses" in caplog.text


def test_progress_is_told_once_each_time(ledger: Book, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "crawler.extensions.summary"):
        asyncio.run(told_of_the_end(ledger))
    assert sum("requests pending in all" in record.getMessage() for record in caplog.records) == 2


def test_a_silent_redis_costs_the_summary_only(valkey: str, caplog: pytest.LogCaptureFixture) -> None:
    with relay(valkey) as line, Redis.from_url(line.url, socket_timeout=0.05, retry=Retry(NoBackoff(), 0)) as client:
        client.ping()
        line.pause()
        stats = asyncio.run(told_of_the_end(Ledger(client, Keys("users"))))
        line.resume()
    assert [name for name in stats if name.startswith("completeness/")] == []
    assert "Summary" not in caplog.text


class Watched(Book):
    """A ledger that notes in which threads it is asked."""

    def __init__(self, server: Redis, keys: Keys) -> None:
        super().__init__(server, keys)
        self.asked: list[tuple[str, threading.Thread]] = []

    def counts(self) -> dict[str, int]:
        self.asked.append(("counts", threading.current_thread()))
        return super().counts()

    def summary(self) -> Summary:
        self.asked.append(("summary", threading.current_thread()))
        return super().summary()


def test_redis_is_never_asked_in_the_thread_of_the_reactor(ledger: Book) -> None:
    watched = Watched(ledger.server, ledger.keys)
    asyncio.run(told_of_the_end(watched))
    assert {name for name, _ in watched.asked} == {"counts", "summary"}
    assert threading.current_thread() not in {thread for _, thread in watched.asked}


def test_a_crawl_without_a_record_ends_with_a_warning(ledger: Book, caplog: pytest.LogCaptureFixture) -> None:
    asyncio.run(told_of_the_end(ledger))
    assert [
        (one.levelname, "no records" in one.getMessage()) for one in caplog.records if "Summary" in one.getMessage()
    ] == [("WARNING", True)]


def test_a_spider_without_a_ledger_has_no_summary() -> None:
    with pytest.raises(NotConfigured):
        SummaryExtension.from_crawler(get_crawler())


def test_what_a_stopped_crawl_has_yet_to_find_is_not_named_as_missing() -> None:
    many = [listing(f"videos of {number}", declared=1, listed=1) for number in range(9)]
    for number, one in enumerate(many):
        one.missing.append(f"id{number}")
    assert notes_on("videos", summary(*many), stopped=True) == []
    assert notes_on("videos", summary(*many))[-1] == "videos, missing in 4 more listings: see the log"


def test_of_a_limited_host_nothing_is_complete_while_users_are_still_to_be_read() -> None:
    host = ListingCount("videos of site.example", "video", whole=True, declared=2598, listed=63, found=63, most=3)
    going_on = Summary({"video": 63}, [replace(host, grows=True)], {}, {}, pending=170)
    assert [line.strip() for line in summary_lines(going_on)] == [
        "all videos: 63 of 63 so far (limited to 3 per user; 2,598 declared), 0 refused, 0 failed",
        "videos of site.example: 63 of 63 so far (limited to 3 per user; 2,598 declared), 0 refused, 0 failed",
    ]
    assert cells(going_on.listings[0])[1:] == ("-", "63", "0", "0", "-")
    assert cells(host)[1:] == ("63", "63", "0", "0", "100.0 %")
