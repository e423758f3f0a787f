"""What a spider middleware of somebody else can do to responses, outputs and exceptions."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any, NoReturn

from scrapy.http import Response
from twisted.python.failure import Failure

from tests.request_ends.callbacks import WORK_S
from tests.request_ends.failures import WITHOUT
from tests.request_ends.paths import PathsSpider, item, name_of, path


class Meddler:
    """Does to responses, outputs and exceptions what the page's name says."""

    def process_spider_input(self, response: Response) -> None:
        if name_of(response).startswith("refused_in_front_of_the_callback"):
            raise ValueError("as the test asks")

    async def process_spider_output(self, response: Response, result: AsyncIterator[Any]) -> AsyncIterator[Any]:
        match name_of(response):
            case "output_is_not_read":
                return
            case "output_makes_it_raise":
                async for one in result:
                    yield one
                raise ValueError("as the test asks")
            case "output_is_replaced":
                yield item(response, 3)
                return
        async for one in result:
            if name_of(response) != "output_is_dropped":
                yield one
        if name_of(response) == "output_is_added":
            await asyncio.sleep(WORK_S)
            yield item(response, 3)

    def process_spider_exception(self, response: Response, exception: Exception) -> Any:
        match name_of(response):
            case "exception_becomes_output" | "exception_in_a_generator_becomes_output":
                return [item(response, 3)]
            case "exception_becomes_slow_output" | "exception_in_a_generator_becomes_slow_output":
                return slowly(item(response, 3))
            case "refused_in_front_of_the_callback_and_made_output":
                return [item(response, 3)]
            case "exception_becomes_another":
                raise RuntimeError("as the test asks") from exception
        return None


class FarMeddler(Meddler):
    """Does the same, outside of all that watches."""

    def process_spider_input(self, response: Response) -> None:
        if name_of(response).startswith("far_refused"):
            raise ValueError("as the test asks")

    async def process_spider_output(self, response: Response, result: AsyncIterator[Any]) -> AsyncIterator[Any]:
        async for one in result:
            if name_of(response) != "far_output_is_dropped":
                yield one
        if name_of(response) == "far_output_is_added":
            await asyncio.sleep(WORK_S)
            yield item(response, 3)

    def process_spider_exception(self, response: Response, exception: Exception) -> Any:
        assert exception
        return slowly(item(response, 3)) if name_of(response) == "far_exception_becomes_output" else None


async def slowly(output: Any) -> AsyncIterator[Any]:
    """Yield something after a while."""
    await asyncio.sleep(WORK_S)
    yield output


class Outputs(PathsSpider):
    """Meets spider middlewares of somebody else."""

    name = "outputs"
    custom_settings = {  # noqa: RUF012 - as Scrapy wants it
        "SPIDER_MIDDLEWARES": {FarMeddler: -20_000, Meddler: 500},
    }

    @path("callback that raises, exception turned into output", items=1)
    def exception_becomes_output(self, response: Response) -> NoReturn:
        raise ValueError(response.url)

    @path("callback that raises, exception turned into output that takes long", items=1)
    def exception_becomes_slow_output(self, response: Response) -> NoReturn:
        raise ValueError(response.url)

    @path("callback that raises, exception turned into another", items=0)
    def exception_becomes_another(self, response: Response) -> NoReturn:
        raise ValueError(response.url)

    @path("generator that raises midway, exception turned into output", items=3, links=1)
    def exception_in_a_generator_becomes_output(self, response: Response) -> Iterator[Any]:
        yield from self.outputs(response)
        raise ValueError(response.url)

    @path("generator that raises midway, exception turned into output that takes long", items=3, links=1)
    def exception_in_a_generator_becomes_slow_output(self, response: Response) -> Iterator[Any]:
        yield from self.outputs(response)
        raise ValueError(response.url)

    @path("spider middleware whose `process_spider_input` raises, with an errback", role="errback", items=2, links=1)
    def refused_in_front_of_the_callback(self, failure: Failure) -> Iterator[Any]:
        yield from self.outputs(failure)

    @path("spider middleware whose `process_spider_input` raises, without an errback", role=WITHOUT)
    def refused_in_front_of_the_callback_silently(self, response: Response) -> NoReturn:
        raise AssertionError(response)

    @path("spider middleware whose `process_spider_input` raises, exception turned into output", role=WITHOUT, items=1)
    def refused_in_front_of_the_callback_and_made_output(self, response: Response) -> NoReturn:
        raise AssertionError(response)

    @path("spider middleware that drops all output")
    def output_is_dropped(self, response: Response) -> Iterator[Any]:
        yield from self.outputs(response)

    @path("spider middleware that never reads the output")
    def output_is_not_read(self, response: Response) -> Iterator[Any]:
        yield from self.outputs(response)

    @path("spider middleware that yields something else instead", items=1)
    def output_is_replaced(self, response: Response) -> Iterator[Any]:
        yield from self.outputs(response)

    @path("spider middleware that adds output when the callback has long ended", items=3, links=1)
    def output_is_added(self, response: Response) -> Iterator[Any]:
        yield from self.outputs(response)

    @path("spider middleware whose `process_spider_output` raises", items=2, links=1)
    def output_makes_it_raise(self, response: Response) -> Iterator[Any]:
        yield from self.outputs(response)

    @path(
        "spider middleware outside of all others whose `process_spider_input` raises, with an errback",
        role="errback",
        items=2,
        links=1,
    )
    def far_refused(self, failure: Failure) -> Iterator[Any]:
        yield from self.outputs(failure)

    @path(
        "spider middleware outside of all others whose `process_spider_input` raises, without an errback", role=WITHOUT
    )
    def far_refused_silently(self, response: Response) -> NoReturn:
        raise AssertionError(response)

    @path("spider middleware outside of all others that drops all output")
    def far_output_is_dropped(self, response: Response) -> Iterator[Any]:
        yield from self.outputs(response)

    @path("spider middleware outside of all others that adds output when the callback has long ended", items=3, links=1)
    def far_output_is_added(self, response: Response) -> Iterator[Any]:
        yield from self.outputs(response)

    @path("spider middleware outside of all others that turns an exception into output", items=1)
    def far_exception_becomes_output(self, response: Response) -> NoReturn:
        raise ValueError(response.url)
