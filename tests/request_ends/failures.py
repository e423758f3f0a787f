"""Retries, redirects, HTTP errors, refusals, and what errbacks make of them; with Scrapy's own middlewares only."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any, NoReturn

from scrapy import Request
from scrapy.http import Response
from twisted.python.failure import Failure

from tests.request_ends.callbacks import AGAIN, WORK_S
from tests.request_ends.paths import Item, PathsSpider, item, path

WITHOUT = "callback of a request without an errback"
AT_ONCE = (("dont_retry", True),)


class Failures(PathsSpider):
    """Asks for what is not there."""

    name = "failures"
    allowed_domains = ("127.0.0.1",)
    custom_settings = {"RETRY_TIMES": 1, "REDIRECT_MAX_TIMES": 2}  # noqa: RUF012 - as Scrapy wants it

    # --- answers that lead to another request ---

    @path("HTTP 500, then 200", at="500-once", ends=("replaced", "acknowledged"), items=2, links=1, fetches=2)
    def retried(self, response: Response) -> Iterator[Any]:
        yield from self.outputs(response)

    @path(
        "HTTP 500 until given up, with an errback",
        at="500",
        role="errback",
        ends=("replaced", "acknowledged"),
        items=2,
        links=1,
        fetches=2,
    )
    def given_up(self, failure: Failure) -> Iterator[Any]:
        yield from self.outputs(failure)

    @path(
        "HTTP 500 until given up, without an errback",
        at="500",
        role=WITHOUT,
        ends=("replaced", "acknowledged"),
        fetches=2,
    )
    def given_up_silently(self, response: Response) -> NoReturn:
        raise AssertionError(response)

    @path("redirect to another page", at="moved", ends=("replaced", "acknowledged"), items=2, links=1, fetches=2)
    def redirected(self, response: Response) -> Iterator[Any]:
        yield from self.outputs(response)

    @path("redirect to another domain, dropped as offsite", at="moved-away", ends=("replaced",))
    def redirected_away(self, response: Response) -> NoReturn:
        raise AssertionError(response)

    @path("redirect to the page itself, dropped as known", at="moved-here", ends=("replaced",))
    def redirected_in_a_circle(self, response: Response) -> NoReturn:
        raise AssertionError(response)

    @path(
        "redirects until given up, with an errback",
        at="moved-on",
        role="errback",
        ends=("replaced", "replaced", "acknowledged"),
        items=2,
        links=1,
        fetches=3,
    )
    def redirected_on_and_on(self, failure: Failure) -> Iterator[Any]:
        yield from self.outputs(failure)

    @path(
        "redirects until given up, without an errback",
        at="moved-on",
        role=WITHOUT,
        ends=("replaced", "replaced", "acknowledged"),
        fetches=3,
    )
    def redirected_on_and_on_silently(self, response: Response) -> NoReturn:
        raise AssertionError(response)

    # --- HTTP errors, which Scrapy refuses in a spider middleware ---

    @path("HTTP 404 without an errback", at="404", role=WITHOUT)
    def missing_silently(self, response: Response) -> NoReturn:
        raise AssertionError(response)

    @path("HTTP 404 that the callback takes", at="404", items=2, links=1, meta=(("handle_httpstatus_list", [404]),))
    def missing_but_handled(self, response: Response) -> Iterator[Any]:
        yield from self.outputs(response)

    @path("HTTP 404, errback that is a generator", at="404", role="errback", items=2, links=1)
    def missing_generator(self, failure: Failure) -> Iterator[Any]:
        yield from self.outputs(failure)

    @path("HTTP 404, errback that is an async generator", at="404", role="errback", items=2, links=1)
    async def missing_async_generator(self, failure: Failure) -> AsyncIterator[Any]:
        for output in self.outputs(failure):
            await asyncio.sleep(WORK_S)
            yield output

    @path("HTTP 404, errback that is a coroutine", at="404", role="errback", items=2, links=1)
    async def missing_coroutine(self, failure: Failure) -> list[Any]:
        await asyncio.sleep(WORK_S)
        return list(self.outputs(failure))

    @path("HTTP 404, errback that returns None", at="404", role="errback")
    def missing_none(self, failure: Failure) -> None:
        """Nothing to do."""

    @path("HTTP 404, errback that raises", at="404", role="errback")
    def missing_raises(self, failure: Failure) -> NoReturn:
        raise ValueError(failure.value)

    @path("HTTP 404, errback that returns the failure", at="404", role="errback")
    def missing_returned(self, failure: Failure) -> Failure:
        return failure

    @path("HTTP 404, errback that cannot go on here", at="404", role="errback", ends=AGAIN, items=2, links=1, fetches=2)
    def missing_cannot_go_on(self, failure: Failure) -> Iterator[Any]:
        self.give_back_once(failure)
        yield from self.outputs(failure)

    # --- no answer ---

    @path(
        "no answer in time", at="silent", role="errback", items=2, links=1, meta=(*AT_ONCE, ("download_timeout", 0.3))
    )
    def silent(self, failure: Failure) -> Iterator[Any]:
        yield from self.outputs(failure)

    @path(
        "connection refused until given up",
        at="refused",
        role="errback",
        ends=("replaced", "acknowledged"),
        items=2,
        links=1,
        fetches=0,
    )
    def refused_twice(self, failure: Failure) -> Iterator[Any]:
        yield from self.outputs(failure)

    @path("connection refused without an errback", at="refused", role=WITHOUT, fetches=0, meta=AT_ONCE)
    def refused_silently(self, response: Response) -> NoReturn:
        raise AssertionError(response)

    @path(
        "connection refused, errback that is a generator",
        at="refused",
        role="errback",
        items=2,
        links=1,
        fetches=0,
        meta=AT_ONCE,
    )
    def refused_generator(self, failure: Failure) -> Iterator[Any]:
        yield from self.outputs(failure)

    @path(
        "connection refused, errback that is an async generator",
        at="refused",
        role="errback",
        items=2,
        links=1,
        fetches=0,
        meta=AT_ONCE,
    )
    async def refused_async_generator(self, failure: Failure) -> AsyncIterator[Any]:
        for output in self.outputs(failure):
            await asyncio.sleep(WORK_S)
            yield output

    @path(
        "connection refused, errback that is a coroutine",
        at="refused",
        role="errback",
        items=2,
        links=1,
        fetches=0,
        meta=AT_ONCE,
    )
    async def refused_coroutine(self, failure: Failure) -> list[Any]:
        await asyncio.sleep(WORK_S)
        return list(self.outputs(failure))

    @path(
        "connection refused, errback that returns a list",
        at="refused",
        role="errback",
        items=2,
        links=1,
        fetches=0,
        meta=AT_ONCE,
    )
    def refused_list(self, failure: Failure) -> list[Any]:
        return list(self.outputs(failure))

    @path(
        "connection refused, errback that returns one item",
        at="refused",
        role="errback",
        items=1,
        fetches=0,
        meta=AT_ONCE,
    )
    def refused_item(self, failure: Failure) -> Item:
        return item(failure)

    @path(
        "connection refused, errback that returns one request",
        at="refused",
        role="errback",
        links=1,
        fetches=0,
        meta=AT_ONCE,
    )
    def refused_request(self, failure: Failure) -> Request:
        return self.link(failure)

    @path("connection refused, errback that returns None", at="refused", role="errback", fetches=0, meta=AT_ONCE)
    def refused_none(self, failure: Failure) -> None:
        """Nothing to do."""

    @path("connection refused, errback that raises", at="refused", role="errback", fetches=0, meta=AT_ONCE)
    def refused_raises(self, failure: Failure) -> NoReturn:
        raise ValueError(failure.value)

    @path(
        "connection refused, errback that raises after some output",
        at="refused",
        role="errback",
        items=2,
        links=1,
        fetches=0,
        meta=AT_ONCE,
    )
    def refused_generator_that_raises(self, failure: Failure) -> Iterator[Any]:
        yield from self.outputs(failure)
        raise ValueError(failure.value)

    @path("connection refused, errback that returns the failure", at="refused", role="errback", fetches=0, meta=AT_ONCE)
    def refused_returned(self, failure: Failure) -> Failure:
        return failure

    @path(
        "connection refused, errback that cannot go on here",
        at="refused",
        role="errback",
        ends=AGAIN,
        items=2,
        links=1,
        fetches=0,
        meta=AT_ONCE,
    )
    def refused_cannot_go_on(self, failure: Failure) -> Iterator[Any]:
        self.give_back_once(failure)
        yield from self.outputs(failure)

    # --- refused by ourselves ---

    @path("robots.txt forbids it, with an errback", at="forbidden", role="errback", items=2, links=1, fetches=0)
    def forbidden(self, failure: Failure) -> Iterator[Any]:
        yield from self.outputs(failure)

    @path("robots.txt forbids it, without an errback", at="forbidden", role=WITHOUT, fetches=0)
    def forbidden_silently(self, response: Response) -> NoReturn:
        raise AssertionError(response)

    @path(
        "robots.txt asks for a pause after the request's time was reserved",
        at="unhurried",
        ends=AGAIN,
        items=2,
        links=1,
        meta=(("download_slot", "unhurried"),),
    )
    def unhurried(self, response: Response) -> Iterator[Any]:
        yield from self.outputs(response)
