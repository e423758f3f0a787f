"""robots.txt: read once for the whole fleet, and heeded in what it forbids and in how fast it lets us go."""

from __future__ import annotations

import asyncio
import base64
import logging
import secrets
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from time import monotonic
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from weakref import WeakValueDictionary

import orjson
from protego import Protego
from scrapy import Request, signals
from scrapy.downloadermiddlewares.robotstxt import RobotsTxtMiddleware
from scrapy.http.request import NO_CALLBACK
from scrapy.robotstxt import decode_robotstxt
from scrapy.utils.misc import build_from_crawler, load_object

from crawler.addresses.guard import AddressRefused
from crawler.errors import QueueLost
from crawler.frontier.deliveries import GivenBack
from crawler.frontier.frontier import Frontier
from crawler.frontier.grants import INSTEAD_OF, id_in_flight
from crawler.frontier.queue import text
from crawler.frontier.slots import DOWNLOAD_SLOT, FLEET_SLOT, given_slot, slot_of
from crawler.middlewares.pace import reserved_at

if TYPE_CHECKING:
    from scrapy.crawler import Crawler
    from scrapy.http import Response
    from scrapy.robotstxt import RobotParser

logger = logging.getLogger(__name__)

KEPT_S = 86_400.0
"""Seconds that a robots.txt is kept; RFC 9309 allows a day."""
FAILED_KEPT_S = 60.0
"""Seconds until one that could not be read is tried again, or more: attempts take a tenth of the time at the most."""
LARGEST_BYTES = 500 * 1024
"""Bytes of a robots.txt that are read: what RFC 9309 demands."""
CRAWL_DELAY_MAX_S = 60.0
"""The setting of this name, where a project leaves it out."""
ORIGINS = 1_000
"""Origins whose rules an instance has at hand; for others it reads the fleet's copy again."""
LOCK_MS = 9_000
"""After so long without a sign of life, the instance that fetches a robots.txt for all counts as gone."""
POLL_S = 0.1
"""Seconds between two looks whether it has come."""

SPREAD_S = 0.25
"""Seconds after which a delay that a robots.txt asks for is kept by all instances."""


@dataclass(frozen=True, slots=True)
class RobotsTxt:
    """What an origin answered.

    Attributes:
        status: HTTP status; 0 where there was no answer.
        body: the file; empty where there is none, or none could be had.
        kept_s: how long this holds good, seconds.
    """

    status: int
    body: bytes
    kept_s: float

    @property
    def failed(self) -> bool:
        """Whether another attempt may get another answer."""
        return self.status in {0, HTTPStatus.TOO_MANY_REQUESTS} or self.status >= HTTPStatus.INTERNAL_SERVER_ERROR

    @classmethod
    def of(cls, response: Response | None, took_s: float) -> RobotsTxt:
        """Return what an attempt that took so long has got; None for no answer."""
        status, body = (response.status, response.body) if response is not None else (0, b"")
        if not HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
            body = b""
        if len(body) > LARGEST_BYTES:
            body = body[:LARGEST_BYTES].rpartition(b"\n")[0]  # half a path would forbid more than the whole
        found = cls(status, body, KEPT_S)
        return cls(status, body, max(FAILED_KEPT_S, 10 * took_s)) if found.failed else found

    @classmethod
    def loaded(cls, value: bytes | None, kept_ms: int) -> RobotsTxt | None:
        """Read what `dumped` wrote; None where nothing was written, or something else."""
        try:
            fields = orjson.loads(value or b"")
            return cls(int(fields["status"]), base64.b64decode(fields["body"], validate=True), max(0, kept_ms) / 1000)
        except (ValueError, TypeError, KeyError):
            return None

    def dumped(self) -> bytes:
        """Return it as it is kept for the fleet."""
        return orjson.dumps({"status": self.status, "body": base64.b64encode(self.body).decode()})


@dataclass(slots=True)
class Rules:
    """What an instance has at hand of a robots.txt.

    Attributes:
        parser: answers what is allowed; None allows everything.
        delay_ms: asked between two requests, milliseconds.
        since: when they were fetched, here or elsewhere, monotonic seconds.
        until: when they are to be read again, monotonic seconds.
        told: slots that keep the delay.
    """

    parser: RobotParser | None
    delay_ms: int
    since: float
    until: float
    told: set[str] = field(default_factory=set)


class RulesAtHand(OrderedDict[str, Rules]):
    """The rules of the origins that were asked for last, while they hold good."""

    def fresh(self, origin: str) -> Rules | None:
        """Return the rules of `origin`; None where they are to be read."""
        rules = self.get(origin)
        if rules is None or rules.until <= monotonic():
            return None
        self.move_to_end(origin)
        return rules

    def keep(self, origin: str, rules: Rules) -> Rules:
        """Keep the rules of `origin` in place of those that were not asked for the longest."""
        self[origin] = rules
        self.move_to_end(origin)
        if len(self) > ORIGINS:
            self.popitem(last=False)
        return rules


class FleetRobotsTxtMiddleware(RobotsTxtMiddleware):
    """Scrapy's, asked by one request at a time for an origin, in this process and in the fleet.

    In Scrapy 2.19 the requests that wait for one robots.txt share a Deferred, of which only the first gets the
    rules; the others get None, which allows everything. An instance that joins a crawl takes 16 requests at once.
    """

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        settings = crawler.settings
        self.parser_class: Any = load_object(settings["ROBOTSTXT_PARSER"])
        self.user_agent: str = settings["ROBOTSTXT_USER_AGENT"] or settings["USER_AGENT"]
        self.most_delay_s = settings.getfloat("CRAWL_DELAY_MAX_S", CRAWL_DELAY_MAX_S)
        self.shared = SharedRobots(crawler) if Frontier.is_used(crawler) else None
        self.at_hand = RulesAtHand()
        self.put_off: dict[str, int] = {}
        """How often a robots.txt could not be had, and could not be asked for again at once either."""
        self.locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def robot_parser(self, request: Request) -> RobotParser | None:
        """Return the rules of the origin of `request`; None where they cannot be had, which allows everything."""
        if self.shared is None or id_in_flight(request):
            return await self.rules_for(request)
        return await self.shared.frontier.grants.insist(request, lambda: self.rules_for(request))

    async def rules_for(self, request: Request) -> RobotParser | None:
        """Return the rules of the origin of `request`.

        Raises:
            GivenBack: it is better to try again later.
        """
        origin, slot = origin_of(request.url), slot_of(request)
        lock = self.locks.setdefault(origin, asyncio.Lock())
        async with lock:
            rules = self.at_hand.fresh(origin) or await self.read(origin, request)
            if self.shared and slot not in rules.told:
                await self.shared.slow_down(slot, origin, rules.delay_ms)
                rules.told.add(slot)
        due = reserved_at(request)
        if rules.delay_ms and due is not None and due < rules.since + SPREAD_S:
            raise GivenBack(f"its time was reserved before {origin} asked for {rules.delay_ms} ms between two requests")
        return rules.parser

    async def read(self, origin: str, request: Request) -> Rules:
        """Return the rules of `origin`, which `request` is the first to need, and keep them at hand."""

        async def fetch() -> RobotsTxt:
            return await self.fetch(origin, request)

        found = await (self.shared.get(origin, fetch) if self.shared else fetch())
        parser = None
        if not found.failed:
            parser = build_from_crawler(self.parser_class, self.crawler, found.body)
            await self.crawler.signals.send_catch_log_async(
                signal=signals.robots_parsed, robotparser=parser, request=request
            )
        delay_s = min(asked_delay_s(found.body, self.user_agent), self.most_delay_s)
        now = monotonic()
        since = now - max(0.0, KEPT_S - found.kept_s)
        return self.at_hand.keep(origin, Rules(parser, int(1000 * delay_s), since, now + found.kept_s))

    async def fetch(self, origin: str, asker: Request) -> RobotsTxt:
        """Fetch the robots.txt of `origin`, in the place of a request to the same slot that needs it."""
        times = self.put_off.get(origin, 0)
        meta = {"dont_obey_robotstxt": True, INSTEAD_OF: asker, "throttled_times": times, "retry_times": times}
        if slot := given_slot(asker):
            meta[DOWNLOAD_SLOT] = slot
        request = Request(f"{origin}/robots.txt", priority=self.DOWNLOAD_PRIORITY, meta=meta, callback=NO_CALLBACK)
        count, begun, response, why = self.crawler.stats.inc_value, monotonic(), None, ""
        count("robotstxt/request_count")
        try:
            response = await self.crawler.engine.download_async(request)
            count("robotstxt/response_count")
            count(f"robotstxt/response_status_count/{response.status}")
        except GivenBack:
            if request.meta.get(DOWNLOAD_SLOT) == FLEET_SLOT:  # it was let out, and is to be sent again
                self.put_off[origin] = times + 1
            raise
        except QueueLost:
            raise
        except AddressRefused as exc:
            if origin_of(exc.url) == origin:  # else it redirects there, and only the file cannot be had
                raise
            why = str(exc)
        except Exception as exc:  # noqa: BLE001 - whatever a middleware raises, the crawl goes on without
            count(f"robotstxt/exception_count/{type(exc)}")
            why = str(exc)
        self.put_off.pop(origin, None)
        found = RobotsTxt.of(response, monotonic() - begun)
        if found.failed:
            reason = why or f"HTTP {found.status}"
            logger.warning("No robots.txt could be read, which allows everything: %s (%s)", request.url, reason)
        return found


class SharedRobots:
    """The copies that the fleet keeps in Redis, each fetched by one instance."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self.token = secrets.token_hex(8)

    @property
    def frontier(self) -> Frontier:
        """This instance's part in the fleet."""
        return Frontier.of(self.crawler)

    async def get(self, origin: str, fetch: Callable[[], Awaitable[RobotsTxt]]) -> RobotsTxt:
        """Return the robots.txt of `origin`, by `fetch` unless another instance has, or is at it."""
        key = self.frontier.keys.robots(origin)
        lock = f"{key}:lock"
        while (found := await self.stored(key)) is None:
            if await self.has_locked(lock):
                return await self.get_for_all(key, lock, fetch)
            await self.frontier.pause(POLL_S)
        return found

    async def has_locked(self, lock: str) -> bool:
        """Take a lock; it is ours also where that was repeated, after a lost reply."""
        if await self.frontier.execute("SET", lock, self.token, "NX", "PX", LOCK_MS):
            return True
        return text(await self.frontier.execute("GET", lock)) == self.token

    async def get_for_all(self, key: str, lock: str, fetch: Callable[[], Awaitable[RobotsTxt]]) -> RobotsTxt:
        """Fetch a robots.txt and store it, with the lock held meanwhile; a host's pause can make that long."""
        alive = asyncio.create_task(self.keep_alive(lock))
        try:
            if found := await self.stored(key):  # between the look and the lock
                return found
            found = await fetch()
            if found.failed and self.frontier.closing:
                raise GivenBack("this instance is about to end, which may be why it got no answer")
            await self.frontier.execute("SET", key, found.dumped(), "PX", int(1000 * found.kept_s))
            return found
        finally:
            alive.cancel()
            await self.frontier.execute("DEL", lock)

    async def stored(self, key: str) -> RobotsTxt | None:
        """Return the fleet's copy."""
        value, kept_ms = await asyncio.gather(self.frontier.execute("GET", key), self.frontier.execute("PTTL", key))
        return RobotsTxt.loaded(value, kept_ms)

    async def keep_alive(self, lock: str) -> None:
        """Keep the lock until cancelled."""
        with suppress(QueueLost):  # who waits for the file hears of it too
            while True:
                await asyncio.sleep(LOCK_MS / 3000)
                await self.frontier.execute("PEXPIRE", lock, LOCK_MS)

    async def slow_down(self, slot: str, origin: str, delay_ms: int) -> None:
        """Have the fleet keep the delay that `origin` asks for: of a slot's origins the longest."""
        key = self.frontier.keys.host(slot)
        former_ms, whose = await self.frontier.execute("HMGET", key, "robots_ms", "robots_from")
        if delay_ms > int(former_ms or 0) or (whose and text(whose) == origin and delay_ms != int(former_ms)):
            await self.frontier.execute("HSET", key, "robots_ms", delay_ms, "robots_from", origin)
            self.frontier.hold(slot, delay_ms / 1000, slower=False)  # robots.txt was a request too


def origin_of(url: str) -> str:
    """Return what a robots.txt is for: `scheme://host:port`, without a password."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2].lower()}"


def asked_delay_s(body: bytes, user_agent: str) -> float:
    """Return the seconds between two requests a robots.txt asks of `user_agent`, as Crawl-delay or Request-rate."""
    return delay_s_of(Protego.parse(decode_robotstxt(body, None)), user_agent)


def delay_s_of(rules: Protego, user_agent: str) -> float:
    """Return the seconds that the rules of a robots.txt ask for."""
    rate = rules.request_rate(user_agent)
    return max(rules.crawl_delay(user_agent) or 0.0, rate.seconds / rate.requests if rate else 0.0)
