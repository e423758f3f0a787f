from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from typing import Any

from scrapy import Request, Spider
from scrapy.http import Response

from crawler.frontier.frontier import Frontier
from tests.frontiers import at_work, crawler_at, next_request, until
from tests.queues import crew_at

PAGE = "https://site.example/"
Story = Callable[[Frontier, Frontier], Coroutine[Any, Any, None]]


class Pages(Spider):
    name = "pages"


def run(url: str, story: Story) -> None:
    """Run a story with the frontiers of two instances at work."""

    async def told() -> None:
        async with AsyncExitStack() as stack:
            pair = [await stack.enter_async_context(at_work(crawler_at(url, Pages))) for _ in range(2)]
            for one in pair:
                one.has_started()
            await story(*pair)

    asyncio.run(told())


async def page(frontier: Frontier) -> Response:
    """Return a page that comes out of the queue."""
    request = await next_request(frontier)
    return Response(request.url, request=request)


async def pages(one: Frontier, two: Frontier) -> tuple[Response, Response]:
    """Return a page that each of two instances has taken out of the queue."""
    taken = []
    for frontier, name in ((one, "a"), (two, "b")):
        frontier.handover.push(Request(PAGE + name))
        taken.append(await page(frontier))
    return taken[0], taken[1]


def end(frontier: Frontier, response: Response) -> None:
    """Let all be through that came of a page."""
    delivery = frontier.deliveries.of(response)
    assert delivery is not None
    frontier.deliveries.scraped(delivery)


async def is_left(frontier: Frontier, number: int) -> bool:
    return int(await frontier.execute("HLEN", frontier.keys.requests)) == number


async def is_free(frontier: Frontier) -> bool:
    return not await frontier.execute("HLEN", frontier.keys.claims)


async def wait_for(frontier: Frontier, record: str, response: Response) -> None:
    """Let a page be through whose record another page has claimed."""
    assert await frontier.claims.claim(record) == "others"
    frontier.claims.awaits(record, response)
    end(frontier, response)
    assert frontier.awaited.pages


async def ask(frontier: Frontier) -> None:
    """Look what has become of records elsewhere, as every instance does all the time."""
    await frontier.awaited.ask(is_idle=not frontier.deliveries.open)


def test_a_page_is_done_when_its_record_is_in_the_feed_of_another_instance(valkey: str) -> None:
    async def story(one: Frontier, two: Frontier) -> None:
        writing, waiting = await pages(one, two)
        assert await one.claims.claim("r") == "ours"
        await wait_for(two, "r", waiting)
        await ask(two)
        assert await is_left(two, 2)
        one.claims.recorded("r", writing)
        end(one, writing)
        await until(lambda: is_left(one, 0))
        assert await one.execute("HGET", one.keys.control, "done") == b"2"

    run(valkey, story)


def test_two_pages_that_have_each_others_records_are_both_done(valkey: str) -> None:
    async def story(one: Frontier, two: Frontier) -> None:
        here, there = await pages(one, two)
        assert (await one.claims.claim("r"), await two.claims.claim("s")) == ("ours", "ours")
        one.claims.recorded("r", here)
        two.claims.recorded("s", there)
        await wait_for(one, "s", here)
        await wait_for(two, "r", there)
        await until(lambda: is_left(one, 0))

    run(valkey, story)


def test_the_page_of_a_record_that_died_with_its_writer_is_fetched_again(valkey: str) -> None:
    async def story(one: Frontier, two: Frontier) -> None:
        _, waiting = await pages(one, two)
        assert await one.claims.claim("r") == "ours"
        await wait_for(two, "r", waiting)
        one.pulse.stop()
        one.courier.draining = True
        await two.execute("ZREM", two.keys.workers, one.queue.worker)
        again = await page(two)
        assert again.url == f"{PAGE}b"
        assert await two.claims.claim("r") == "ours"

    run(valkey, story)
    with crew_at(valkey, "pages") as crew:
        assert crew.server.exists(crew.keys.deliveries) == 0, "it was no crash of that page's worker"


def test_the_page_of_a_record_that_is_not_written_after_all_is_fetched_again(valkey: str) -> None:
    async def story(one: Frontier, two: Frontier) -> None:
        _, waiting = await pages(two, one)
        assert await one.claims.claim("r") == "ours"
        await wait_for(one, "r", waiting)
        two.courier.draining = True
        one.claims.unclaim("r")
        assert (await page(one)).url == f"{PAGE}b"
        assert await one.claims.claim("r") == "ours"

    run(valkey, story)


def test_a_record_that_nobody_here_writes_any_more_is_free_again(valkey: str) -> None:
    async def story(one: Frontier, two: Frontier) -> None:
        writing, waiting = await pages(one, one)
        assert await one.claims.claim("r") == "ours"
        await wait_for(one, "r", waiting)
        await ask(one)
        assert one.awaited.pages
        delivery = one.deliveries.of(writing)
        assert delivery is not None
        one.deliveries.give_back(delivery)
        await ask(one)
        assert not one.awaited.pages
        await until(lambda: is_free(two))

    run(valkey, story)


def test_a_page_that_waits_goes_back_at_the_end_of_its_instance(valkey: str) -> None:
    async def story(one: Frontier, two: Frontier) -> None:
        _, waiting = await pages(one, two)
        assert await one.claims.claim("r") == "ours"
        await wait_for(two, "r", waiting)
        await two.close("shutdown")
        assert (await page(one)).url == f"{PAGE}b"

    run(valkey, story)


def test_for_what_a_page_has_written_itself_it_does_not_wait(valkey: str) -> None:
    async def story(one: Frontier, two: Frontier) -> None:
        response, _ = await pages(one, two)
        assert (await one.claims.claim("r"), await one.claims.claim("r")) == ("ours", "others")
        one.claims.awaits("r", response)
        one.claims.recorded("r", response)
        end(one, response)
        await until(lambda: is_left(one, 1))

    run(valkey, story)
