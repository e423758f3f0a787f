from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from redis import Redis
from scrapy import Request
from scrapy.exceptions import NotConfigured
from scrapy.http import Response
from scrapy.utils.test import get_crawler

from crawler.frontier.frontier import Frontier
from crawler.frontier.keys import Keys
from crawler.middlewares.backoff import BackOffMiddleware
from tests.crawls import end, start
from tests.site import Catalogue, Quirks, running_site

HOST = "site.example"
URL = f"https://{HOST}/api"
SETTINGS = {
    "SCHEDULER": "crawler.frontier.scheduler.Scheduler",
    "DOWNLOAD_DELAY": 0.25,
    "RETRY_AFTER_MAX_S": 900,
    "BACKOFF_TIMES": 3,
    "CONCURRENT_REQUESTS_PER_DOMAIN": 4,
}
DATE = "Wed, 21 Oct 2015 07:28:00 GMT"
UNIX_DATE = 1_445_412_480


class Host:
    """A host's answers, and what the fleet's queue is told of them."""

    def __init__(self, redis_url: str) -> None:
        self.crawler = get_crawler(settings_dict=SETTINGS | {"REDIS_URL": redis_url})
        self.middleware = BackOffMiddleware.from_crawler(self.crawler)
        self.frontier = Frontier.of(self.crawler)
        self.store = Redis.from_url(redis_url)

    def answers(self, status: int, *, to: Request | None = None, **headers: str) -> Request | Response:
        request = to or Request(URL)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        result = self.middleware.process_response(request, Response(request.url, status=status, headers=named))
        before = self.now_ms()
        self.frontier.courier.answer(*self.frontier.outbox.take_questions())
        self.told = before, self.now_ms()
        return result

    def now_ms(self) -> float:
        seconds, microseconds = self.store.time()
        return seconds * 1000 + microseconds / 1000

    def state(self, slot: str = HOST) -> dict[str, float]:
        found = cast("dict[bytes, bytes]", self.store.hgetall(Keys("any").host(slot)))
        return {name.decode(): float(value) for name, value in found.items()}

    def is_left_alone_for(self, pause_s: float) -> bool:
        """Tell whether the pause begins when the queue was told of it, however slow this machine is."""
        before, after = self.told
        return before + 1000 * pause_s <= self.state()["next_ms"] <= after + 1000 * pause_s

    def stat(self, name: str) -> object:
        return self.crawler.stats.get_value(name)


@pytest.fixture
def host(valkey: str) -> Iterator[Host]:
    async def made() -> Host:
        return Host(valkey)

    one = asyncio.run(made())
    yield one
    one.store.close()
    one.frontier.queue.server.close()


@pytest.mark.parametrize(
    ("retry_after", "pause_s"),
    [
        ("30", 30),
        ("Wed, 21 Oct 2015 07:28:30 GMT", 30),
        ("Wed, 21 Oct 2015 09:28:30 +0200", 30),
        ("Wed, 21 Oct 2015 07:00:00 GMT", 1),
        ("86400", 900),
        ("9" * 500, 900),
        ("Wed, 21 Oct 2099 07:28:30 GMT", 900),
        ("0", 2),
        ("-5", 2),
        ("soon", 2),
        ("Wed, 99 Oct 2015 07:28:30 GMT", 2),
        ("Wed, 21 Oct 2015 07:28:30 +99999999999999999", 2),
        ("", 2),
    ],
)
def test_a_host_is_left_alone_for_as_long_as_it_asks_by_its_own_clock(
    host: Host, retry_after: str, pause_s: float
) -> None:
    again = host.answers(429, Retry_After=retry_after, Date=DATE)
    assert isinstance(again, Request)
    assert host.is_left_alone_for(pause_s)


def test_without_the_hosts_clock_a_date_is_read_by_our_own(host: Host) -> None:
    host.answers(503, Retry_After=DATE)  # long past
    assert host.is_left_alone_for(1)


@pytest.mark.parametrize("date", ["soon", "Wed, 21 Oct 2015 07:28:00 +99999999999999999"])
def test_a_hosts_clock_that_cannot_be_read_counts_as_none(host: Host, date: str) -> None:
    assert isinstance(host.answers(503, Retry_After=DATE, Date=date), Request)
    assert host.is_left_alone_for(1)


def test_however_often_a_request_was_throttled_the_pause_can_be_told(host: Host) -> None:
    host.answers(503, to=Request(URL, meta={"retry_times": 100_000}))
    assert host.is_left_alone_for(900)


def test_a_throttled_request_is_asked_again_as_it_was(host: Host) -> None:
    request = Request(URL, headers={"Accept": "x"}, meta={"download_slot": HOST, "crawl": {"kind": "user"}}, priority=5)
    again = host.answers(429, to=request)
    assert isinstance(again, Request)
    assert (again.url, again.headers, again.priority) == (request.url, request.headers, request.priority)
    assert again.dont_filter
    assert again.meta == request.meta | {"throttled_times": 1}
    assert "throttled_times" not in request.meta


def test_repeated_throttling_pauses_twice_as_long_each_time_and_then_gives_up(host: Host) -> None:
    request: Request | Response = Request(URL)
    for pause_s in (2, 4, 8):
        assert isinstance(request, Request)
        request = host.answers(429, to=request)
        assert host.is_left_alone_for(pause_s)
    assert isinstance(request, Request)
    given_up = host.answers(429, to=request)
    assert isinstance(given_up, Response)
    assert given_up.status == 429
    assert host.stat("backoff/status_count/429") == 4


def test_a_503_that_does_not_say_for_how_long_is_a_pause_and_a_failure(host: Host) -> None:
    for times, pause_s in ((0, 2), (1, 4), (2, 8)):
        response = host.answers(503, to=Request(URL, meta={"retry_times": times} if times else {}))
        assert isinstance(response, Response)
        assert host.is_left_alone_for(pause_s)
    assert host.stat("backoff/status_count/503") == 3


def test_a_shorter_pause_does_not_end_a_longer_one(host: Host) -> None:
    host.answers(429, Retry_After="600")
    until = host.state()["next_ms"]
    host.answers(429, Retry_After="5")
    assert host.state()["next_ms"] == until


@pytest.mark.parametrize("status", [200, 404, 500])
def test_an_answer_that_asks_for_nothing_passes_at_once(host: Host, status: int) -> None:
    response = host.answers(status)
    assert isinstance(response, Response)
    assert response.status == status
    assert host.state() == {}


def test_a_host_that_throttles_is_asked_more_slowly_once_a_pause(host: Host, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    for _ in range(10):
        host.answers(429, Retry_After="600")
    assert host.state()["slow_ms"] == 375
    assert [record.getMessage() for record in caplog.records if "pause" in record.getMessage()] == [
        f"{HOST} asks for a pause of 600 s (HTTP 429)"
    ]


def test_each_pause_makes_it_slower(host: Host) -> None:
    slow_ms = []
    for _ in range(3):
        host.answers(429, Retry_After="600")
        host.store.hset(Keys("any").host(HOST), "paused_ms", 1)  # that pause is over
        slow_ms.append(host.state()["slow_ms"])
    assert slow_ms == [375, 562.5, 843.75]


def test_a_longer_pause_is_told_too(host: Host, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    host.answers(429, Retry_After="60")
    host.answers(429, Retry_After="600")
    assert host.is_left_alone_for(600)
    assert sum("asks for a pause" in record.getMessage() for record in caplog.records) == 2


@pytest.mark.parametrize(
    ("remaining", "reset", "pause_s"),
    [
        ("3", "30", 30),
        ("0", "30", 30),
        ("3", str(UNIX_DATE + 40), 40),
        ("4", "30", 0),
        ("1000", "30", 0),
        ("3", "901", 0),
        ("3", "0", 0),
        ("3", str(UNIX_DATE - 40), 0),
        ("3", str(UNIX_DATE + 5000), 0),
        ("few", "30", 0),
        ("3", "later", 0),
        ("-1", "30", 0),
        ("3", "9" * 400, 0),
        ("3", "9" * 5000, 0),
        ("", "30", 0),
    ],
)
def test_the_last_requests_of_a_window_are_not_spent(host: Host, remaining: str, reset: str, pause_s: float) -> None:
    response = host.answers(200, X_RateLimit_Remaining=remaining, X_RateLimit_Reset=reset, Date=DATE)
    assert isinstance(response, Response)
    assert host.is_left_alone_for(pause_s) if pause_s else host.state() == {}
    assert host.stat("backoff/limit_heeded") == (1 if pause_s else None)
    assert "slow_ms" not in host.state()


def test_only_the_host_that_asks_is_left_alone_or_the_slot_that_its_request_was_given(host: Host) -> None:
    host.answers(429, Retry_After="30")
    assert host.state("other.example") == {}
    host.answers(429, to=Request(URL, meta={"download_slot": "group"}), Retry_After="600")
    assert host.state("group")["next_ms"] > host.state()["next_ms"]


def test_an_answer_out_of_a_cache_says_nothing_of_the_host(host: Host) -> None:
    cached = Response(URL, status=429, headers={"Retry-After": "30"}, flags=["cached"])
    assert host.middleware.process_response(Request(URL), cached) is cached
    assert host.frontier.outbox.take_questions()[0] == []


def test_with_another_scheduler_there_is_no_pace_to_slow_down() -> None:
    with pytest.raises(NotConfigured, match=r"needs this project's SCHEDULER"):
        BackOffMiddleware.from_crawler(get_crawler())


@pytest.mark.parametrize("spiders", [("videos", "videos"), ("users", "videos")])
def test_a_429_stops_all_instances_for_as_long_as_it_says(tmp_path: Path, spiders: tuple[str, str]) -> None:
    """The site answers 429 until nobody has asked for 2 s, so the crawl ends only if all instances heed it."""
    quirks = Quirks(rate_limit=False, throttle_after=12, throttle_s=2)
    with running_site(Catalogue.generate(users=4, videos=20), quirks, plain=True) as site:
        words = (f"url={site.url}", "DOWNLOAD_DELAY=0.05", "records=video")
        pair = [start(one, tmp_path, *words, feed=f"{number}.jsonl") for number, one in enumerate(spiders)]
        ended: list[Any] = [end(process, tmp_path, f"{number}.jsonl") for number, process in enumerate(pair)]
    assert any(request.status == 429 for request in site.requests)
    assert [one.exit_code for one in ended] == [0, 0]
    assert {record["id"] for one in ended for record in one.records} == set(site.truth.videos)
    assert any("asks for a pause of 2 s (HTTP 429)" in one.log for one in ended)
