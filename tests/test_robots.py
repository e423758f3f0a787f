from __future__ import annotations

import asyncio
import signal
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from time import monotonic
from typing import cast
from urllib.parse import urlsplit

import pytest
from redis import Redis
from scrapy import Spider
from scrapy.http import Response

from crawler.frontier.keys import Keys
from crawler.middlewares.robots import (
    FAILED_KEPT_S,
    KEPT_S,
    LARGEST_BYTES,
    RobotsTxt,
    SharedRobots,
    asked_delay_s,
    origin_of,
)
from tests.crawls import Ended, crawl, end, start
from tests.frontiers import at_work, crawler_at
from tests.paces import is_spaced
from tests.site import Catalogue, Quirks, Site, running_site
from tests.site.plain import Plain
from tests.spiders import FRONTIER, run_spider

OPEN = Quirks(rate_limit=False)
SMALL = Catalogue.generate(users=2, videos=12)
KEYS = Keys("videos")
AT_ONCE = """
    async def start(self):
        self.crawler.signals.connect(self.parsed, signals.robots_parsed)
        for url in self.urls:
            yield Request(url, dont_filter=True)

    def parsed(self, robotparser, request):
        print("parsed for", request.url, file=sys.stderr)

    def parse(self, response):
        print("read", response.url, file=sys.stderr)
"""
FETCHING = """
    async def start(self):
        yield Request(self.urls[0])

    async def parse(self, response):
        await self.crawler.engine.download_async(Request(self.urls[1]))
"""


class Idle(Spider):
    name = "videos"


def answered(status: int, body: bytes = b"User-agent: *\nDisallow: /a\n", took_s: float = 0) -> RobotsTxt:
    return RobotsTxt.of(Response("https://site.example/robots.txt", status=status, body=body), took_s)


# --- what is in a robots.txt ---


@pytest.mark.parametrize(
    ("rules", "delay_s"),
    [
        ("User-agent: *\nCrawl-delay: 2", 2),
        ("User-agent: *\nCrawl-delay: 0.5", 0.5),
        ("User-agent: *\nRequest-rate: 1/5", 5),
        ("User-agent: *\nRequest-rate: 2/1m", 30),
        ("User-agent: *\nRequest-rate: 1/5\nCrawl-delay: 7", 7),
        ("User-agent: *\nRequest-rate: 1/5 0600-0845\nCrawl-delay: 1", 5),
        ("User-agent: crawler\nCrawl-delay: 3\n\nUser-agent: *\nCrawl-delay: 9", 3),
        ("User-agent: other\nCrawl-delay: 9", 0),
        ("User-agent: *\nCrawl-delay: soon", 0),
        ("User-agent: *\nCrawl-delay: -1", 0),
        ("User-agent: *\nCrawl-delay: inf", 0),
        ("User-agent: *\nRequest-rate: 1/0", 0),
        ("<html>Crawl-delay: 5</html>", 0),
        ("", 0),
    ],
)
def test_a_delay_is_asked_of_us_by_crawl_delay_or_request_rate(rules: str, delay_s: float) -> None:
    assert asked_delay_s(rules.encode(), "crawler") == delay_s


def test_a_robots_txt_that_is_no_text_asks_for_nothing() -> None:
    assert asked_delay_s(bytes(range(256)) * 100, "crawler") == 0


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://site.example/a?b", "https://site.example"),
        ("http://Site.Example:8080/a", "http://site.example:8080"),
        ("https://me:secret@site.example/a", "https://site.example"),
    ],
)
def test_the_origin_of_a_url_has_its_port_and_no_password(url: str, origin: str) -> None:
    assert origin_of(url) == origin


@pytest.mark.parametrize(("status", "failed"), [(200, False), (404, False), (403, False), (429, True), (503, True)])
def test_only_a_failure_is_tried_again_soon(status: int, failed: bool) -> None:  # noqa: FBT001
    assert answered(status).failed == failed
    assert answered(status).kept_s == (FAILED_KEPT_S if failed else KEPT_S)


def test_attempts_at_a_host_that_does_not_answer_take_a_tenth_of_the_time() -> None:
    assert RobotsTxt.of(None, 150).kept_s == 1500
    assert RobotsTxt.of(None, 150).failed


def test_an_error_page_holds_no_rules() -> None:
    assert answered(404).body == b""
    assert answered(200).body != b""


def test_a_huge_robots_txt_is_cut_between_two_lines() -> None:
    lines = b"User-agent: *\n" + b"Disallow: /some/path\n" * 40_000
    cut = answered(200, lines).body
    assert lines.startswith(cut)
    assert cut.endswith(b"\nDisallow: /some/path")
    assert LARGEST_BYTES - 30 < len(cut) <= LARGEST_BYTES


# --- a fleet ---


@pytest.fixture
def seeds(tmp_path: Path) -> Path:
    return tmp_path / "seeds.txt"


def paths(site: Site) -> list[str]:
    return [urlsplit(request.path).path for request in site.requests]


def videos_of(site: Site, seeds: Path) -> tuple[str, ...]:
    """The arguments of a crawl that reads five videos' pages and nothing else."""
    seeds.write_text("\n".join(sorted(site.truth.videos)[:5]))
    return f"seeds={seeds}", "scope=seed"


def fleet(number: int, folder: Path, *arguments: str) -> list[Ended]:
    running = [start("videos", folder, *arguments, feed=f"{one}.jsonl") for one in range(number)]
    return [end(process, folder, f"{one}.jsonl") for one, process in enumerate(running)]


@pytest.fixture
def site() -> Iterator[Site]:
    with running_site(SMALL, OPEN, plain=True) as running:
        yield running


def test_three_instances_fetch_a_robots_txt_once_and_all_obey_it(tmp_path: Path, site: Site) -> None:
    ended = fleet(3, tmp_path, f"url={site.url}")
    assert [one.exit_code for one in ended] == [0, 0, 0]
    assert sorted(record["id"] for one in ended for record in one.records) == sorted(site.truth.videos)
    assert paths(site).count("/robots.txt") == 1
    assert not set(paths(site)) & site.truth.forbidden


def test_instances_that_need_it_at_once_wait_for_the_one_that_fetches_it(tmp_path: Path, seeds: Path) -> None:
    with running_site(SMALL, replace(OPEN, robots_wait_ms=2500), plain=True) as site:
        ended = fleet(3, tmp_path, *videos_of(site, seeds), "CONCURRENT_REQUESTS=1", "PREFETCH_COUNT=1")
    assert sum(len(one.records) for one in ended) == 5
    assert paths(site).count("/robots.txt") == 1


def test_the_other_spider_and_the_next_crawl_read_the_same_copy(tmp_path: Path, site: Site) -> None:
    for spider in ("users", "videos", "videos"):
        assert crawl(spider, tmp_path, f"url={site.url}/private/", "scope=seed").records == []
    assert paths(site) == ["/robots.txt"]


def test_two_instances_keep_the_crawl_delay_together(tmp_path: Path, seeds: Path) -> None:
    with running_site(SMALL, replace(OPEN, crawl_delay_s=0.6), plain=True) as site:
        ended = fleet(2, tmp_path, *videos_of(site, seeds))
    assert sum(len(one.records) for one in ended) == 5
    assert is_spaced(0.6, site)


def test_the_delay_begins_with_robots_txt_itself(valkey: str, site: Site) -> None:
    with running_site(SMALL, replace(OPEN, crawl_delay_s=0.6), plain=True) as slow:
        urls = site.url, f"{slow.url}/about".replace("127.0.0.1", "localhost")
        run_spider(FETCHING, *urls, REDIS_URL=valkey, **FRONTIER)
    assert paths(slow) == ["/robots.txt", "/about"]
    assert is_spaced(0.6, slow)


def test_a_crawl_delay_is_followed_up_to_the_limit(tmp_path: Path, seeds: Path) -> None:
    with running_site(SMALL, replace(OPEN, crawl_delay_s=3600), plain=True) as site:
        ended = crawl("videos", tmp_path, *videos_of(site, seeds), "CRAWL_DELAY_MAX_S=0.2")
    assert len(ended.records) == 5
    assert is_spaced(0.2, site)


def test_of_the_delays_for_one_host_the_longest_is_kept_until_it_is_taken_back(valkey: str) -> None:
    def asked_ms(site: Site) -> int:
        run_spider(AT_ONCE, f"{site.url}/about", REDIS_URL=valkey, **FRONTIER)
        with Redis.from_url(valkey) as client:
            return int(cast("bytes", client.hget(KEYS.host("127.0.0.1"), "robots_ms")))

    slow, slower = replace(OPEN, crawl_delay_s=0.2), replace(OPEN, crawl_delay_s=0.4)
    with running_site(SMALL, slow, plain=True) as one, running_site(SMALL, slower, plain=True) as other:
        assert [asked_ms(site) for site in (one, other, one)] == [200, 400, 400]
        assert isinstance(other.app, Plain)
        other.app.quirks = OPEN
        assert asked_ms(other) == 400, "the copy holds good for a day"
        with Redis.from_url(valkey) as client:
            client.delete(KEYS.robots(other.url))
        assert asked_ms(other) == 0


def test_where_no_robots_txt_can_be_read_all_is_allowed_and_it_is_not_asked_for_each_time(tmp_path: Path) -> None:
    with running_site(SMALL, replace(OPEN, robots_status=500), plain=True) as site:
        ended = fleet(2, tmp_path, f"url={site.url}/private/", "RETRY_TIMES=0")
    assert paths(site).count("/robots.txt") == 1
    assert "/private/" in paths(site)
    warnings = [line for one in ended for line in one.log.splitlines() if "No robots.txt could be read" in line]
    assert [line.endswith(f"allows everything: {site.url}/robots.txt (HTTP 500)") for line in warnings] == [True]


def test_a_robots_txt_that_is_not_there_allows_everything_for_a_day(tmp_path: Path, valkey: str) -> None:
    with running_site(SMALL, replace(OPEN, robots_status=404), plain=True) as site:
        ended = crawl("videos", tmp_path, f"url={site.url}/private/", f"REDIS_URL={valkey}")
    assert "/private/" in paths(site)
    assert "No robots.txt" not in ended.log
    with Redis.from_url(valkey) as client:
        assert cast("int", client.ttl(KEYS.robots(site.url))) > KEPT_S - 3600


def test_the_lock_of_an_instance_that_died_while_it_fetched_runs_out(tmp_path: Path, valkey: str, site: Site) -> None:
    before = monotonic()
    with Redis.from_url(valkey) as client:
        client.set(f"{KEYS.robots(site.url)}:lock", "the dead", px=4000)
    ended = crawl("videos", tmp_path, f"url={min(site.truth.videos)}", "scope=seed", f"REDIS_URL={valkey}")
    assert len(ended.records) == 1
    assert paths(site)[0] == "/robots.txt"
    assert site.requests[0].arrived - before >= 4.0


def test_a_lock_whose_reply_was_lost_is_still_its_holders(valkey: str) -> None:
    async def told() -> None:
        crawler = crawler_at(valkey, Idle)
        async with at_work(crawler):
            one, other = SharedRobots(crawler), SharedRobots(crawler)
            assert [await one.has_locked("lock") for _ in range(2)] == [True, True]
            assert not await other.has_locked("lock")

    asyncio.run(told())


def test_an_instance_that_waits_for_anothers_robots_txt_can_be_ended_and_loses_nothing(
    tmp_path: Path, valkey: str, site: Site
) -> None:
    arguments = (f"url={min(site.truth.videos)}", "scope=seed", f"REDIS_URL={valkey}")
    with Redis.from_url(valkey) as client:
        client.set(f"{KEYS.robots(site.url)}:lock", "another", px=3_600_000)
        waiting = start("videos", tmp_path, *arguments)
        while not client.keys("*:leased:*"):
            assert not is_over(waiting)
        waiting.send_signal(signal.SIGTERM)
        ended = end(waiting, tmp_path)
        client.delete(f"{KEYS.robots(site.url)}:lock")
    assert "(shutdown)" in ended.log
    assert site.requests == []
    assert len(crawl("videos", tmp_path, *arguments).records) == 1


def is_over(process: subprocess.Popen[str]) -> bool:
    """Tell whether a process ends within a moment."""
    with suppress(subprocess.TimeoutExpired):
        process.wait(0.02)
        return True
    return False


def test_a_damaged_copy_is_fetched_again(tmp_path: Path, valkey: str, site: Site) -> None:
    with Redis.from_url(valkey) as client:
        client.set(KEYS.robots(site.url), "damaged")
        crawl("videos", tmp_path, f"url={site.url}/private/", "scope=seed", f"REDIS_URL={valkey}")
        assert b"status" in cast("bytes", client.get(KEYS.robots(site.url)))
    assert paths(site) == ["/robots.txt"]


# --- without a fleet ---

MIDDLEWARES = {
    "scrapy.downloadermiddlewares.robotstxt.RobotsTxtMiddleware": None,
    "crawler.middlewares.robots.FleetRobotsTxtMiddleware": 100,
}


def test_with_another_scheduler_each_process_reads_it_once_for_all_that_arrives_together(site: Site) -> None:
    urls = [f"{site.url}/private/", f"{site.url}/about"] * 8
    log = run_spider(AT_ONCE, *urls, DOWNLOADER_MIDDLEWARES=MIDDLEWARES)
    assert log.count(f"read {site.url}/about") == 8
    assert log.count("parsed for") == 1
    assert sorted(paths(site)) == [*["/about"] * 8, "/robots.txt"]


def test_a_spider_hears_of_a_copy_that_another_instance_has_fetched(valkey: str, site: Site) -> None:
    logs = [run_spider(AT_ONCE, f"{site.url}/about", REDIS_URL=valkey, **FRONTIER) for _ in range(2)]
    assert [log.count(f"parsed for {site.url}/about") for log in logs] == [1, 1]
    assert paths(site) == ["/robots.txt", "/about", "/about"]
