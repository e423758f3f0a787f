from __future__ import annotations

from contextlib import ExitStack

import pytest

from tests.site import Catalogue, Quirks, running_site
from tests.spiders import FRONTIER, run_spider

OPEN = Quirks(rate_limit=False)
THROTTLED = Quirks(rate_limit=False, throttle_after=2, throttle_s=3600, latency_ms=300)
"""Answers robots.txt and one page, then 429 for an hour; so late that others wait in the engine meanwhile."""
NO_ROBOTS = Quirks(rate_limit=False, robots_status=429)
SMALL = Catalogue.generate(users=2, videos=4)
HEALTHY = 30

MANY_HOSTS = f"""
    async def start(self):
        *throttled, healthy = self.urls
        for number in range(6):
            for host in throttled:
                yield Request(f"{{host}}/about?{{number}}", meta={{"download_slot": host}})
        for number in range({HEALTHY}):
            yield Request(f"{{healthy}}/about?{{number}}", meta={{"download_slot": "healthy"}})

    read = 0

    def parse(self, response):
        from scrapy.exceptions import CloseSpider
        self.read += response.url.startswith(self.urls[-1])
        if self.read == {HEALTHY}:
            raise CloseSpider("all_read")
"""


@pytest.mark.parametrize("quirks", [THROTTLED, NO_ROBOTS])
def test_several_hosts_that_ask_for_long_pauses_hold_up_no_other(valkey: str, quirks: Quirks) -> None:
    with ExitStack() as sites:
        hosts = [sites.enter_context(running_site(SMALL, one, plain=True)) for one in [quirks] * 4 + [OPEN]]
        settings = {"CONCURRENT_REQUESTS": 4, "CONCURRENT_REQUESTS_PER_DOMAIN": 2, "REDIS_URL": valkey, **FRONTIER}
        log = run_spider(MANY_HOSTS, *(host.url for host in hosts), **settings)
    assert "Spider closed (all_read)" in log
    assert "Traceback" not in log


INLINE = """
    async def start(self):
        throttled, healthy = self.urls
        yield Request(f"{throttled}/about", meta={"download_slot": "throttled"}, callback=self.fetch)
        for number in range(40):
            yield Request(f"{healthy}/about?{number}", meta={"download_slot": "healthy"})

    async def fetch(self, response):
        for number in range(9):
            await self.crawler.engine.download_async(
                Request(f"{response.url}?{number}", meta={"download_slot": "throttled"})
            )

    read = 0

    def parse(self, response):
        from scrapy.exceptions import CloseSpider
        self.read += 1
        if self.read == 20 and self.settings["HOW"] == "raised":
            raise CloseSpider("raised")
"""


@pytest.mark.parametrize(
    ("settings", "reason"),
    [({"HOW": "raised"}, "raised"), ({"CLOSESPIDER_PAGECOUNT": 25}, "closespider_pagecount")],
)
def test_whoever_closes_the_spider_need_not_wait_for_a_host(
    valkey: str, settings: dict[str, object], reason: str
) -> None:
    with (
        running_site(SMALL, Quirks(rate_limit=False, throttle_after=2, throttle_s=50), plain=True) as throttled,
        running_site(SMALL, Quirks(rate_limit=False, latency_ms=50), plain=True) as healthy,
    ):
        usual = {"CONCURRENT_REQUESTS": 2, "LOG_LEVEL": "DEBUG", "REDIS_URL": valkey, **FRONTIER}
        log = run_spider(INLINE, throttled.url, healthy.url, **usual, **settings)
    assert f"Spider closed ({reason})" in log
    assert "asks for a pause of 50 s" in log
    assert [request.status for request in throttled.requests] == [200, 200, 429], "the pause was not waited for"


ONE_PAGE = """
    async def start(self):
        yield Request(self.urls[0])

    def parse(self, response):
        print("read", response.url, file=sys.stderr)
"""


@pytest.mark.parametrize(
    ("status", "settings"),
    [
        (429, {"RETRY_AFTER_MAX_S": 1.5, "BACKOFF_TIMES": 2}),
        (503, {"RETRY_AFTER_MAX_S": 1.5}),
        (500, {"DOWNLOAD_DELAY": 1.5}),
    ],
)
def test_a_robots_txt_that_cannot_be_had_and_has_to_be_waited_for_is_given_up_in_the_end(
    valkey: str, status: int, settings: dict[str, object]
) -> None:
    with running_site(SMALL, Quirks(rate_limit=False, robots_status=status), plain=True) as site:
        log = run_spider(ONE_PAGE, f"{site.url}/about", REDIS_URL=valkey, RETRY_TIMES=2, **settings, **FRONTIER)
    *attempts, page = (request.path for request in site.requests)
    assert (set(attempts), page) == ({"/robots.txt"}, "/about")
    assert 3 <= len(attempts) <= 6
    assert f"allows everything: {site.url}/robots.txt (HTTP {status})" in log
    assert f"read {site.url}/about" in log
    assert "Spider closed (finished)" in log


FETCHING = """
    async def start(self):
        yield Request(self.urls[0] + "/about")

    async def parse(self, response):
        for url in self.urls:
            await self.crawler.engine.download_async(Request(url + "/videos"))
        print("all read", file=sys.stderr)
"""


def test_a_page_gets_what_it_fetches_where_each_request_has_to_wait_for_seconds(valkey: str) -> None:
    with (
        running_site(SMALL, OPEN, plain=True) as one,
        running_site(SMALL, OPEN, plain=True) as other,
    ):
        urls = one.url, other.url.replace("127.0.0.1", "localhost")
        log = run_spider(FETCHING, *urls, REDIS_URL=valkey, DOWNLOAD_DELAY=1.5, **FRONTIER)
    assert [len(site.requests) for site in (one, other)] == [3, 2]
    assert log.count("all read") == 1
    assert "Spider closed (finished)" in log
