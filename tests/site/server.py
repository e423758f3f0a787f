"""Serves a site over HTTP on loopback, in a thread for tests, and keeps a log of its requests."""

from __future__ import annotations

import asyncio
import threading
import time
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from email.utils import formatdate
from pathlib import Path
from typing import NamedTuple, TextIO
from urllib.parse import unquote

import orjson
from aiohttp import web

from tests.site.answers import JSON, Answer, Asked
from tests.site.catalogue import Catalogue
from tests.site.peertube import PeerTube
from tests.site.plain import Plain
from tests.site.plain_truth import plain_truth
from tests.site.quirks import Failures, Kind, Quirks, RateLimiter
from tests.site.truth import Fields, Truth, peertube_truth, video_fields

START_TIMEOUT_S = 30
"""A machine under load can take long to start a thread; a server that is not up by then never will be."""

SHUTDOWN_S = 0.1
"""How long an answer under way may take when the site closes; aiohttp takes 0 for no limit."""
YEARS_S = 1_500_000_000
"""Within so many seconds of 1970 is what a dated answer names as the time of its change."""


class Request(NamedTuple):
    """A request that was answered: its arrival in monotonic seconds, path with query, status, user agent, counter."""

    arrived: float
    path: str
    status: int
    agent: str
    kind: Kind


class Site:
    """A served catalogue.

    Args:
        catalogue: what is served.
        quirks: how it behaves.
        plain: serve the plain site, not a PeerTube.
        port: port on 127.0.0.1; 0 takes a free one.
        log: file that gets a line of JSON a request.

    Attributes:
        url: base URL, without a slash at its end; known once the site is open.
        truth: what a crawl must bring home.
        requests: all requests so far.
    """

    url: str
    truth: Truth

    def __init__(
        self, catalogue: Catalogue, quirks: Quirks, *, plain: bool = False, port: int = 0, log: Path | None = None
    ) -> None:
        self.catalogue, self.quirks, self.plain = catalogue, quirks, plain
        self.port, self.log_path = port, log
        self.requests: list[Request] = []
        self.limiter, self.failures = RateLimiter(quirks), Failures(quirks.fail_rate, catalogue.seed)
        self.log: TextIO | None = None
        self.runner: web.AppRunner | None = None

    @property
    def host(self) -> str:
        """Host and port."""
        return self.url.removeprefix("http://")

    @property
    def hidden(self) -> set[str]:
        """UUIDs of the videos that the quirk `hide` took away so far."""
        return set(self.app.instance.hidden) if isinstance(self.app, PeerTube) else set()

    @property
    def grown(self) -> dict[str, Fields]:
        """The videos that the quirk `grow` published so far: expected fields by UUID."""
        if not isinstance(self.app, PeerTube):
            return {}
        return {uuid: video_fields(self.app.shapes, video) for uuid, video in list(self.app.instance.grown.items())}

    async def open(self) -> None:
        """Listen; the address is known afterwards."""
        application = web.Application()
        application.router.add_route("*", "/{path:.*}", self.handle)
        self.runner = web.AppRunner(
            application, access_log=None, keepalive_timeout=self.quirks.keepalive_s, shutdown_timeout=SHUTDOWN_S
        )
        await self.runner.setup()
        await web.TCPSite(self.runner, "127.0.0.1", self.port, reuse_address=True).start()
        self.url = "http://127.0.0.1:{1}".format(*self.runner.addresses[0])
        self.app: PeerTube | Plain = (Plain if self.plain else PeerTube)(self.catalogue, self.quirks, self.url)
        self.truth = (
            plain_truth(self.catalogue, self.url)
            if self.plain
            else peertube_truth(self.catalogue, self.url, self.quirks.api_version)
        )
        self.log = self.log_path.open("a", encoding="utf-8", buffering=1) if self.log_path else None

    async def close(self) -> None:
        """Stop listening and drop all connections."""
        if self.runner:
            await self.runner.cleanup()
        if self.log:
            self.log.close()

    async def handle(self, request: web.Request) -> web.Response:
        arrived = time.monotonic()
        asked = Asked(unquote(request.path), request.query, request.headers.get("Accept", ""))
        kind = self.app.kind(asked)
        await asyncio.sleep(self.quirks.latency_ms / 1000)
        answer, headers = self.answer(asked, kind, request.path_qs)
        await asyncio.sleep(answer.wait_ms / 1000)
        response = respond(answer, headers, request.headers, dated=self.quirks.dated)
        agent = request.headers.get("User-Agent", "")
        self.record(Request(arrived, request.path_qs, response.status, agent, kind))
        return response

    def answer(self, asked: Asked, kind: Kind, path_qs: str) -> tuple[Answer, Mapping[str, str]]:
        """Return the answer and the limiter's headers."""
        admitted, headers = self.limiter.admit(kind)
        if not admitted:
            return Answer("Too many requests, please try again later.", 429), headers
        if self.failures.strikes(path_qs):
            return Answer("Internal Server Error", 500), headers
        return self.quirks.shaped(self.app.answer(asked)), headers

    def record(self, request: Request) -> None:
        self.requests.append(request)
        if self.log:
            self.log.write(orjson.dumps(request._asdict()).decode() + "\n")


def respond(
    answer: Answer, headers: Mapping[str, str], asked: Mapping[str, str], *, dated: bool = False
) -> web.Response:
    """Turn an answer into a response; JSON has an ETag, what is `dated` a Last-Modified, and 304 for who knows it."""
    named = {**headers, **answer.headers, "Content-Type": answer.content_type}
    if answer.status == 200 and answer.content_type == JSON:
        named["ETag"] = f'W/"{len(answer.payload):x}-{zlib.crc32(answer.payload):x}"'
        if asked.get("If-None-Match") == named["ETag"]:
            return web.Response(status=304, headers={**headers, "ETag": named["ETag"]})
    if dated and answer.status == 200:  # a time of its own for each content: changes may be closer than a second
        named["Last-Modified"] = formatdate(zlib.crc32(answer.payload) % YEARS_S, usegmt=True)
        if asked.get("If-Modified-Since") == named["Last-Modified"]:
            return web.Response(status=304, headers=headers)
    return web.Response(status=answer.status, body=answer.payload, headers=named)


@contextmanager
def running_site(
    catalogue: Catalogue | None = None, quirks: Quirks | None = None, *, plain: bool = False, log: Path | None = None
) -> Iterator[Site]:
    """Serve a catalogue from a thread while the block runs.

    Args:
        catalogue: what is served; a small one unless told.
        quirks: how it behaves; as a PeerTube that was just installed unless told.
        plain: serve the plain site, not a PeerTube.
        log: file that gets a line of JSON a request.
    """
    site = Site(catalogue or Catalogue.generate(), quirks or Quirks(), plain=plain, log=log)
    started: threading.Event = threading.Event()
    serving = Serving(site, started)
    thread = threading.Thread(target=serving.run, name="sample-site")
    thread.start()
    try:
        if not started.wait(START_TIMEOUT_S) or serving.error:
            msg = f"The sample site did not start: {serving.error or f'no answer within {START_TIMEOUT_S} s'}."
            raise RuntimeError(msg)
        yield site
    finally:
        serving.stop()
        thread.join()


class Serving:
    """Runs a site in an event loop of its own, until it is stopped from another thread."""

    def __init__(self, site: Site, started: threading.Event) -> None:
        self.site, self.started = site, started
        self.error: Exception | None = None
        self.loop: asyncio.AbstractEventLoop | None = None
        self.stopped: asyncio.Event | None = None

    def run(self) -> None:
        asyncio.run(self.serve())

    async def serve(self) -> None:
        self.loop, self.stopped = asyncio.get_running_loop(), asyncio.Event()
        try:
            await self.site.open()
        except OSError as exc:
            self.error = exc
            await self.site.close()
            return
        finally:
            self.started.set()
        await self.stopped.wait()
        await self.site.close()

    def stop(self) -> None:
        if self.loop and self.stopped and not self.loop.is_closed():
            self.loop.call_soon_threadsafe(self.stopped.set)
