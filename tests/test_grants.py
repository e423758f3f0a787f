from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from scrapy import Request, Spider
from scrapy.crawler import Crawler

from crawler.frontier.deliveries import PAGE, GivenBack
from crawler.frontier.frontier import Frontier
from crawler.frontier.grants import INSTEAD_OF
from tests.frontiers import at_work, crawler_at, next_request, until

PAGE_URL = "https://site.example/"
SLOT = "site.example"
FLIGHTS = f"{{crawler}}:flights:{SLOT}"
Story = Callable[[Frontier, Crawler], Coroutine[Any, Any, None]]


class Pages(Spider):
    name = "pages"


def run(url: str, story: Story, **settings: Any) -> None:
    """Run a story with a frontier at work."""

    async def told() -> None:
        crawler = crawler_at(url, Pages, **settings)
        async with at_work(crawler) as frontier:
            await story(frontier, crawler)

    asyncio.run(told())


async def in_flight(frontier: Frontier) -> int:
    return int(await frontier.execute("ZCARD", FLIGHTS))


async def queued(frontier: Frontier, *names: str) -> list[Request]:
    """Put requests into the queue, and return them as the engine gets them."""
    for name in names:
        frontier.handover.push(Request(PAGE_URL + name))
    return [await next_request(frontier) for _ in names]


# --- what ends on its way ---


def test_a_request_that_was_lent_comes_back_when_its_borrower_is_cancelled(valkey: str) -> None:
    async def story(frontier: Frontier, _: Crawler) -> None:
        frontier.handover.push(Request(PAGE_URL))

        async def has_come() -> bool:
            return len(frontier.buffer) > 0

        await until(has_come)
        frontier.hold(SLOT, 3600.0, slower=False)
        borrower = asyncio.ensure_future(frontier.grants.grant(Request(PAGE_URL + "inline"), SLOT))

        async def is_lent() -> bool:
            return len(frontier.buffer) == 0

        await until(is_lent)
        borrower.cancel()
        await asyncio.wait([borrower])
        await asyncio.sleep(0)
        assert (len(frontier.buffer), frontier.buffer.lent) == (1, [])
        assert (await next_request(frontier)).url == PAGE_URL

    run(valkey, story)


@pytest.mark.parametrize("pause_s", [0.0, 3600.0])
def test_what_never_gets_to_the_downloader_leaves_no_flight_behind(valkey: str, pause_s: float) -> None:
    async def story(frontier: Frontier, _: Crawler) -> None:
        frontier.hold(SLOT, pause_s, slower=False)
        request = Request(PAGE_URL)
        task = asyncio.ensure_future(frontier.grants.grant(request, SLOT))
        await frontier.execute("PING")
        if pause_s:
            task.cancel()
        await asyncio.wait([task])

        async def has_landed() -> bool:
            return await in_flight(frontier) == 0 and not frontier.grants.flights

        await until(has_landed)

    run(valkey, story)


# --- how long is waited ---


def test_a_queued_request_goes_back_at_once_where_its_host_has_to_be_left_alone(valkey: str) -> None:
    async def story(frontier: Frontier, _: Crawler) -> None:
        (request,) = await queued(frontier, "a")
        frontier.hold(SLOT, 3600.0, slower=False)
        with pytest.raises(GivenBack, match=r"site\.example may not be asked soon enough"):
            await frontier.grants.grant(request, SLOT)
        robots = Request(PAGE_URL + "robots.txt", meta={INSTEAD_OF: request})
        with pytest.raises(GivenBack):
            await frontier.grants.grant(robots, SLOT)

    run(valkey, story)


def test_what_went_back_in_vain_waits_longer_each_time_so_that_it_gets_its_turn_in_the_end(valkey: str) -> None:
    async def story(frontier: Frontier, _: Crawler) -> None:
        (request,) = await queued(frontier, "a")
        frontier.hold(SLOT, 3600.0, slower=False)
        for _time in range(6):  # 1, 4, 16, 64, 256, 1024 s
            with pytest.raises(GivenBack):
                await frontier.grants.grant(request, SLOT)
        waiting = asyncio.ensure_future(frontier.grants.grant(request, SLOT))
        for _time in range(9):
            await frontier.execute("PING")
        assert not waiting.done()
        await frontier.execute("DEL", frontier.keys.host(SLOT))
        waiting.cancel()
        await asyncio.wait([waiting])
        await frontier.grants.grant(request, SLOT)

    run(valkey, story)


def test_what_a_page_fetches_goes_back_with_its_page_where_its_host_asks_for_more_than_a_minute(valkey: str) -> None:
    async def story(frontier: Frontier, _: Crawler) -> None:
        PAGE.set("0000000001")
        frontier.hold(SLOT, 3600.0, slower=False)
        with pytest.raises(GivenBack):
            await frontier.grants.grant(Request(PAGE_URL), SLOT)
        assert frontier.grants.in_vain == {"0000000001": 1}

    run(valkey, story)


def test_what_no_page_asks_for_waits_for_as_long_as_it_takes(valkey: str) -> None:
    async def story(frontier: Frontier, _: Crawler) -> None:
        frontier.hold(SLOT, 86_400.0, slower=False)
        waiting = asyncio.ensure_future(frontier.grants.grant(Request(PAGE_URL), SLOT))
        for _time in range(3):
            await frontier.execute("PING")
        assert not waiting.done()
        waiting.cancel()
        await asyncio.wait([waiting])

    run(valkey, story)


# --- the cap ---


def test_a_late_request_takes_its_own_place_in_flight_again(valkey: str) -> None:
    async def story(frontier: Frontier, _: Crawler) -> None:
        one, two = await queued(frontier, "a", "b")
        assert await in_flight(frontier) == 2
        await frontier.grants.grant(one, SLOT)
        assert await in_flight(frontier) == 2
        await frontier.execute("DEL", FLIGHTS)  # they have run out
        for late in (one, two):
            await frontier.grants.grant(late, SLOT)
        assert await in_flight(frontier) == 2

    run(valkey, story, CONCURRENT_REQUESTS_PER_DOMAIN=2)
