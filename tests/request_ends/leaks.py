"""What loses a request: no hook hears of its end, so that only the sweeper can give it back."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any, NoReturn

from scrapy import Request
from scrapy.exceptions import CloseSpider
from scrapy.http import Response
from twisted.python.failure import Failure

from tests.request_ends.paths import PathsSpider, name_of, path

MAX_DELIVERIES = 3
LEAKED = ("leaked",) * MAX_DELIVERIES


class FarMeddler:
    """Stands in front of what watches the requests."""

    def process_request(self, request: Request) -> Request | None:
        is_lost = name_of(request) == "replaced_out_of_sight"
        return (
            request.replace(url=f"{request.url}/elsewhere")
            if is_lost and request.url.endswith(name_of(request))
            else None
        )


class Hanger:
    """Never lets go of a request."""

    async def process_request(self, request: Request) -> None:
        if name_of(request) == "held_forever":
            await asyncio.Event().wait()


class Leaks(PathsSpider):
    """Meets a middleware that replaces requests before anybody has seen them."""

    name = "leaks"
    custom_settings = {  # noqa: RUF012 - as Scrapy wants it
        "DOWNLOADER_MIDDLEWARES": {FarMeddler: -20_000},
        "MAX_DELIVERIES": MAX_DELIVERIES,
    }

    @path(
        "middleware outside of all others that replaces the request",
        ends=(*LEAKED, "acknowledged"),
        items=2,
        links=1,
        is_dead=True,
    )
    def replaced_out_of_sight(self, response: Response) -> Iterator[Any]:
        yield from self.outputs(response)


class Hangs(PathsSpider):
    """Meets a middleware that awaits what never comes."""

    name = "hangs"
    hung_after_s = 0.5
    custom_settings = {  # noqa: RUF012 - as Scrapy wants it
        "DOWNLOADER_MIDDLEWARES": {Hanger: 900},
        "MAX_DELIVERIES": MAX_DELIVERIES,
    }

    @path("middleware whose `process_request` never ends", role="errback", ends=LEAKED, fetches=0, is_dead=True)
    def held_forever(self, failure: Failure) -> NoReturn:
        raise AssertionError(failure)


class Closes(PathsSpider):
    """Asks to be closed."""

    name = "closes"

    @path("callback that raises `CloseSpider`")
    def closes(self, response: Response) -> NoReturn:
        raise CloseSpider(name_of(response))

    @path("generator that raises `CloseSpider` after some output", items=2, links=1)
    def closes_after_output(self, response: Response) -> Iterator[Any]:
        yield from self.outputs(response)
        raise CloseSpider(name_of(response))
