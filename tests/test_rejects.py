from __future__ import annotations

from collections.abc import Iterator
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

from crawler.extensions.rejects import Rejects
from crawler.frontier.keys import Keys
from crawler.frontier.ledger import Ledger
from crawler.items import RecordKey
from crawler.signals import record_refused

KEY = RecordKey("user", "peertube", "kim@site.example")


class Users(Spider):
    name = "users"
    ledger: Ledger


class Videos(Users):
    name = "videos"


@pytest.fixture
def server(valkey: str) -> Iterator[Redis]:
    with Redis.from_url(valkey) as client:
        yield client


def lines(path: Path) -> list[dict[str, Any]]:
    return [orjson.loads(line) for line in path.read_bytes().splitlines()]


def crawler_with(feeds: dict[str, Any], spider: type[Users] = Users) -> Crawler:
    return get_crawler(spider, {"FEEDS": feeds, "EXTENSIONS_BASE": {}})


class Instance:
    """A crawler with the extension, told what a real one is told."""

    def __init__(
        self, feed: Path | str, server: Redis | None = None, spider: type[Users] = Users, **options: Any
    ) -> None:
        self.crawler: Crawler = crawler_with({str(feed): {"format": "jsonl"} | options}, spider)
        self.rejects = Rejects.from_crawler(self.crawler)
        self.spider = spider()
        if server is not None:
            self.spider.ledger = Ledger(server, Keys(spider.name))

    def open(self) -> Instance:
        self.send(signals.spider_opened, spider=self.spider)
        return self

    def refuse(self, reason: str, what: RecordKey | str = KEY, **about: Any) -> Instance:
        defaults: dict[str, Any] = {"details": [], "url": "", "record": None}
        self.send(record_refused, what=what, reason=reason, **defaults | about)
        return self

    def close(self) -> None:
        self.send(signals.spider_closed, spider=self.spider, reason="finished")

    def send(self, signal: Any, **arguments: Any) -> None:
        answers = self.crawler.signals.send_catch_log(signal, **arguments)
        assert [answer for _, answer in answers] == [None] * len(answers)


def test_a_refusal_is_a_line_beside_the_feed(tmp_path: Path) -> None:
    before = datetime.now(UTC).replace(microsecond=0)
    instance = Instance(tmp_path / "out" / "users.jsonl").open()
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


def test_a_page_that_is_no_record_is_named_by_its_url(tmp_path: Path) -> None:
    Instance(tmp_path / "users.jsonl").open().refuse("consent", "https://site.example/x").close()
    (line,) = lines(tmp_path / "rejects.jsonl")
    assert (line["what"], line["url"], line["record"]) == ("https://site.example/x", None, None)


def test_what_is_no_json_is_written_as_text(tmp_path: Path) -> None:
    Instance(tmp_path / "users.jsonl").open().refuse("odd", record={"path": Path("/a"), "nan": float("nan")}).close()
    (line,) = lines(tmp_path / "rejects.jsonl")
    assert line["record"] == {"path": "/a", "nan": None}


def test_what_cannot_be_written_in_utf_8_is_written_as_near_as_can_be(tmp_path: Path) -> None:
    record = {"name": "a\ud800b", "count": 2**70}
    Instance(tmp_path / "users.jsonl").open().refuse("odd", record=record).close()
    (line,) = lines(tmp_path / "rejects.jsonl")
    assert line["record"]["name"] == "a?b"


def test_where_nothing_is_refused_there_is_no_file(tmp_path: Path) -> None:
    Instance(tmp_path / "users.jsonl").open().close()
    assert list(tmp_path.iterdir()) == []


def test_a_feed_named_as_a_file_url_is_a_file(tmp_path: Path) -> None:
    Instance((tmp_path / "a b.jsonl").as_uri()).open().refuse("x").close()
    assert (tmp_path / "rejects.jsonl").exists()


def test_the_folder_is_that_of_the_first_feed_that_is_a_local_file(tmp_path: Path) -> None:
    feeds: dict[str, Any] = {
        "s3://bucket/a.jsonl": {},
        "stdout:": {},
        str(tmp_path / "b" / "b.jsonl"): {},
        str(tmp_path / "c.jsonl"): {},
    }
    rejects = Rejects.from_crawler(crawler_with(feeds))
    assert rejects.path == tmp_path / "b" / "rejects.jsonl"


@pytest.mark.parametrize(
    ("feed", "expected"),
    [
        ("out/%(name)s/%(time)s.jsonl", "out/users/rejects.jsonl"),
        ("out/a%20b/users.jsonl", "out/a%20b/rejects.jsonl"),
        ("%(time)s/users.jsonl", "rejects.jsonl"),
        ("%(name)s/%(batch_id)05d/users.jsonl", "rejects.jsonl"),
    ],
)
def test_the_folder_holds_no_placeholders(feed: str, expected: str) -> None:
    assert Rejects.from_crawler(crawler_with({feed: {}})).path == Path(expected)


@pytest.mark.parametrize("feeds", [{}, {"s3://bucket/users.jsonl": {}}, {"stdout:": {"format": "jsonl"}}])
def test_without_a_local_feed_there_is_no_file_of_rejects(feeds: dict[str, Any]) -> None:
    with pytest.raises(NotConfigured):
        Rejects.from_crawler(crawler_with(feeds))


def test_lines_of_an_earlier_crawl_stay_where_the_feed_is_continued(tmp_path: Path, server: Redis) -> None:
    for reason in ("old", "new"):
        Instance(tmp_path / "users.jsonl", server).open().refuse(reason).close()
    assert [line["reason"] for line in lines(tmp_path / "rejects.jsonl")] == ["old", "new"]


def test_a_feed_that_is_begun_anew_drops_this_spiders_old_lines_only(tmp_path: Path, server: Redis) -> None:
    feed = tmp_path / "records.jsonl"
    Instance(feed).open().refuse("old user").close()
    Instance(feed, spider=Videos).open().refuse("old video").close()
    Instance(feed, server, overwrite=True).open().refuse("new user").close()
    assert [line["reason"] for line in lines(tmp_path / "rejects.jsonl")] == ["old video", "new user"]


def test_a_second_instance_and_a_restart_keep_the_lines_of_their_crawl(tmp_path: Path, server: Redis) -> None:
    feed = tmp_path / "users.jsonl"
    first, second = (Instance(feed, server, overwrite=True) for _ in range(2))
    feed.with_name("rejects.jsonl").write_bytes(b'{"spider": "users", "reason": "old"}\nno json\n[]\n')
    first.open().refuse("a")
    second.open().refuse("b")
    first.refuse("c").close()
    second.close()
    Instance(feed, server, overwrite=True).open().refuse("d").close()
    assert [line["reason"] for line in lines(tmp_path / "rejects.jsonl")] == ["a", "b", "c", "d"]


@pytest.mark.parametrize("options", [{"overwrite": True}, {}], ids=["-O", "-o"])
def test_a_crawl_that_begins_without_a_file_keeps_its_lines_when_it_is_joined_or_resumed(
    tmp_path: Path, server: Redis, options: dict[str, Any]
) -> None:
    feed = tmp_path / "users.jsonl"
    first = Instance(feed, server, **options).open().refuse("a")
    Instance(feed, server, overwrite=True).open().refuse("b").close()
    first.close()
    Instance(feed, server, overwrite=True).open().refuse("c").close()
    assert [line["reason"] for line in lines(tmp_path / "rejects.jsonl")] == ["a", "b", "c"]


def test_a_file_that_cannot_be_written_is_told_once_and_stops_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "rejects.jsonl").mkdir()
    Instance(tmp_path / "users.jsonl").open().refuse("a").refuse("b").close()
    (said,) = (record.message for record in caplog.records if record.name == "crawler.extensions.rejects")
    assert "rejects.jsonl cannot be written (Is a directory)" in said
    assert "make room" in said
