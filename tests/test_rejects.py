from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest
from redis import Redis
from scrapy import Spider, signals
from scrapy.crawler import Crawler
from scrapy.exceptions import NotConfigured
from scrapy.utils.test import get_crawler

from crawler.extensions.rejects import Rejects, RejectsSink
from crawler.frontier.frontier import Frontier
from crawler.items import RecordKey
from crawler.signals import record_refused
from tests.couriers import Feed, instance, lasts, overheard
from tests.faults.relay import relay
from tests.frontiers import crawler_at
from tests.queues import link

KEY = RecordKey("user", "peertube", "kim@site.example")
OLD = b'{"spider": "users", "reason": "old", "at": "2020-01-01T00:00:00Z"}\n'


class Users(Spider):
    name = "users"


class Videos(Users):
    name = "videos"


def lines(path: Path) -> list[dict[str, Any]]:
    return [orjson.loads(line) for line in path.read_bytes().splitlines()]


def reasons(path: Path) -> list[str]:
    return [line["reason"] for line in lines(path)]


async def frontier_of(crawler: Crawler) -> Frontier:
    return Frontier.of(crawler)


class Instance:
    """A crawler with the extension, told what a real one is told; what it has to write is written at once."""

    def __init__(self, url: str, feeds: dict[str, Any], spider: type[Users] = Users) -> None:
        self.crawler = crawler_at(url, spider, FEEDS=feeds)
        self.frontier = asyncio.run(frontier_of(self.crawler))
        self.frontier.join()
        self.frontier.courier.draining = True  # it takes no requests
        self.rejects = Rejects.from_crawler(self.crawler)

    @property
    def path(self) -> Path:
        return self.rejects.sink.path

    def open(self) -> Instance:
        self.frontier.outbox.push(link("page"))  # so that there is a crawl to go on with
        self.send(signals.spider_opened, spider=self.crawler.spider)
        return self

    def refuse(self, reason: str, what: RecordKey | str = KEY, **about: Any) -> Instance:
        defaults: dict[str, Any] = {"details": [], "url": "", "record": None}
        self.send(record_refused, what=what, reason=reason, **defaults | about)
        return self

    def close(self) -> None:
        self.frontier.queue.leave()

    def send(self, signal: Any, **arguments: Any) -> None:
        answers = self.crawler.signals.send_catch_log(signal, **arguments)
        assert [answer for _, answer in answers] == [None] * len(answers)
        with self.frontier.outbox.condition:
            parcel = self.frontier.outbox.take_parcel()
        self.frontier.courier.deliver(parcel)


NewInstance = Callable[..., Instance]


@pytest.fixture
def new(valkey: str) -> Iterator[NewInstance]:
    """Make an instance whose feed is one file."""
    made: list[Instance] = []

    def make(feed: Path | str, spider: type[Users] = Users, **options: Any) -> Instance:
        made.append(Instance(valkey, {str(feed): {"format": "jsonl"} | options}, spider))
        return made[-1]

    yield make
    for one in made:
        one.frontier.queue.server.close()


@pytest.fixture
def next_crawl(valkey: str) -> Iterator[Callable[[], None]]:
    """End the crawl, so that the next instance begins another one."""
    with Redis.from_url(valkey) as server:
        yield server.flushall


def test_a_refusal_is_a_line_beside_the_feed(tmp_path: Path, new: NewInstance) -> None:
    before = datetime.now(UTC).replace(microsecond=0)
    instance = new(tmp_path / "out" / "users.jsonl").open()
    url = "https://site.example/api/kim"
    instance.refuse("invalid_name", details=["name: a", "tags: b"], url=url, record={"name": "Käfer"}).close()
    (line,) = lines(tmp_path / "out" / "rejects.jsonl")
    assert datetime.fromisoformat(line.pop("at")) >= before
    assert line == {
        "spider": "users",
        "what": list(KEY),
        "reason": "invalid_name",
        "details": ["name: a", "tags: b"],
        "url": url,
        "record": {"name": "Käfer"},
    }


def test_a_page_that_is_no_record_is_named_by_its_url(tmp_path: Path, new: NewInstance) -> None:
    new(tmp_path / "users.jsonl").open().refuse("consent", "https://site.example/x").close()
    (line,) = lines(tmp_path / "rejects.jsonl")
    assert (line["what"], line["url"], line["record"]) == ("https://site.example/x", None, None)


def test_what_is_no_json_is_written_as_text(tmp_path: Path, new: NewInstance) -> None:
    new(tmp_path / "users.jsonl").open().refuse("odd", record={"path": Path("/a"), "nan": float("nan")}).close()
    (line,) = lines(tmp_path / "rejects.jsonl")
    assert line["record"] == {"path": "/a", "nan": None}


def test_what_cannot_be_written_in_utf_8_is_written_as_near_as_can_be(tmp_path: Path, new: NewInstance) -> None:
    record = {"name": "a\ud800b", "count": 2**70}
    new(tmp_path / "users.jsonl").open().refuse("odd", record=record).close()
    (line,) = lines(tmp_path / "rejects.jsonl")
    assert line["record"]["name"] == "a?b"


def test_where_nothing_is_refused_there_is_no_file(tmp_path: Path, new: NewInstance) -> None:
    new(tmp_path / "users.jsonl").open().close()
    assert list(tmp_path.iterdir()) == []


def test_a_feed_named_as_a_file_url_is_a_file(tmp_path: Path, new: NewInstance) -> None:
    new((tmp_path / "a b.jsonl").as_uri()).open().refuse("x").close()
    assert (tmp_path / "rejects.jsonl").exists()


def test_the_folder_is_that_of_the_first_feed_that_is_a_local_file(tmp_path: Path, valkey: str) -> None:
    feeds: dict[str, Any] = {
        "s3://bucket/a.jsonl": {},
        "stdout:": {},
        str(tmp_path / "b" / "b.jsonl"): {},
        str(tmp_path / "c.jsonl"): {},
    }
    assert Instance(valkey, feeds).path == tmp_path / "b" / "rejects.jsonl"


@pytest.mark.parametrize(
    ("feed", "expected"),
    [
        ("out/%(name)s/%(time)s.jsonl", "out/users/rejects.jsonl"),
        ("out/a%20b/users.jsonl", "out/a%20b/rejects.jsonl"),
        ("%(time)s/users.jsonl", "rejects.jsonl"),
        ("%(name)s/%(batch_id)05d/users.jsonl", "rejects.jsonl"),
    ],
)
def test_the_folder_holds_no_placeholders(new: NewInstance, feed: str, expected: str) -> None:
    assert new(feed).path == Path(expected)


@pytest.mark.parametrize("feeds", [{}, {"s3://bucket/users.jsonl": {}}, {"stdout:": {"format": "jsonl"}}])
def test_without_a_local_feed_there_is_no_file_of_rejects(valkey: str, feeds: dict[str, Any]) -> None:
    with pytest.raises(NotConfigured):
        Instance(valkey, feeds)


def test_with_another_scheduler_there_is_no_file_of_rejects(tmp_path: Path) -> None:
    with pytest.raises(NotConfigured):
        Rejects.from_crawler(get_crawler(Users, {"FEEDS": {str(tmp_path / "users.jsonl"): {}}}))


# --- several instances, several crawls ---


def test_lines_of_an_earlier_crawl_stay_where_the_feed_is_continued(
    tmp_path: Path, new: NewInstance, next_crawl: Callable[[], None]
) -> None:
    for reason in ("old", "new"):
        new(tmp_path / "users.jsonl").open().refuse(reason)
        next_crawl()
    assert reasons(tmp_path / "rejects.jsonl") == ["old", "new"]


def test_a_feed_that_is_begun_anew_drops_this_spiders_old_lines_only(tmp_path: Path, new: NewInstance) -> None:
    (tmp_path / "rejects.jsonl").write_bytes(OLD + OLD.replace(b"users", b"videos"))
    new(tmp_path / "records.jsonl", overwrite=True).open().refuse("new user")
    assert [(line["spider"], line["reason"]) for line in lines(tmp_path / "rejects.jsonl")] == [
        ("videos", "old"),
        ("users", "new user"),
    ]


def test_each_spider_drops_its_own_old_lines_once(tmp_path: Path, new: NewInstance) -> None:
    (tmp_path / "rejects.jsonl").write_bytes(OLD + OLD.replace(b"users", b"videos"))
    for reason in ("a", "b"):
        for spider in (Users, Videos):
            new(tmp_path / f"{spider.name}.jsonl", spider, overwrite=True).open().refuse(f"{reason} {spider.name}")
    assert reasons(tmp_path / "rejects.jsonl") == ["a users", "a videos", "b users", "b videos"]


def test_a_second_instance_and_a_restart_keep_the_lines_of_their_crawl(tmp_path: Path, new: NewInstance) -> None:
    feed = tmp_path / "users.jsonl"
    first, second = (new(feed, overwrite=True) for _ in range(2))
    feed.with_name("rejects.jsonl").write_bytes(OLD + b"no json\n[]\n")
    first.open().refuse("a")
    second.open().refuse("b")
    first.refuse("c").close()
    second.close()
    new(feed, overwrite=True).open().refuse("d").close()
    assert reasons(tmp_path / "rejects.jsonl") == ["a", "b", "c", "d"]


@pytest.mark.parametrize("options", [{"overwrite": True}, {}], ids=["-O", "-o"])
def test_a_crawl_that_begins_without_a_file_keeps_its_lines_when_it_is_joined_or_resumed(
    tmp_path: Path, new: NewInstance, options: dict[str, Any]
) -> None:
    feed = tmp_path / "users.jsonl"
    first = new(feed, **options).open()
    (tmp_path / "rejects.jsonl").write_bytes(OLD)  # as if it had come from another instance, long ago
    new(feed, overwrite=True).open().refuse("b").close()
    first.close()
    new(feed, overwrite=True).open().refuse("c").close()
    assert reasons(tmp_path / "rejects.jsonl") == ["old", "b", "c"]


# --- faults ---


def test_a_file_that_cannot_be_written_is_told_once_and_stops_nothing(
    tmp_path: Path, new: NewInstance, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "rejects.jsonl").mkdir()
    one, feed = new(tmp_path / "users.jsonl").open(), Feed()
    one.frontier.write(feed, b"1\n")
    one.refuse("a").refuse("b").close()
    (said,) = (record.message for record in caplog.records if record.levelno >= logging.WARNING)
    assert "rejects.jsonl cannot be written (Is a directory)" in said
    assert "make room" in said
    assert feed.data == b"1\n"
    (tmp_path / "rejects.jsonl").rmdir()
    one.refuse("c")
    assert reasons(tmp_path / "rejects.jsonl") == ["c"]


@pytest.mark.parametrize("replies", [1, 2, 3])
def test_replies_that_are_lost_on_the_way_drop_no_other_lines(tmp_path: Path, valkey: str, replies: int) -> None:
    path = tmp_path / "rejects.jsonl"
    path.write_bytes(OLD)
    with relay(valkey) as line, instance(line.url) as one:
        line.replies_to_lose = replies
        one.outbox.write(RejectsSink(path, "users", one.queue, overwrite=True), OLD.replace(b"old", b"new"))
        one.round()
        assert reasons(path) == ["new"]
        one.outbox.write(RejectsSink(path, "users", one.queue, overwrite=True), b"")
        one.round()
        assert reasons(path) == ["new"], "it is noted"


def test_who_joins_again_drops_nothing_and_notes_again_what_redis_has_lost(tmp_path: Path, valkey: str) -> None:
    path = tmp_path / "rejects.jsonl"
    with instance(valkey) as one:
        sink = RejectsSink(path, "users", one.queue, overwrite=True)
        sink.append(OLD, lasts)
        one.server.delete(one.keys.feeds)
        one.queue.join()
        sink.append(OLD, lasts)
        RejectsSink(path, "users", one.queue, overwrite=True).append(OLD, lasts)
    assert reasons(path) == ["old"] * 3


def test_once_it_has_begun_redis_is_asked_no_more(tmp_path: Path, valkey: str) -> None:
    with instance(valkey) as one, Redis.from_url(valkey) as client:
        sink = RejectsSink(tmp_path / "rejects.jsonl", "users", one.queue, overwrite=True)
        sink.append(OLD, lasts)
        with overheard(client) as heard:
            sink.append(OLD, lasts)
    assert heard == []
