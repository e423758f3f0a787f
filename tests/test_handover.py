from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from scrapy import Request, Spider
from scrapy.crawler import Crawler

from crawler.errors import NotSerializable
from crawler.frontier.frontier import WAKE, Frontier
from crawler.frontier.handover import SEEN_KEPT, Handover
from crawler.frontier.prefetch import PrefetchBuffer
from crawler.frontier.queue import Handed, NewLink
from tests.frontiers import at_work, crawler_at, engine_of, next_request, until
from tests.queues import crew_at, ids, link, push, tell

PAGE = "https://site.example/"
LATER_MS = 30.0
Story = Callable[[Frontier, Crawler], Coroutine[Any, Any, None]]


class Pages(Spider):
    name = "pages"

    def page(self, response: object) -> None:
        """Read a page."""


class Seeded(Pages):
    def make_request_from_data(self, data: bytes) -> list[Request]:
        if data == b"odd":
            raise ValueError("no seed")
        return [Request(f"{data.decode()}/{number}") for number in range(2)]


def run(url: str, story: Story, spider: type[Spider] = Pages, **settings: Any) -> None:
    """Run a story with a frontier at work."""

    async def told() -> None:
        crawler = crawler_at(url, spider, **settings)
        async with at_work(crawler) as frontier:
            await story(frontier, crawler)

    asyncio.run(told())


def payload(**fields: Any) -> bytes:
    return json.dumps({"v": 1, "u": PAGE, "s": "site.example", **fields}).encode()


# --- into the queue ---


def test_what_is_pushed_comes_out_as_it_was(valkey: str) -> None:
    async def story(frontier: Frontier, crawler: Crawler) -> None:
        assert isinstance(crawler.spider, Pages)
        pushed = Request(f"{PAGE}a", callback=crawler.spider.page, priority=7, meta={"depth": 2}, cb_kwargs={"x": [1]})
        assert frontier.handover.push(pushed)
        taken = await next_request(frontier)
        assert taken is not pushed
        assert (taken.url, taken.callback, taken.priority) == (pushed.url, pushed.callback, 7)
        assert (taken.meta, taken.cb_kwargs) == ({"depth": 2}, {"x": [1]})
        assert frontier.deliveries.of(taken) in frontier.deliveries.open

    run(valkey, story)


def test_a_request_that_is_known_here_is_not_sent_again(valkey: str) -> None:
    async def story(frontier: Frontier, _: Crawler) -> None:
        urls = [f"{PAGE}?a=1&b=2", f"{PAGE}?b=2&a=1", PAGE, PAGE]
        assert [frontier.handover.push(Request(url)) for url in urls] == [True, False, True, False]
        assert frontier.handover.push(Request(PAGE, dont_filter=True))
        for _number in range(3):
            await next_request(frontier)
        assert await frontier.execute("HLEN", frontier.keys.requests) == 3

    run(valkey, story)


def test_what_is_known_here_is_known_up_to_a_limit(valkey: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert SEEN_KEPT > 1000
    monkeypatch.setattr("crawler.frontier.handover.SEEN_KEPT", 2)

    async def story(frontier: Frontier, _: Crawler) -> None:
        pushed = [frontier.handover.push(Request(f"{PAGE}{name}")) for name in "abcba"]
        assert pushed == [True, True, True, False, True], "the oldest is looked up in Redis"
        await until(lambda: frontier.execute("HLEN", frontier.keys.requests))
        assert await frontier.execute("HLEN", frontier.keys.requests) == 3

    run(valkey, story)


def test_what_cannot_be_queued_is_not_known_by_that(valkey: str) -> None:
    async def story(frontier: Frontier, _: Crawler) -> None:
        with pytest.raises(NotSerializable):
            frontier.handover.push(Request(PAGE, callback=print))
        assert frontier.handover.push(Request(PAGE))

    run(valkey, story)


def test_who_has_lost_its_lease_does_not_trust_what_it_knew(valkey: str) -> None:
    async def story(frontier: Frontier, _: Crawler) -> None:
        assert frontier.handover.push(Request(PAGE))
        frontier.outbox.generation += 1
        assert frontier.handover.push(Request(PAGE))

    run(valkey, story)


def test_what_is_kept_for_the_end_and_seeds_are_marked(valkey: str) -> None:
    async def story(frontier: Frontier, _: Crawler) -> None:
        handover = Handover(
            frontier.crawler, frontier.outbox, frontier.buffer, frontier.deliveries, frontier.wake_engine
        )
        handover.open(Pages())
        with frontier.outbox.condition:  # the I/O thread takes nothing meanwhile
            handover.push(Request(PAGE, meta={"frontier": {"last": True}}), is_seed=True)
            handover.push(Request(f"{PAGE}a", meta={"download_slot": "group"}))
            report = frontier.outbox.parcel.report
            assert [(link.last, link.slot) for link in report.links] == [(True, "site.example"), (False, "group")]
            assert report.seeds == report.links[:1]

    run(valkey, story)


# --- out of the queue ---


def test_the_engine_is_woken_when_the_time_of_a_request_has_come(valkey: str) -> None:
    async def story(frontier: Frontier, crawler: Crawler) -> None:
        frontier.courier.draining = True
        frontier.buffer.fill([Handed("1", LATER_MS, payload())], 0, alone=False)
        assert (frontier.handover.take(), frontier.handover.take()) == (None, None)
        engine = engine_of(crawler)

        async def is_awake() -> bool:
            return WAKE in engine.crawled

        await until(is_awake)
        assert (await next_request(frontier)).url == PAGE

    run(valkey, story)


@pytest.mark.parametrize("capacity", [1, 2, 7, 8])
def test_more_requests_are_asked_for_as_soon_as_there_is_room_for_them(valkey: str, capacity: int) -> None:
    async def story(frontier: Frontier, crawler: Crawler) -> None:
        woken: list[int] = []
        frontier.outbox.wake = lambda: woken.append(buffer.room())  # type: ignore[method-assign]
        buffer = PrefetchBuffer(capacity)
        buffer.fill([Handed(str(one), 0.0, payload()) for one in range(capacity)], 0, alone=False)
        handover = Handover(crawler, frontier.outbox, buffer, frontier.deliveries, frontier.wake_engine)
        handover.open(Pages())
        for _ in range(capacity):
            handover.take()
            assert bool(woken) == bool(buffer.room())

    run(valkey, story)


@pytest.mark.parametrize(
    "broken",
    [b"no json", b"[]", payload(v=99), payload(u="file:///etc/passwd"), payload(c="nobody"), payload(odd=1)],
)
def test_what_cannot_be_read_is_a_dead_letter_and_the_next_is_taken(
    valkey: str, broken: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    with crew_at(valkey, Pages.name) as crew:
        queue = crew.join()
        push(queue, NewLink(None, "site.example", 1, last=False, payload=broken), link(PAGE))
        queue.leave()

    async def story(frontier: Frontier, crawler: Crawler) -> None:
        assert (await next_request(frontier)).url == PAGE
        await until(lambda: frontier.execute("HLEN", frontier.keys.dead))
        assert crawler.stats.get_value("frontier/dead") == 1
        (letter,) = (await frontier.execute("HGETALL", frontier.keys.dead)).values()
        assert json.loads(letter)["request"] == broken.decode()

    run(valkey, story)
    assert "A request in the queue cannot be read" in caplog.text


# --- seeds of other programs ---


async def no_request_is_left(frontier: Frontier) -> bool:
    frontier.handover.take()
    return bool(await frontier.execute("HLEN", frontier.keys.requests) == 0)


@pytest.mark.parametrize(
    ("spider", "urls"),
    [
        (Pages, ["https://a.example", "https://b.example"]),
        (Seeded, [f"https://{one}.example/{n}" for one in "ab" for n in (0, 1)]),
    ],
)
def test_a_seed_becomes_the_requests_that_the_spider_makes_of_it(
    valkey: str, spider: type[Spider], urls: list[str]
) -> None:
    async def story(frontier: Frontier, crawler: Crawler) -> None:
        await frontier.execute("RPUSH", frontier.keys.start_urls, "https://a.example", "https://b.example")
        await until(lambda: frontier.execute("HLEN", frontier.keys.requests))
        await until(lambda: no_request_is_left(frontier))
        assert sorted(engine_of(crawler).urls()) == urls
        assert await frontier.execute("HGET", frontier.keys.control, "done") == b"2"

    run(valkey, story, spider)


def test_a_seed_that_the_spider_can_make_nothing_of_is_a_dead_letter_and_the_others_count(valkey: str) -> None:
    async def story(frontier: Frontier, crawler: Crawler) -> None:
        await frontier.execute("RPUSH", frontier.keys.start_urls, "odd", "https://a.example")
        await until(lambda: frontier.execute("HLEN", frontier.keys.requests))
        await until(lambda: no_request_is_left(frontier))
        assert engine_of(crawler).urls() == ["https://a.example/0", "https://a.example/1"]
        (letter,) = (await frontier.execute("HGETALL", frontier.keys.dead)).values()
        assert "ValueError: no seed" in json.loads(letter)["reason"]

    run(valkey, story, Seeded)


@pytest.mark.parametrize("message", [b"https://a.example", b"odd"])
def test_after_a_seed_that_was_handed_out_alone_others_are_taken_again(valkey: str, message: bytes) -> None:
    with crew_at(valkey, "pages") as crew:
        dead = crew.join()
        crew.server.rpush(crew.keys.start_urls, message)
        for _ in range(2):
            (suspect,) = ids(dead.pop(9))
            tell(dead, returned=[(suspect, True)])
        dead.leave()

    async def story(frontier: Frontier, _: Crawler) -> None:
        await until(lambda: no_request_is_left(frontier))
        frontier.handover.push(Request(PAGE))
        assert (await next_request(frontier)).url == PAGE

    run(valkey, story, Seeded)


# --- back to the queue ---


def test_what_waits_here_at_the_end_goes_back_at_once(valkey: str) -> None:
    async def story(frontier: Frontier, _: Crawler) -> None:
        for name in "abc":
            frontier.handover.push(Request(PAGE + name))
        await next_request(frontier)
        while len(frontier.buffer) < 2:
            await until(lambda: frontier.execute("PING"))
        frontier.courier.draining = True
        frontier.handover.give_back()
        assert len(frontier.buffer) == 0
        leased = f"{frontier.keys.prefix}leased:{frontier.queue.worker}"

        async def is_back() -> bool:
            return bool(await frontier.execute("SCARD", leased) == 1)

        await until(is_back)
        assert await frontier.execute("HVALS", frontier.keys.deliveries) == [], "that is no crash"

    run(valkey, story)
