"""How one instance carries out what is ordered for all."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from scrapy import Request, Spider
from scrapy.crawler import Crawler

from crawler.frontier import pulse
from crawler.frontier.control import Control
from crawler.frontier.deliveries import PAGE, GivenBack
from crawler.frontier.frontier import Frontier
from crawler.frontier.grants import INSTEAD_OF
from crawler.frontier.keys import Keys
from crawler.frontier.prefetch import PrefetchBuffer
from crawler.frontier.queue import Handed
from crawler.middlewares.pace import PaceMiddleware
from tests.couriers import instance
from tests.frontiers import at_work, crawler_at, engine_of, next_request, until
from tests.queues import crew_at, push

PAGE_URL = "https://site.example/"
SLOT = "site.example"
Story = Callable[[Frontier, Crawler], Coroutine[Any, Any, None]]


class Pages(Spider):
    name = "pages"


@pytest.fixture(autouse=True)
def _often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pulse, "LOOK_S", 0.02)


def run(url: str, story: Story, **settings: Any) -> None:
    """Run a story with a frontier at work."""

    async def told() -> None:
        crawler = crawler_at(url, Pages, **settings)
        async with at_work(crawler) as frontier:
            await story(frontier, crawler)

    asyncio.run(told())


def control_of(frontier: Frontier) -> Control:
    return Control(frontier.queue.server, frontier.keys)


async def until_held(frontier: Frontier, *, held: bool = True) -> None:
    async def is_so() -> bool:
        return frontier.handover.is_paused == held

    await until(is_so)


async def fill(frontier: Frontier, *names: str) -> None:
    """Have requests wait in the instance."""
    for name in names:
        frontier.handover.push(Request(PAGE_URL + name))

    async def have_come() -> bool:
        return len(frontier.buffer) == len(names)

    await until(have_come)


# --- a pause ---


def test_what_waits_in_an_instance_goes_back_in_a_pause_and_comes_again_after_it(
    valkey: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def story(frontier: Frontier, _: Crawler) -> None:
        await fill(frontier, "a", "b")
        control_of(frontier).pause(paused=True)
        await until_held(frontier)
        assert frontier.handover.take() is None

        async def are_back() -> bool:
            return control_of(frontier).pause(paused=True).in_hand == 0

        await until(are_back)
        assert control_of(frontier).pause(paused=False).outcome == "resumed"
        assert {(await next_request(frontier)).url for _ in range(2)} == {f"{PAGE_URL}a", f"{PAGE_URL}b"}

    with caplog.at_level(logging.INFO, "crawler.frontier.handover"):
        run(valkey, story)
    assert caplog.messages == ["Paused: nothing is fetched until scrapy resume", "Resumed"]


def test_an_instance_with_a_full_buffer_and_nothing_to_tell_learns_of_it_too(valkey: str) -> None:
    async def story(frontier: Frontier, _: Crawler) -> None:
        await fill(frontier, "a", "b")
        frontier.courier.pop_at = float("inf")
        control_of(frontier).pause(paused=True)
        await until_held(frontier)

    run(valkey, story, PREFETCH_COUNT=2)


def test_a_request_on_its_way_to_the_downloader_goes_back(valkey: str) -> None:
    async def story(frontier: Frontier, crawler: Crawler) -> None:
        frontier.handover.push(Request(PAGE_URL))
        request = await next_request(frontier)
        control_of(frontier).pause(paused=True)
        await until_held(frontier)
        with pytest.raises(GivenBack, match="paused"):
            await PaceMiddleware(crawler).process_request(request)
        robots = Request(f"{PAGE_URL}robots.txt", meta={INSTEAD_OF: request})
        with pytest.raises(GivenBack, match="paused"):
            await frontier.grants.grant(robots, SLOT)
        assert frontier.grants.in_vain == {}

    run(valkey, story)


@pytest.mark.parametrize("page", ["", "0000000001"])
def test_what_a_page_or_the_start_fetches_waits_for_as_long_as_it_takes(
    valkey: str, page: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("crawler.frontier.grants.PAGE_WAIT_S", 0.0)

    async def story(frontier: Frontier, _: Crawler) -> None:
        PAGE.set(page)
        control_of(frontier).pause(paused=True)
        waiting = asyncio.ensure_future(frontier.grants.grant(Request(PAGE_URL), SLOT))
        await until_held(frontier)
        for _time in range(9):
            await frontier.execute("PING")
        assert not waiting.done()
        control_of(frontier).pause(paused=False)
        await waiting
        assert frontier.grants.in_vain == {}

    run(valkey, story)


def test_who_waits_in_a_pause_ends_with_its_instance(valkey: str) -> None:
    async def story(frontier: Frontier, _: Crawler) -> None:
        PAGE.set("0000000001")
        control_of(frontier).pause(paused=True)
        waiting = asyncio.ensure_future(frontier.grants.grant(Request(PAGE_URL), SLOT))
        await frontier.execute("PING")
        frontier.is_to_end()
        with pytest.raises(GivenBack, match="about to end"):
            await waiting

    run(valkey, story)


def test_what_is_lent_or_fetched_alone_is_not_handed_back() -> None:
    buffer = PrefetchBuffer(4)
    payload = b'{"s": "site.example"}'
    buffer.fill([Handed("1", 0, payload), Handed("2", 0, payload)], 0, alone=False)
    assert buffer.lend(SLOT) is not None
    assert [leased.id for leased in buffer.hand_back()] == ["2"]
    assert [leased.id for leased in buffer.lent] == ["1"]
    buffer.fill([Handed("3", 0, payload)], 0, alone=True)
    assert buffer.take() is not None
    assert (buffer.hand_back(), buffer.alone) == ([], "3")
    buffer.fill([Handed("4", 0, payload)], 0, alone=True)
    assert [leased.id for leased in buffer.hand_back()] == ["4"]
    assert buffer.alone == ""


def test_nothing_is_taken_from_a_buffer_that_is_held() -> None:
    buffer = PrefetchBuffer(4)
    buffer.fill([Handed("1", 0, b"{}")], 0, alone=False)
    buffer.held = True
    assert (buffer.take(), buffer.next_due()) == (None, None)
    buffer.held = False
    assert buffer.take() is not None


# --- the end of all ---


def test_an_instance_ends_when_all_are_told_to(valkey: str) -> None:
    async def story(frontier: Frontier, crawler: Crawler) -> None:
        assert control_of(frontier).drain().workers == [frontier.queue.worker]

        async def is_closed() -> bool:
            return engine_of(crawler).closed == ["drained"]

        await until(is_closed)

    run(valkey, story)


def test_an_instance_that_starts_after_that_goes_on(valkey: str) -> None:
    async def story() -> None:
        with crew_at(valkey, "pages") as crew:
            push(crew.join(), "https://site.example/a")
            Control(crew.server, Keys("pages")).drain()
        crawler = crawler_at(valkey, Pages)
        async with at_work(crawler) as frontier:
            assert frontier.orders.former != ""
            for _ in range(3):
                frontier.orders.look()
            assert engine_of(crawler).closed == []
            control_of(frontier).drain()

            async def is_closed() -> bool:
                return engine_of(crawler).closed == ["drained"]

            await until(is_closed)

    asyncio.run(story())


# --- seeds to come ---


def test_an_instance_that_stays_does_not_agree_to_the_end(valkey: str) -> None:
    with instance(valkey) as one:
        one.courier.completion.stays = True
        for _ in range(3):
            one.round()
        one.courier.completion.stays, seen = False, [one.courier.progress]
        one.round()
        assert [*seen, one.courier.progress] == ["complete", "finished"]


def test_an_instance_that_stays_puts_its_feeds_in_order_once_for_each_time_that_something_was_handed_out_again(
    valkey: str,
) -> None:
    with instance(valkey) as one:
        one.courier.completion.stays = True
        for redelivered, tidied in ((0, 0), (1, 1), (1, 1), (2, 2)):
            one.server.hset(one.keys.control, "redelivered", redelivered)
            one.push(f"https://site.example/{redelivered}{tidied}{one.queue.steps}")
            while one.courier.progress != "complete" or one.courier.redelivered != redelivered:
                one.round()
                while (leased := one.buffer.take()) is not None:
                    one.finish(leased)
            one.round()
            assert one.office.tidied == tidied
