from __future__ import annotations

import signal
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from scrapy import Request
from scrapy.downloadermiddlewares.redirect import RedirectMiddleware
from scrapy.downloadermiddlewares.retry import get_retry_request
from scrapy.exceptions import NotConfigured
from scrapy.http import Response
from scrapy.utils.test import get_crawler

from crawler.errors import SettingsError
from crawler.frontier.slots import FLEET_SLOT, enter_fleet, slot_of
from crawler.middlewares.pace import PaceMiddleware
from tests.crawls import crawl, end, start, until_lines
from tests.paces import is_spaced
from tests.site import Catalogue, Quirks, running_site
from tests.spiders import FRONTIER, run_spider

OPEN = Quirks(rate_limit=False)
SMALL = Catalogue.generate(users=2, videos=12)
SCHEDULER = "crawler.frontier.scheduler.Scheduler"


def sent(request: Request) -> Request:
    """What is left of a request once the downloader has had it."""
    enter_fleet(request)
    return request


def moved(request: Request, url: str) -> Request:
    """What Scrapy makes of a redirect."""
    crawler = get_crawler()
    again = RedirectMiddleware.from_crawler(crawler).process_response(
        request, Response(request.url, status=302, headers={"Location": url})
    )
    assert isinstance(again, Request)
    return again


# --- slots ---


@pytest.mark.parametrize(
    ("url", "slot"),
    [
        ("https://site.example/a", "site.example"),
        ("http://Site.Example:8080/a", "site.example"),
        ("https://me:secret@site.example/", "site.example"),
        ("http://[::1]:80/", "::1"),
        ("data:,wake", ""),
    ],
)
def test_a_requests_slot_is_the_host_of_its_url(url: str, slot: str) -> None:
    assert slot_of(Request(url)) == slot
    assert slot_of(sent(Request(url))) == slot


def test_a_slot_that_was_given_goes_with_the_request_through_the_downloader_and_a_retry() -> None:
    request = sent(Request("https://site.example/a", meta={"download_slot": "group"}))
    again = get_retry_request(request, spider=get_crawler()._create_spider(), reason="reset")  # noqa: SLF001
    assert again
    assert request.meta["download_slot"] == FLEET_SLOT
    assert [slot_of(one) for one in (request, again, sent(again))] == ["group"] * 3


def test_a_redirect_keeps_a_slot_that_was_given_and_else_follows_its_url() -> None:
    given = sent(Request("https://site.example/a", meta={"download_slot": "group"}))
    assert slot_of(moved(given, "https://other.example/")) == "group"
    assert slot_of(moved(sent(Request("https://site.example/a")), "https://other.example/")) == "other.example"


def test_a_request_that_copies_meta_may_name_another_slot() -> None:
    before = sent(Request("https://site.example/a", meta={"download_slot": "group"}))
    assert slot_of(Request("https://site.example/b", meta=before.meta)) == "group"
    assert slot_of(Request("https://site.example/b", meta=before.meta | {"download_slot": "other"})) == "other"


# --- settings ---


def test_with_another_scheduler_scrapys_own_delays_stay() -> None:
    with pytest.raises(NotConfigured, match=r"not scrapy.core.scheduler.Scheduler"):
        PaceMiddleware.from_crawler(get_crawler())


@pytest.mark.parametrize("slots", [{}, {"site.example": {"delay": 5}}, {FLEET_SLOT: {"concurrency": 8}}])
def test_settings_that_leave_scrapys_delays_in_the_way_are_an_error_that_says_what_to_set(slots: object) -> None:
    crawler = get_crawler(settings_dict={"SCHEDULER": SCHEDULER, "DOWNLOAD_SLOTS": slots})
    with pytest.raises(SettingsError, match=r'add "fleet": {"concurrency": 1000, "delay": 0}'):
        PaceMiddleware.from_crawler(crawler)


# --- a fleet ---


def test_all_requests_of_two_spiders_keep_one_delay_together(tmp_path: Path) -> None:
    seeds = tmp_path / "seeds.txt"
    with running_site(SMALL, OPEN, plain=True) as site:
        seeds.write_text("\n".join([*sorted(site.truth.videos)[:6], f"{site.url}/moved/1"]))
        words = (f"seeds={seeds}", "scope=seed", "DOWNLOAD_DELAY=0.2")
        pair = [start(spider, tmp_path, *words, feed=f"{spider}.jsonl") for spider in ("users", "videos")]
        ended = [end(process, tmp_path) for process in pair]
    assert [one.exit_code for one in ended] == [0, 0]
    asked = [urlsplit(request.path).path for request in site.requests]
    assert {"/robots.txt", "/.well-known/nodeinfo", "/moved/2"} <= set(asked)
    assert is_spaced(0.2, site)


PACED = """
    async def start(self):
        for url in self.urls:
            yield Request(url, meta={"download_slot": "group"})

    def parse(self, response):
        print("slot", response.meta["download_slot"], file=sys.stderr)
        yield Request(response.url + "/more", meta=response.meta)
"""


def test_hosts_of_one_slot_keep_one_delay_together(valkey: str) -> None:
    with running_site(SMALL, OPEN, plain=True) as one, running_site(SMALL, OPEN, plain=True) as other:
        urls = [f"{one.url}/v/1", f"{other.url}/v/1".replace("127.0.0.1", "localhost")]
        log = run_spider(PACED, *urls, REDIS_URL=valkey, DOWNLOAD_DELAY=0.3, DEPTH_LIMIT=2, **FRONTIER)
    assert [len(site.requests) for site in (one, other)] == [4, 4]
    assert is_spaced(0.3, one, other)
    assert [line for line in log.splitlines() if line.startswith("slot ")] == [f"slot {FLEET_SLOT}"] * 6


FETCHING = """
    async def start(self):
        yield Request(self.urls[0])

    async def parse(self, response):
        for number in range(8):
            await self.crawler.engine.download_async(Request(f"{response.url}/{number}"))
"""


def test_what_a_callback_fetches_keeps_the_delay_too(valkey: str) -> None:
    with running_site(SMALL, OPEN, plain=True) as site:
        run_spider(FETCHING, f"{site.url}/v/1", REDIS_URL=valkey, DOWNLOAD_DELAY=0.2, **FRONTIER)
    assert len(site.requests) == 10
    assert is_spaced(0.2, site)


FETCHING_COPIES = """
    async def start(self):
        yield Request(self.urls[0])

    async def parse(self, response):
        from asyncio import gather
        await gather(*(self.crawler.engine.download_async(response.request.replace()) for number in range(4)))
"""


def test_copies_of_its_own_request_that_a_callback_fetches_keep_the_hosts_cap(valkey: str) -> None:
    with running_site(SMALL, Quirks(rate_limit=False, latency_ms=100), plain=True) as site:
        settings = {"REDIS_URL": valkey, "CONCURRENT_REQUESTS_PER_DOMAIN": 1}
        run_spider(FETCHING_COPIES, f"{site.url}/v/1", **settings, **FRONTIER)
    assert len(site.requests) == 6
    assert is_spaced(0.1, site)


def test_requests_that_wait_for_robots_txt_do_not_use_up_its_hosts_cap(tmp_path: Path) -> None:
    arguments = ("scope=seed", "CONCURRENT_REQUESTS_PER_DOMAIN=1", "DOWNLOAD_TIMEOUT=3600")
    with running_site(SMALL, Quirks(rate_limit=False, robots_wait_ms=300), plain=True) as site:
        ended = crawl("videos", tmp_path, f"url={min(site.truth.videos)}", *arguments)
    assert len(ended.records) == 1


def test_a_host_that_asks_for_an_hour_holds_up_no_other_host_and_no_end(tmp_path: Path, valkey: str) -> None:
    slow = Quirks(rate_limit=False, crawl_delay_s=3600)
    seeds = tmp_path / "seeds.txt"
    arguments = (
        f"seeds={seeds}",
        "scope=seed",
        f"REDIS_URL={valkey}",
        "CRAWL_DELAY_MAX_S=3600",
        "CONCURRENT_REQUESTS=4",
    )
    with running_site(SMALL, slow, plain=True) as one, running_site(SMALL, OPEN, plain=True) as other:
        near = {url.replace("127.0.0.1", "localhost") for url in other.truth.videos}
        seeds.write_text("\n".join(sorted({*one.truth.videos, *near})))
        running = start("videos", tmp_path, *arguments)
        until_lines(running, tmp_path / "records.jsonl", len(near))
        running.send_signal(signal.SIGTERM)
        ended = end(running, tmp_path)
    assert "(shutdown)" in ended.log
    assert [urlsplit(request.path).path for request in one.requests] == ["/robots.txt"]
