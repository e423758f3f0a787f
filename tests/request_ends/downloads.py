"""What a downloader middleware of somebody else can do to requests and responses."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Any, NoReturn, Self, cast

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import IgnoreRequest
from scrapy.extensions.httpcache import DummyPolicy
from scrapy.http import HtmlResponse, Response
from twisted.python.failure import Failure

from tests.request_ends.callbacks import WORK_S
from tests.request_ends.failures import WITHOUT
from tests.request_ends.paths import PathsSpider, name_of, path, request_of

TWICE = ("replaced", "acknowledged")


def page(request: Request) -> HtmlResponse:
    """Return a page that no site has sent."""
    return HtmlResponse(request.url, body=b"<p>as the test asks</p>")


def is_first(request: Request) -> bool:
    """Tell whether a request is the first of its path, and none that a middleware has put in its place."""
    return request.url.endswith(name_of(request))


def copy(request: Request) -> Request | None:
    """Return a request that carries all that the first has."""
    return request.replace(url=f"{request.url}/elsewhere") if is_first(request) else None


def another(request: Request) -> Request | None:
    """Return a request that carries nothing of the first but its callback."""
    return Request(f"{request.url}/elsewhere", callback=request.callback) if is_first(request) else None


def unfit(request: Request) -> Request:
    """Return a request that cannot be put into the queue."""
    return request.replace(url=f"{request.url}/elsewhere", callback=lambda _: None)


def itself(request: Request) -> Request:
    """Return the request."""
    return request


def ignore(request: Request) -> NoReturn:
    """Drop a request."""
    raise IgnoreRequest(request.url)


def fail(request: Request) -> NoReturn:
    """Have a fault."""
    raise ValueError(request.url)


def forget(request: Request) -> None:
    """Take away all that goes with a request."""
    request.meta.clear()
    request.cb_kwargs.clear()


def take_errback(request: Request) -> None:
    """Leave a request without an errback."""
    request.errback = None


def give_errback(request: Request) -> None:
    """Put another errback in the place of a request's own."""
    request.errback = cast("Any", request.callback)


Meddling = dict[str, Callable[[Request], Request | Response | None]]
ON_REQUEST: Meddling = {
    "answered": page,
    "answered_for_a_copy": lambda request: page(request).replace(request=request.copy()),
    "answered_for_another": lambda request: page(request).replace(
        request=Request(request.url, callback=request.callback)
    ),
    "ignored": ignore,
    "ignored_silently": ignore,
    "request_makes_it_raise": fail,
    "request_replaced_by_a_copy": copy,
    "request_replaced_by_another": another,
    "request_replaced_by_itself": itself,
    "request_replaced_by_one_that_cannot_wait": unfit,
    "forgets_meta_in_the_request": forget,
    "takes_the_errback": take_errback,
    "takes_the_errback_of_a_failure": take_errback,
    "gives_another_errback": give_errback,
}
ON_RESPONSE: Meddling = {
    "response_makes_it_raise": fail,
    "response_is_ignored": ignore,
    "response_replaced_by_a_copy": copy,
    "response_replaced_by_another": another,
    "response_replaced_by_itself": itself,
    "response_replaced_by_a_response": page,
    "forgets_meta_in_the_response": forget,
}
ON_EXCEPTION: Meddling = {
    "exception_replaced_by_a_copy": copy,
    "exception_replaced_by_another": another,
    "exception_answered": page,
    "exception_is_ignored": ignore,
}


class Meddler:
    """Does to a request, a response or an exception what the page's name says."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self.waiting: asyncio.Future[Response] | None = None

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    async def process_request(self, request: Request) -> Request | Response | None:
        name = name_of(request)
        if name == "looked_up_by_a_copy" and is_first(request):
            await self.crawler.engine.download_async(
                request.replace(url=request.url.replace("page", "moved") + "/other")
            )
            await asyncio.sleep(WORK_S)
        if name == "held_back":
            await asyncio.sleep(WORK_S)
        if name == "one_response_for_two" and not is_first(request):
            return await self.share(request)
        return ON_REQUEST[name](request) if name in ON_REQUEST else None

    def process_response(self, request: Request, response: Response) -> Request | Response:
        name = name_of(request)
        return (ON_RESPONSE[name](request) if name in ON_RESPONSE else None) or response

    def process_exception(self, request: Request, exception: Exception) -> Request | Response | None:
        assert exception
        name = name_of(request)
        return ON_EXCEPTION[name](request) if name in ON_EXCEPTION else None

    async def share(self, request: Request) -> Response:
        """Answer two requests at once with one and the same response."""
        if self.waiting is None:
            self.waiting = asyncio.get_running_loop().create_future()
            return await self.waiting
        response, waiting, self.waiting = page(request), self.waiting, None
        waiting.set_result(response)
        return response


class CachePolicy(DummyPolicy):
    """Caches one page."""

    def should_cache_request(self, request: Request) -> bool:
        return name_of(request) == "answered_by_the_cache"


class Downloads(PathsSpider):
    """Meets a downloader middleware of somebody else."""

    name = "downloads"
    custom_settings = {  # noqa: RUF012 - as Scrapy wants it
        "DOWNLOADER_MIDDLEWARES": {Meddler: 900},
        "HTTPCACHE_ENABLED": True,
        "HTTPCACHE_POLICY": CachePolicy,
        "RETRY_ENABLED": False,
    }

    # --- process_request ---

    @path("middleware that holds the request back for a while", items=2, links=1)
    def held_back(self, response: Response) -> Iterator[Any]:
        yield from self.outputs(response)

    @path("middleware that downloads another page with a copy of the request first", items=2, links=1, fetches=3)
    def looked_up_by_a_copy(self, response: Response) -> Iterator[Any]:
        yield from self.outputs(response)

    @path("middleware that answers, `response.request` unset", items=2, links=1, fetches=0)
    def answered(self, response: Response) -> Iterator[Any]:
        yield from self.outputs(response)

    @path("middleware that answers, `response.request` a copy", items=2, links=1, fetches=0)
    def answered_for_a_copy(self, response: Response) -> Iterator[Any]:
        yield from self.outputs(response)

    @path("middleware that answers, `response.request` another request", items=2, links=1, fetches=0)
    def answered_for_another(self, response: Response) -> Iterator[Any]:
        yield from self.outputs(response)

    @path(
        "middleware that answers two requests with one `Response` object", ends=("acknowledged",) * 3, items=4, links=1
    )
    def one_response_for_two(self, response: Response) -> Iterator[Any]:
        if response.url.endswith(name_of(response)):
            for number in (1, 2):
                yield request_of(response).replace(url=f"{response.url}/{number}")
        else:
            yield from self.outputs(response)

    @path("`HttpCacheMiddleware` answers", ends=("acknowledged", "acknowledged"), items=2, links=1)
    def answered_by_the_cache(self, response: Response) -> Iterator[Any]:
        if "cached" in response.flags:
            yield from self.outputs(response)
        else:
            yield request_of(response).replace(dont_filter=True)

    @path("middleware that raises `IgnoreRequest`, with an errback", role="errback", items=2, links=1, fetches=0)
    def ignored(self, failure: Failure) -> Iterator[Any]:
        yield from self.outputs(failure)

    @path("middleware that raises `IgnoreRequest`, without an errback", role=WITHOUT, fetches=0)
    def ignored_silently(self, response: Response) -> NoReturn:
        raise AssertionError(response)

    @path("middleware whose `process_request` raises", role="errback", items=2, links=1, fetches=0)
    def request_makes_it_raise(self, failure: Failure) -> Iterator[Any]:
        yield from self.outputs(failure)

    @path("middleware whose `process_request` returns a copy for another URL", ends=TWICE, items=2, links=1)
    def request_replaced_by_a_copy(self, response: Response) -> Iterator[Any]:
        yield from self.outputs(response)

    @path("middleware whose `process_request` returns a new request", ends=TWICE, items=2, links=1)
    def request_replaced_by_another(self, response: Response) -> Iterator[Any]:
        yield from self.outputs(response)

    @path(
        "middleware whose `process_request` returns the request itself, dropped as known", ends=("replaced",), fetches=0
    )
    def request_replaced_by_itself(self, response: Response) -> NoReturn:
        raise AssertionError(response)

    @path("middleware whose request cannot be put into the queue", ends=("replaced",), fetches=0)
    def request_replaced_by_one_that_cannot_wait(self, response: Response) -> NoReturn:
        raise AssertionError(response)

    @path("middleware that clears `meta` and `cb_kwargs` on the way out", items=2, links=1, meta=(("note", 1),))
    def forgets_meta_in_the_request(self, response: Response) -> Iterator[Any]:
        assert "note" not in response.meta
        yield from self.outputs(response)

    @path("middleware that takes the errback away", items=2, links=1)
    def takes_the_errback(self, response: Response) -> Iterator[Any]:
        yield from self.outputs(response)

    @path("middleware that takes the errback away from a request that fails", at="refused", role="errback", fetches=0)
    def takes_the_errback_of_a_failure(self, failure: Failure) -> NoReturn:
        raise AssertionError(failure)

    @path("middleware that puts another errback in its place", at="refused", items=2, links=1, fetches=0)
    def gives_another_errback(self, failure: Failure) -> Iterator[Any]:
        yield from self.outputs(failure)

    # --- process_response ---

    @path("middleware whose `process_response` raises", role="errback", items=2, links=1)
    def response_makes_it_raise(self, failure: Failure) -> Iterator[Any]:
        yield from self.outputs(failure)

    @path("middleware whose `process_response` raises `IgnoreRequest`", role="errback", items=2, links=1)
    def response_is_ignored(self, failure: Failure) -> Iterator[Any]:
        yield from self.outputs(failure)

    @path("middleware whose `process_response` returns a copy for another URL", ends=TWICE, items=2, links=1, fetches=2)
    def response_replaced_by_a_copy(self, response: Response) -> Iterator[Any]:
        yield from self.outputs(response)

    @path("middleware whose `process_response` returns a new request", ends=TWICE, items=2, links=1, fetches=2)
    def response_replaced_by_another(self, response: Response) -> Iterator[Any]:
        yield from self.outputs(response)

    @path("middleware whose `process_response` returns the request itself, dropped as known", ends=("replaced",))
    def response_replaced_by_itself(self, response: Response) -> NoReturn:
        raise AssertionError(response)

    @path("middleware whose `process_response` returns another response", items=2, links=1)
    def response_replaced_by_a_response(self, response: Response) -> Iterator[Any]:
        yield from self.outputs(response)

    @path("middleware that clears `meta` and `cb_kwargs` on the way back", items=2, links=1, meta=(("note", 1),))
    def forgets_meta_in_the_response(self, response: Response) -> Iterator[Any]:
        assert "note" not in response.meta
        yield from self.outputs(response)

    # --- process_exception ---

    @path(
        "middleware whose `process_exception` returns a copy",
        at="refused",
        role="errback",
        ends=TWICE,
        items=2,
        links=1,
        fetches=0,
    )
    def exception_replaced_by_a_copy(self, failure: Failure) -> Iterator[Any]:
        yield from self.outputs(failure)

    @path(
        "middleware whose `process_exception` returns a new request", at="refused", role=WITHOUT, ends=TWICE, fetches=0
    )
    def exception_replaced_by_another(self, response: Response) -> NoReturn:
        raise AssertionError(response)

    @path("middleware whose `process_exception` answers", at="refused", items=2, links=1, fetches=0)
    def exception_answered(self, response: Response) -> Iterator[Any]:
        yield from self.outputs(response)

    @path(
        "middleware whose `process_exception` raises `IgnoreRequest`",
        at="refused",
        role="errback",
        items=2,
        links=1,
        fetches=0,
    )
    def exception_is_ignored(self, failure: Failure) -> Iterator[Any]:
        yield from self.outputs(failure)
