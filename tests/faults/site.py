"""A site whose records are known, with faults that are chosen by a hash, so that every run meets the same ones."""

from __future__ import annotations

import asyncio
import hashlib
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal, NamedTuple
from urllib.parse import urlsplit

from aiohttp import web

from tests.faults.tree import HOME, Tree
from tests.site.html import anchor, document, json_ld, link

START_TIMEOUT_S = 30
SHUTDOWN_S = 0.1
POISON, BLOCK = "/poison", "/block"
"""Pages of which a spider of `tests.faults.spiders` dies, or that keep it busy."""
HELD, NOT_LINKED = "/v/0", "/w/0"
"""Two pages of one record: one whose record such a spider never writes, and one that no list links to."""
WORDS = "Lorem ipsum dolor sit amet, consectetur adipisici elit, sed eiusmod tempor incidunt ut labore. " * 10
"""Makes a record about a kilobyte: buffers are then flushed in the middle of lines."""

Fault = Literal["fail", "throttle", "redirect", ""]


@dataclass(frozen=True, slots=True, kw_only=True)
class Faults:
    """How a site behaves; shares are of its URLs, 0 to 1.

    Attributes:
        fail: answer 500 the first time.
        throttle: answer 429 with `Retry-After: 1` the first time.
        redirect: answer 302, always; the page is elsewhere.
        twins: half of the records have more than one page, some of these on another host.
        latency_ms: wait before each answer, milliseconds.
        seed: chooses which; with this one a site of 120 records has all of them.
    """

    fail: float = 0.06
    throttle: float = 0.004
    redirect: float = 0.06
    twins: bool = True
    latency_ms: float = 20
    seed: int = 8

    @property
    def statuses(self) -> frozenset[int]:
        """What a crawl must meet with, beside 200."""
        shares = {500: self.fail, 429: self.throttle, 302: self.redirect}
        return frozenset(status for status, share in shares.items() if share)

    def of(self, path: str) -> Fault:
        """Return what happens to requests for `path`."""
        digest = hashlib.blake2b(f"{self.seed} {path}".encode(), digest_size=4).digest()
        share = int.from_bytes(digest, "big") / 2**32
        if share < self.fail:
            return "fail"
        if share < self.fail + self.throttle:
            return "throttle"
        moved = path.startswith("/moved/")
        return "redirect" if not moved and share < self.fail + self.throttle + self.redirect else ""


NONE = Faults(fail=0, throttle=0, redirect=0, twins=False, latency_ms=0)


class Asked(NamedTuple):
    """A request that was answered: when it arrived and was answered, in monotonic seconds, path, status, user agent."""

    arrived: float
    time: float
    path: str
    status: int
    agent: str


class FaultSite:
    """Serves the pages of `records` videos; each page is linked from one list, and each list from one other.

    Args:
        records: number of videos.
        faults: how it behaves.
        extra: paths of more pages, linked from the home page, which are no records.

    Attributes:
        url: base URL, known once it is open.
        requests: all requests so far.
        once: paths that are answered once, and are gone then.
        revisions: how often each record has been viewed, which is on all of its pages.
    """

    url: str

    def __init__(self, records: int, faults: Faults, extra: tuple[str, ...] = ()) -> None:
        self.tree, self.faults, self.extra = Tree(records, faults.twins), faults, extra
        self.requests: list[Asked] = []
        self.news = threading.Condition()
        self.struck: set[str] = set()
        self.pause_s = 0
        self.once: set[str] = set()
        self.revisions: Counter[int] = Counter()
        self.runner: web.AppRunner | None = None
        self.held = False
        self.favoured: set[str] = set()
        self.withheld: set[str] = set()
        self.door = asyncio.Condition()
        self.loop: asyncio.AbstractEventLoop | None = None

    # --- what is true ---

    def place(self, path: str) -> str:
        """Return the path where the page that is linked as `path` stands."""
        return f"/moved{path}" if self.faults.of(path) == "redirect" else path

    @property
    def truth(self) -> frozenset[str]:
        """The ids that a crawl must bring home."""
        return frozenset(map(self.record_id, range(self.tree.records)))

    def record_id(self, number: int) -> str:
        """Return the id of a record, which all of its pages name as their address."""
        return self.url + self.place(f"/v/{number}")

    @property
    def seeds(self) -> list[str]:
        """The URLs of the home pages, each on a host of its own."""
        near = self.url.replace("127.0.0.1", "localhost")
        return [host + path for host, path in zip((self.url, near), self.tree.homes, strict=False)]

    @property
    def linked(self) -> frozenset[str]:
        """All paths that are linked, the home pages too."""
        return self.tree.linked | set(self.extra)

    @property
    def pages(self) -> int:
        """Answers that a crawl without any fault of its own gets, those of 500, 429 and 302 too."""
        all_of_them = self.linked | {self.place(path) for path in self.linked}
        return len(all_of_them) + sum(self.faults.of(path) in {"fail", "throttle"} for path in all_of_them)

    def below(self, urls: Iterable[str]) -> set[str]:
        """Return the ids that can be reached through these links only, and by no other way."""
        paths = [urlsplit(url).path.removeprefix("/moved") for url in urls]
        return set(map(self.record_id, self.tree.below(paths)))

    # --- what happened ---

    def crawled(self) -> list[Asked]:
        """Return the requests for pages, without robots.txt and the like."""
        return [asked for asked in list(self.requests) if self.body(asked.path) is not None]

    def again(self) -> int:
        """Return how many answers were asked for more than once for no reason of the site's."""
        answered = Counter(asked.path for asked in self.crawled() if asked.status < 400)
        return sum(times - 1 for times in answered.values())

    def until(self, happened: Callable[[], bool], timeout_s: float) -> bool:
        """Wait for something that requests bring about; False after `timeout_s` seconds without it."""
        with self.news:
            return self.news.wait_for(happened, timeout_s)

    @contextmanager
    def holding(self) -> Iterator[None]:
        """Answer nobody while the block runs, but those whom `favour` names."""
        self.held = True
        try:
            yield
        finally:
            self.held = False
            self.let_in()

    def ask_for_pause(self, seconds: int) -> None:
        """Answer the next request for a page with 429 and `Retry-After`."""
        self.pause_s = seconds

    def favour(self, agent: str) -> None:
        """Answer this user agent also while the site is held."""
        self.favoured.add(agent)
        self.let_in()

    @contextmanager
    def withholding(self, path: str) -> Iterator[None]:
        """Answer no request for `path` while the block runs: the crawl cannot be complete before."""
        self.withheld.add(path)
        try:
            yield
        finally:
            self.withheld.remove(path)
            self.let_in()

    def let_in(self) -> None:
        """Look again at who waits for an answer."""
        assert self.loop is not None
        asyncio.run_coroutine_threadsafe(self.notify(), self.loop).result(START_TIMEOUT_S)

    async def notify(self) -> None:
        async with self.door:
            self.door.notify_all()

    def admits(self, request: web.Request) -> bool:
        """Tell whether a request is answered now."""
        agent = request.headers.get("User-Agent", "")
        return request.path not in self.withheld and (not self.held or agent in self.favoured)

    # --- serving ---

    async def open(self) -> None:
        """Listen on a free port."""
        application = web.Application()
        application.router.add_route("*", "/{path:.*}", self.handle)
        self.runner = web.AppRunner(application, access_log=None, shutdown_timeout=SHUTDOWN_S)
        self.loop = asyncio.get_running_loop()
        await self.runner.setup()
        await web.TCPSite(self.runner, "127.0.0.1", 0).start()
        self.url = "http://127.0.0.1:{1}".format(*self.runner.addresses[0])

    async def close(self) -> None:
        """Stop listening and drop all connections."""
        if self.runner is not None:
            await self.runner.cleanup()

    async def handle(self, request: web.Request) -> web.Response:
        arrived = time.monotonic()
        await asyncio.sleep(self.faults.latency_ms / 1000)
        async with self.door:
            await self.door.wait_for(lambda: self.admits(request))
        response = self.answer(request.path)
        agent = request.headers.get("User-Agent", "")
        with self.news:
            self.requests.append(Asked(arrived, time.monotonic(), request.path, response.status, agent))
            self.news.notify_all()
        return response

    def answer(self, path: str) -> web.Response:
        body = self.body(path)
        if body is None:
            return web.Response(status=404, text="Not found")
        if pause_s := self.pause_s:
            self.pause_s = 0
            return too_many_requests(pause_s)
        fault = self.faults.of(path)
        if fault == "redirect":
            return web.Response(status=302, headers={"Location": f"/moved{path}"})
        if fault and path not in self.struck:
            self.struck.add(path)
            if fault == "fail":
                return web.Response(status=500, text="Internal Server Error")
            return too_many_requests(1)
        is_gone = path in self.once and path in self.struck
        self.struck.add(path)
        return web.Response(status=410) if is_gone else web.Response(text=body, content_type="text/html")

    def body(self, path: str) -> str | None:
        """Return the page at `path`, None where there is none."""
        if path in self.extra:
            return document("Something else", (), ["<h1>Something else</h1>", f"<p>{WORDS}</p>"])
        path = path.removeprefix("/moved")
        if (record := self.tree.record_of(path)) is not None:
            return video_page(record, self.record_id(record), self.revisions[record])
        return None if (number := self.tree.list_of(path)) is None else self.list_page(path, number)

    def list_page(self, path: str, number: int) -> str:
        links = [*self.tree.children(path), *(self.extra if path == HOME else ())]
        return document(f"List {number}", (), [f"<h1>List {number}</h1>", *(anchor(one, one) for one in links)])


def too_many_requests(pause_s: int) -> web.Response:
    return web.Response(status=429, headers={"Retry-After": str(pause_s)}, text="Too many requests")


def video_page(number: int, address: str, views: int) -> str:
    title = f"The film of number {number}"
    video = {
        "@context": "https://schema.org",
        "@type": "VideoObject",
        "name": title,
        "description": WORDS,
        "duration": f"PT{number % 50 + 1}M",
        "uploadDate": "2024-03-01T09:00:00Z",
        "interactionStatistic": {
            "@type": "InteractionCounter",
            "interactionType": "https://schema.org/WatchAction",
            "userInteractionCount": views,
        },
    }
    return document(title, [link("canonical", address), json_ld(video)], [f"<h1>{title}</h1>", f"<p>{WORDS}</p>"])


@contextmanager
def fault_site(records: int, faults: Faults = NONE, extra: tuple[str, ...] = ()) -> Iterator[FaultSite]:
    """Serve a site from a thread while the block runs."""
    site = FaultSite(records, faults, extra)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="fault-site")
    thread.start()
    try:
        asyncio.run_coroutine_threadsafe(site.open(), loop).result(START_TIMEOUT_S)
        yield site
    finally:
        asyncio.run_coroutine_threadsafe(site.close(), loop).result(START_TIMEOUT_S)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
