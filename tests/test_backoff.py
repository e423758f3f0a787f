from __future__ import annotations

from time import monotonic

import pytest
from scrapy import Request
from scrapy.core.downloader import Slot
from scrapy.core.engine import ExecutionEngine
from scrapy.http import Response
from scrapy.utils.test import get_crawler

from crawler.middlewares.backoff import LEAST_DELAY_S, MOST_DELAY_S, BackOffMiddleware

HOST = "site.example"
URL = f"https://{HOST}/api"
SETTINGS = {
    "DOWNLOAD_DELAY": 0.25,
    "RETRY_AFTER_MAX_S": 900,
    "BACKOFF_TIMES": 3,
    "CONCURRENT_REQUESTS_PER_DOMAIN": 4,
    "DOWNLOAD_HANDLERS": dict.fromkeys(("http", "https", "ftp", "s3", "data", "file")),
}
DATE = "Wed, 21 Oct 2015 07:28:00 GMT"
UNIX_DATE = 1_445_412_480


class Host:
    """A real downloader's slot, and what the middleware makes of the host's answers."""

    def __init__(self, delay_s: float = 0.25) -> None:
        self.crawler = get_crawler(settings_dict=SETTINGS | {"DOWNLOAD_DELAY": delay_s})
        self.crawler.engine = ExecutionEngine(self.crawler, lambda _: None)
        self.slot = Slot(4, delay_s)
        self.crawler.engine.downloader.slots[HOST] = self.slot
        self.middleware = BackOffMiddleware.from_crawler(self.crawler)

    def answers(self, status: int, *, to: Request | None = None, **headers: str) -> Request | Response:
        request = to or Request(URL, meta={"download_slot": HOST})
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        before = monotonic()
        result = self.middleware.process_response(request, Response(URL, status=status, headers=named))
        self.answered = before, monotonic()
        return result

    def is_left_alone_for(self, pause_s: float) -> bool:
        """Tell whether the pause began while the last answer was looked at, however slow this machine is."""
        before, after = self.answered
        return before + pause_s <= self.slot.lastseen <= after + pause_s

    def stat(self, name: str) -> object:
        return self.crawler.stats.get_value(name)


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
        ("", 2),
    ],
)
def test_a_host_is_left_alone_for_as_long_as_it_asks_by_its_own_clock(retry_after: str, pause_s: float) -> None:
    host = Host()
    again = host.answers(429, Retry_After=retry_after, Date=DATE)
    assert isinstance(again, Request)
    assert host.is_left_alone_for(pause_s)


def test_without_the_hosts_clock_a_date_is_read_by_our_own() -> None:
    host = Host()
    host.answers(503, Retry_After=DATE)  # long past
    assert host.is_left_alone_for(1)


def test_a_throttled_request_is_asked_again_as_it_was() -> None:
    request = Request(URL, headers={"Accept": "x"}, meta={"download_slot": HOST, "crawl": {"kind": "user"}}, priority=5)
    again = Host().answers(429, to=request)
    assert isinstance(again, Request)
    assert (again.url, again.headers, again.priority) == (request.url, request.headers, request.priority)
    assert again.dont_filter
    assert again.meta == request.meta | {"throttled_times": 1}
    assert "throttled_times" not in request.meta


def test_repeated_throttling_pauses_twice_as_long_each_time_and_then_gives_up() -> None:
    host = Host()
    request: Request | Response = Request(URL, meta={"download_slot": HOST})
    for pause_s in (2, 4, 8):
        assert isinstance(request, Request)
        request = host.answers(429, to=request)
        assert host.is_left_alone_for(pause_s)
    assert isinstance(request, Request)
    given_up = host.answers(429, to=request)
    assert isinstance(given_up, Response)
    assert given_up.status == 429
    assert host.stat("backoff/status_count/429") == 4


def test_a_shorter_pause_does_not_end_a_longer_one() -> None:
    host = Host()
    host.answers(429, Retry_After="600")
    until = host.slot.lastseen
    host.answers(429, Retry_After="5")
    assert host.slot.lastseen == until


@pytest.mark.parametrize("status", [200, 404, 500, 503])
def test_an_answer_that_asks_for_nothing_passes_at_once(status: int) -> None:
    host = Host()
    response = host.answers(status)
    assert isinstance(response, Response)
    assert response.status == status
    assert host.slot.lastseen == 0


def test_a_host_that_throttles_gets_slower_and_one_that_answers_faster_again() -> None:
    host = Host(delay_s=0.25)
    delays = []
    for _ in range(20):
        host.answers(429, Retry_After="1")
        delays.append(host.slot.delay)
    assert delays == sorted(delays)
    assert delays[0] == pytest.approx(0.375)
    assert delays[-1] == MOST_DELAY_S
    host.answers(200)
    assert host.slot.delay == pytest.approx(9.7)
    for _ in range(300):
        host.answers(200)
    assert host.slot.delay == 0.25


def test_a_host_without_a_delay_gets_one_for_its_pause_and_loses_it_again() -> None:
    host = Host(delay_s=0)
    host.answers(429)
    assert host.slot.delay == LEAST_DELAY_S
    host.answers(200)
    assert host.slot.delay == 0


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
def test_the_last_requests_of_a_window_are_not_spent(remaining: str, reset: str, pause_s: float) -> None:
    host = Host()
    response = host.answers(200, X_RateLimit_Remaining=remaining, X_RateLimit_Reset=reset, Date=DATE)
    assert isinstance(response, Response)
    assert host.is_left_alone_for(pause_s) if pause_s else host.slot.lastseen == 0
    assert host.stat("backoff/limit_heeded") == (1 if pause_s else None)


def test_only_the_host_that_asks_is_left_alone() -> None:
    host = Host()
    other = host.crawler.engine.downloader.slots["other.example"] = Slot(4, 0.25)
    host.answers(429, Retry_After="30")
    assert (other.lastseen, other.delay) == (0, 0.25)


def test_an_answer_without_a_slot_passes_as_it_is() -> None:
    host = Host()
    response = host.answers(429, to=Request(URL), Retry_After="30")
    assert isinstance(response, Response)
    assert host.slot.lastseen == 0
