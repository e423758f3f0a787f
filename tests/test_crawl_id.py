from __future__ import annotations

from pathlib import Path

import orjson
import pytest
from redis import Redis
from scrapy.settings import Settings

from crawler.errors import SettingsError
from crawler.extensions.rejects import RejectsSink
from crawler.feeds.jsonlines import FeedSink
from crawler.frontier.bounds import check_settings
from crawler.frontier.keys import Keys, command_of, crawl_name, spider_of
from crawler.frontier.queue import Queue
from tests.commands import answer, run
from tests.crawls import end, lines, start
from tests.site import Catalogue, Quirks, running_site


def named(crawl_id: str, **others: str) -> Settings:
    return Settings({"CRAWL_ID": crawl_id, **others})


@pytest.mark.parametrize(
    ("crawl_id", "spider", "name"),
    [
        ("", "users", "users"),
        ("users", "users", "users"),
        ("nightly", "users", "users@nightly"),
        ("nightly", "users@weekly", "users@weekly"),
    ],
)
def test_a_crawl_is_named_by_its_spider_and_its_id(crawl_id: str, spider: str, name: str) -> None:
    assert crawl_name(named(crawl_id), spider) == name
    assert spider_of(name) == "users"


def test_crawls_share_the_pace_of_hosts_and_no_other_key() -> None:
    one, other = Keys.of(named("one"), "users"), Keys.of(named("other"), "users")
    assert (one.requests, other.requests) == ("{crawler}:users@one:requests", "{crawler}:users@other:requests")
    assert (one.start_urls, other.start_urls) == ("users@one:start_urls", "users@other:start_urls")
    assert one.host("site.example") == other.host("site.example")


@pytest.mark.parametrize(
    ("template", "redis_key", "key"),
    [
        ("", "", "users@one:start_urls"),
        ("", "users:start_urls", "users@one:start_urls"),
        ("", "my-seeds", "my-seeds"),
        ("seeds-of-%(name)s", "seeds-of-users", "seeds-of-users@one"),
    ],
)
def test_the_seeds_of_a_crawl_are_its_own_unless_the_spider_names_a_key(
    template: str, redis_key: str, key: str
) -> None:
    assert Keys.of(named("one", REDIS_START_URLS_KEY=template), "users", redis_key).start_urls == key


def test_the_command_that_starts_an_instance_of_a_crawl_names_its_id() -> None:
    assert command_of("users") == "scrapy crawl users"
    assert command_of("users@one") == "scrapy crawl users -s CRAWL_ID=one"


@pytest.mark.parametrize("crawl_id", ["a b", "a:b", "a@b", "*", "x" * 101])
def test_what_is_no_name_is_refused_with_the_remedy(crawl_id: str) -> None:
    with pytest.raises(SettingsError, match=r"^CRAWL_ID \(.*\) must be a name of .*, or leave it out\.$") as found:
        check_settings(named(crawl_id))
    assert crawl_id in str(found.value)


def test_crawls_of_one_spider_run_side_by_side_and_each_is_seen_and_ended_by_its_name(
    tmp_path: Path, valkey: str
) -> None:
    with (
        running_site(Catalogue.generate(users=4, videos=24), Quirks(rate_limit=False)) as site,
        Redis.from_url(valkey) as server,
    ):
        urls = [f"{site.url}/videos/watch/{uuid}" for uuid in sorted(site.truth.videos)]
        server.rpush("videos@two:start_urls", *(orjson.dumps({"url": url}) for url in urls[9:14]))
        here = f"REDIS_URL={valkey}"
        both = [
            start("videos", tmp_path, f"url={','.join(urls[:10])}", "CRAWL_ID=one", here, feed="one.jsonl"),
            start("videos", tmp_path, "CRAWL_ID=two", here, feed="two.jsonl"),
        ]
        ended = [end(process, tmp_path) for process in both]
        assert [one.exit_code for one in ended] == [0, 0], ended
        store = ("-s", here)
        crawls = {one["crawl"]: one["records"] for one in answer("status", *store)["crawls"] if one["state"] != "none"}
        assert crawls == {"videos@one": 10, "videos@two": 5}
        assert answer("status", "videos", "-s", "CRAWL_ID=two", *store)["crawls"][0]["crawl"] == "videos@two"
        seen = answer("explain", "--offline", urls[0], *store)["crawls"]
        assert {one["crawl"]: one["state"] for one in seen if one["crawl"].startswith("videos@")} == {
            "videos@one": "recorded",
            "videos@two": "forgotten",
        }
        assert run("clear", "videos@one", "--yes", *store).returncode == 0
        assert answer("status", *store)["crawls"][-1]["crawl"] == "videos@two"
    ids = sorted(site.truth.videos)
    for name, there in (("one", ids[:10]), ("two", ids[9:14])):
        assert sorted(record["id"] for record in lines(tmp_path / f"{name}.jsonl")) == there


def test_a_file_that_two_crawls_begin_at_the_same_time_is_emptied_by_none_of_them(
    tmp_path: Path, valkey: str, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "videos.jsonl"
    with Redis.from_url(valkey) as server:
        one, other = (Queue(server, Keys(f"videos@{name}")) for name in ("one", "other"))
        one.join()
        FeedSink(path, one, overwrite=True).append(b"one\n", lambda: None)
        FeedSink(path, other, overwrite=True).append(b"two\n", lambda: None)
        assert path.read_bytes() == b"one\ntwo\n"
        assert "is not emptied: the crawl videos@one, which is not finished, writes to it too" in caplog.text
        server.hset(one.keys.control, "finished", 1)
        FeedSink(path, Queue(server, Keys("videos")), overwrite=True).append(b"three\n", lambda: None)
        assert path.read_bytes() == b"three\n"


def test_refusals_of_a_crawl_that_is_not_finished_stay_where_another_one_begins_its_file_anew(
    tmp_path: Path, valkey: str
) -> None:
    path, line = tmp_path / "rejects.jsonl", b'{"spider":"videos","at":"2026-01-01T00:00:00.000Z"}\n'
    with Redis.from_url(valkey) as server:
        one, users = Queue(server, Keys("videos@one")), Queue(server, Keys("users"))
        for queue, spider in ((one, "videos"), (users, "users")):
            queue.join()
            RejectsSink(path, spider, queue, overwrite=True).append(line if queue is one else b"", lambda: None)
        RejectsSink(path, "videos", Queue(server, Keys("videos@two")), overwrite=True).append(b"", lambda: None)
        assert path.read_bytes() == line
        server.hset(one.keys.control, "finished", 1)
        RejectsSink(path, "videos", Queue(server, Keys("videos@three")), overwrite=True).append(b"", lambda: None)
        assert path.read_bytes() == b""


def test_a_crawl_does_not_empty_the_file_of_another_one_that_is_not_finished(tmp_path: Path, valkey: str) -> None:
    with running_site(Catalogue.generate(users=2, videos=8), Quirks(rate_limit=False)) as site:
        urls = [f"{site.url}/videos/watch/{uuid}" for uuid in sorted(site.truth.videos)]
        here = f"REDIS_URL={valkey}"
        first = end(start("videos", tmp_path, f"url={','.join(urls)}", "max_pages=1", "CRAWL_ID=one", here), tmp_path)
        assert first.exit_code == 0
        other = f"url={urls[7]}"
        refused = end(start("videos", tmp_path, other, here), tmp_path)
        assert (refused.exit_code, refused.records) == (2, first.records)
        assert "would empty the file that the crawl videos@one writes to, which is not finished" in refused.log
        beside = end(start("videos", tmp_path, other, here, option="-o"), tmp_path)
        again = end(start("videos", tmp_path, "CRAWL_ID=one", here), tmp_path)
        assert [beside.exit_code, again.exit_code, len(again.records)] == [0, 0, 9]
        anew = end(start("videos", tmp_path, other, here), tmp_path)
        assert (anew.exit_code, len(anew.records)) == (0, 1)
