"""What a callback can do, and what can become of its items and requests; with Scrapy's own middlewares only."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any

from scrapy import Request
from scrapy.downloadermiddlewares.retry import get_retry_request
from scrapy.exceptions import DropItem
from scrapy.http import Response

from tests.request_ends.paths import Item, Outcome, PathsSpider, item, path, request_of

WORK_S = 0.05
"""How long a pipeline or a signal handler goes on when the callback has long ended."""
CONCURRENT_ITEMS = 2
AGAIN: tuple[Outcome, ...] = ("returned", "acknowledged")


@dataclass
class Replacement:
    """What a pipeline makes of an item."""

    page: str
    number: int


class Pipeline:
    """Does to an item what its page's name says."""

    async def process_item(self, item: Item) -> Item | Replacement:
        match item["page"]:
            case "items_in_slow_pipelines" | "more_items_than_are_worked_on_at_once":
                await asyncio.sleep(WORK_S)
            case "items_that_are_dropped":
                await asyncio.sleep(WORK_S)
                raise DropItem("as the test asks")
            case "items_that_make_a_pipeline_raise":
                await asyncio.sleep(WORK_S)
                raise ValueError("as the test asks")
            case "items_that_are_replaced":
                return Replacement(**item)
        return item


class Callbacks(PathsSpider):
    """Takes pages in all ways that Scrapy knows."""

    name = "callbacks"
    custom_settings = {  # noqa: RUF012 - as Scrapy wants it
        "ITEM_PIPELINES": {Pipeline: 100},
        "CONCURRENT_ITEMS": CONCURRENT_ITEMS,
        "RETRY_TIMES": 1,
    }

    @path("callback that returns a list", items=2, links=1)
    def list_returned(self, response: Response) -> list[Any]:
        return list(self.outputs(response))

    @path("callback that returns None")
    def none_returned(self, response: Response) -> None:
        """Nothing to do."""

    @path("callback that returns one item", items=1)
    def item_returned(self, response: Response) -> Item:
        return item(response)

    @path("callback that returns one request", links=1)
    def request_returned(self, response: Response) -> Request:
        return self.link(response)

    @path("generator", items=2, links=1)
    def generator(self, response: Response) -> Iterator[Any]:
        yield from self.outputs(response)

    @path("async generator", items=2, links=1)
    async def async_generator(self, response: Response) -> AsyncIterator[Any]:
        for output in self.outputs(response):
            await asyncio.sleep(WORK_S)
            yield output

    @path("coroutine that returns a list", items=2, links=1)
    async def coroutine(self, response: Response) -> list[Any]:
        await asyncio.sleep(WORK_S)
        return list(self.outputs(response))

    @path("coroutine that returns None")
    async def coroutine_without_output(self, response: Response) -> None:
        await asyncio.sleep(WORK_S)
        assert response.status

    @path("callback that raises at once")
    def raises(self, response: Response) -> None:
        raise ValueError(response.url)

    @path("coroutine that raises")
    async def coroutine_that_raises(self, response: Response) -> None:
        await asyncio.sleep(WORK_S)
        raise ValueError(response.url)

    @path("generator that raises after some output", items=2, links=1)
    def generator_that_raises(self, response: Response) -> Iterator[Any]:
        yield from self.outputs(response)
        raise ValueError(response.url)

    @path("async generator that raises after some output", items=2, links=1)
    async def async_generator_that_raises(self, response: Response) -> AsyncIterator[Any]:
        for output in self.outputs(response):
            yield output
        await asyncio.sleep(WORK_S)
        raise ValueError(response.url)

    # --- items ---

    @path("items that are still in slow pipelines when the callback has ended", items=2, links=1)
    def items_in_slow_pipelines(self, response: Response) -> Iterator[Any]:
        yield from self.outputs(response)

    @path(
        "items that a slow `item_scraped` handler still works on when they are out of the pipelines", items=2, links=1
    )
    def items_in_a_slow_handler(self, response: Response) -> Iterator[Any]:
        yield from self.outputs(response)

    @path("more items than are worked on at once", items=8 * CONCURRENT_ITEMS)
    def more_items_than_are_worked_on_at_once(self, response: Response) -> Iterator[Any]:
        for number in range(8 * CONCURRENT_ITEMS):
            yield item(response, number)

    @path("items that a pipeline drops", items=2, links=1)
    def items_that_are_dropped(self, response: Response) -> Iterator[Any]:
        yield from self.outputs(response)

    @path("items that make a pipeline raise", items=2, links=1)
    def items_that_make_a_pipeline_raise(self, response: Response) -> Iterator[Any]:
        yield from self.outputs(response)

    @path("items that a pipeline replaces by other objects", items=2, links=1)
    def items_that_are_replaced(self, response: Response) -> Iterator[Any]:
        yield from self.outputs(response)

    # --- requests ---

    @path("callback that asks for its own page again", ends=("acknowledged", "acknowledged"), items=1, fetches=2)
    def retries_itself(self, response: Response) -> Iterator[Any]:
        if response.meta.get("is_again"):
            yield item(response)
        else:
            yield request_of(response).replace(dont_filter=True, meta={**response.meta, "is_again": True})

    @path(
        "callback that asks for its own page again by Scrapy's `get_retry_request`",
        ends=("acknowledged", "acknowledged"),
        items=1,
        fetches=2,
    )
    def retries_as_scrapy_does(self, response: Response) -> Iterator[Any]:
        again = get_retry_request(request_of(response), spider=self, reason="as the test asks")
        yield again or item(response)

    @path("callback that sends its own request again, which is dropped as known", items=1)
    def sends_its_own_request(self, response: Response) -> Iterator[Any]:
        yield request_of(response)
        yield item(response)

    @path("callback that finds the same link twice, which is dropped as known", links=1)
    def finds_a_link_twice(self, response: Response) -> Iterator[Any]:
        yield self.link(response)
        yield self.link(response)

    @path("callback whose request cannot be put into the queue", items=1)
    def sends_what_cannot_wait(self, response: Response) -> Iterator[Any]:
        yield self.link(response).replace(callback=lambda _: None)
        yield item(response)

    @path("callback that downloads another page with a copy of its own request", items=1, links=1, fetches=2)
    async def downloads_by_a_copy(self, response: Response) -> AsyncIterator[Any]:
        other = await self.crawler.engine.download_async(request_of(response).replace(url=f"{response.url}/other"))
        await asyncio.sleep(WORK_S)
        yield item(other)
        yield self.link(other)

    @path("callback that downloads its own request again", at="moved-later", items=1, links=1, fetches=3)
    async def downloads_again(self, response: Response) -> AsyncIterator[Any]:
        other = await self.crawler.engine.download_async(request_of(response))
        await asyncio.sleep(WORK_S)
        yield item(other)
        yield self.link(other)

    @path("callback that downloads another page, which fails", items=1, links=1)
    async def downloads_in_vain(self, response: Response) -> AsyncIterator[Any]:
        url = f"{self.sites['refused']}/refused/{type(self).name}"
        try:
            await self.crawler.engine.download_async(request_of(response).replace(url=url, meta={"dont_retry": True}))
        except Exception:  # noqa: BLE001 - whatever it is, the page itself was there
            await asyncio.sleep(WORK_S)
            yield item(response)
        yield self.link(response)

    @path("callback that cannot go on here, as its instance is about to end", ends=AGAIN, items=4, links=1, fetches=2)
    def cannot_go_on(self, response: Response) -> Iterator[Any]:
        yield item(response, 3)
        self.give_back_once(response)
        yield from self.outputs(response)
