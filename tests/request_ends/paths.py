"""The paths by which a request can end: each is a method of a spider, with what is expected of it beside it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal, TypeVar
from urllib.parse import urlsplit

from scrapy import Request, Spider
from scrapy.http import Response
from twisted.python.failure import Failure

from crawler.frontier.deliveries import HUNG_AFTER_S, GivenBack

Outcome = Literal["acknowledged", "replaced", "returned", "leaked"]
Method = TypeVar("Method", bound=Callable[..., Any])
Item = dict[str, Any]
Source = Response | Failure

LINK = "-link"
"""What the name of a page ends with to which a page of that name leads: nothing else happens there."""


@dataclass(frozen=True)
class Path:
    """A path, and what is expected of the requests on it.

    Attributes:
        title: what happens, for the documentation.
        at: where its first request goes: a behaviour of the site; `refused` for where nobody listens.
        role: what the method is to its first request.
        ends: how its requests end, in the order in which they were handed out; what is returned in a row counts once.
        items: how many items leave the pipelines, one way or another.
        links: how many other pages are put into the queue.
        fetches: how often the site is asked.
        is_dead: whether it is a dead letter in the end.
        meta: of its first request.
    """

    title: str
    at: str = "page"
    role: Literal["callback", "errback", "callback of a request without an errback"] = "callback"
    ends: tuple[Outcome, ...] = ("acknowledged",)
    items: int = 0
    links: int = 0
    fetches: int = 1
    is_dead: bool = False
    meta: tuple[tuple[str, Any], ...] = ()


def path(title: str, **expected: Any) -> Callable[[Method], Method]:
    """Declare the path on which a spider's method lies."""

    def declare(method: Method) -> Method:
        method.path = Path(title, **expected)  # type: ignore[attr-defined]
        return method

    return declare


def paths_of(spider: type[Spider]) -> dict[str, Path]:
    """Return the paths of a spider by the names of their methods."""
    return {name: method.path for name, method in vars(spider).items() if hasattr(method, "path")}


class PathsSpider(Spider):
    """Sends a request down each of its paths.

    Args:
        site: URL of the site.
        refused: URL where nobody listens.
        unhurried: URL of a site that asks for a pause between requests.

    Attributes:
        hung_after_s: after how many seconds a request counts as hung.
    """

    hung_after_s = HUNG_AFTER_S

    def __init__(self, *, site: str, refused: str, unhurried: str) -> None:
        super().__init__()
        self.sites = {"refused": refused, "unhurried": unhurried}
        self.site = site
        self.given_back: set[str] = set()

    async def start(self) -> AsyncIterator[Request]:
        """Send them."""
        for name, path in paths_of(type(self)).items():
            base = self.sites.get(path.at, self.site)
            method = {path.role: getattr(self, name)}
            url = f"{base}/{path.at}/{name}"
            callback, errback = method.get("callback", self.parse), method.get("errback")
            yield Request(url, callback=callback, errback=errback, meta=dict(path.meta))

    def parse(self, response: Response) -> None:
        """Take a page that nothing hangs on."""

    def link(self, source: Source, number: int = 1) -> Request:
        """Return a request for another page that a page leads to."""
        return Request(f"{self.site}/page/{name_of(source)}{LINK}/{number}")

    def outputs(self, source: Source) -> Iterator[Item | Request]:
        """Yield an item, a link, and another item."""
        yield item(source)
        yield self.link(source)
        yield item(source, 2)

    def give_back_once(self, source: Source) -> None:
        """Raise what a page's own download raises when the instance is about to end; only the first time."""
        if (name := name_of(source)) not in self.given_back:
            self.given_back.add(name)
            raise GivenBack("as the test asks")


def name_of(source: Source | Request | str) -> str:
    """Return the name of the path that a URL belongs to."""
    if isinstance(source, Failure):
        return name_of(source.request)  # type: ignore[attr-defined]
    return [*urlsplit(source if isinstance(source, str) else source.url).path.split("/"), "", ""][2]


def item(source: Source, number: int = 1) -> Item:
    """Return an item of a page."""
    return {"page": name_of(source), "number": number}


def request_of(response: Response) -> Request:
    """Return the request that a response is for."""
    assert response.request
    return response.request
