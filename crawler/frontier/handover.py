"""Between Scrapy's requests and the queue's payloads."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING

from scrapy import Request

from crawler.errors import BadPayload
from crawler.frontier.codec import Codec
from crawler.frontier.fingerprint import folded
from crawler.frontier.payload import seed_text
from crawler.frontier.queue import NewLink
from crawler.frontier.revisits import VISIT
from crawler.frontier.slots import slot_of

if TYPE_CHECKING:
    from scrapy import Spider
    from scrapy.crawler import Crawler

    from crawler.frontier.deliveries import Deliveries
    from crawler.frontier.outbox import Outbox
    from crawler.frontier.prefetch import Leased, PrefetchBuffer
    from crawler.frontier.queue import Report

logger = logging.getLogger(__name__)

SEEN_KEPT = 50_000
"""Fingerprints of the latest requests that are known here to be in the queue."""


class Handover:
    """Takes requests for the queue, and gives those whose time has come. In the reactor's thread only.

    Args:
        crawler: whose requests they are.
        outbox: what shall be told.
        buffer: requests that have come.
        deliveries: what the engine has in hand.
        wake_engine: lets the engine ask again.
    """

    def __init__(
        self,
        crawler: Crawler,
        outbox: Outbox,
        buffer: PrefetchBuffer,
        deliveries: Deliveries,
        wake_engine: Callable[[], None],
    ) -> None:
        self.crawler = crawler
        self.outbox, self.buffer, self.deliveries = outbox, buffer, deliveries
        self.wake_engine = wake_engine
        self.seen: dict[bytes | None, None] = {}
        self.generation = outbox.generation
        """Of the lease under which `seen` holds."""
        self.timer: asyncio.TimerHandle | None = None
        self.is_paused = False
        """Whether it has been said that the crawl is paused."""

    def open(self, spider: Spider) -> None:
        """Begin with a spider."""
        self.codec = Codec(spider)
        self.fingerprint = self.crawler.request_fingerprinter.fingerprint

    def push(self, request: Request, *, is_seed: bool = False) -> bool:
        """Put a request into the queue; False when it is known to have been there.

        Raises:
            NotSerializable: no other process could read it from the queue.
        """
        if self.generation != self.outbox.generation:  # Redis may have forgotten some of them
            self.generation = self.outbox.generation
            self.seen.clear()
        raw = None if request.dont_filter else self.fingerprint(request)
        if raw in self.seen:  # most links are: only others are worth the work
            return False
        link = link_of(request, self.codec, raw)
        if raw is not None:
            self.seen[raw] = None
            if len(self.seen) > SEEN_KEPT:
                del self.seen[next(iter(self.seen))]
        self.outbox.push(link, is_seed=is_seed)
        return True

    def take(self) -> Request | None:
        """Return a request whose time has come; without one the engine is woken when the next one's has."""
        while (leased := self.buffer.take()) is not None:
            left = len(self.buffer)
            if not left or 2 * left <= self.buffer.capacity < 2 * left + 2:  # there has just come to be room
                self.outbox.wake()
            if (request := self.unpack(leased)) is not None:
                return request
        due = self.buffer.next_due()
        if due is not None and self.timer is None:
            self.timer = asyncio.get_running_loop().call_later(max(0.0, due - monotonic()), self.is_time)
        return None

    def is_time(self) -> None:
        """Let the engine take the request whose time has come."""
        self.timer = None
        self.wake_engine()

    def unpack(self, leased: Leased) -> Request | None:
        """Return the request of a payload; what is none is a dead letter, what is a seed becomes its requests."""
        try:
            if (message := seed_text(leased.payload)) is not None:
                self.plant(leased, message)
                return None
            request = self.codec.decode(leased.payload)
        except BadPayload as exc:
            self.bury(leased, str(exc), f"A request in the queue cannot be read ({exc})")
            return None
        return self.deliveries.begin(leased, request, slot_of(request))

    def bury(self, leased: Leased, reason: str, sentence: str) -> None:
        """Make a dead letter of what cannot be read."""
        logger.error("%s: it is a dead letter now", sentence)
        self.crawler.stats.inc_value("frontier/dead")
        self.deliveries.ended(leased)
        self.outbox.tell(leased.generation, lambda report: report.dead.append((leased.id, reason)))

    def plant(self, leased: Leased, message: str) -> None:
        """Put the requests of another program's seed into the queue."""
        make = getattr(self.crawler.spider, "make_request_from_data", None)
        try:
            made = (make(message.encode()) if make else Request(message)) or ()
            requests = [made] if isinstance(made, Request) else list(made)
        except Exception as exc:  # noqa: BLE001 - whatever a spider's own method raises, the others go on
            sentence = f"The seed {message!r:.200} from Redis cannot be used ({type(exc).__name__}: {exc})"
            self.bury(leased, sentence, sentence)
            return
        for request in requests:
            self.crawler.engine.crawl(request)
        self.deliveries.ended(leased)
        self.outbox.tell(leased.generation, lambda report: report.acks.append(leased.id))

    def give_back(self) -> None:
        """Let others have what waits here."""
        if self.timer is not None:
            self.timer.cancel()
        self.return_all(self.buffer.clear())

    def mind_pause(self) -> None:
        """While the crawl is paused, give back what waits here: its time is reserved anew after that."""
        is_paused = self.buffer.held
        if is_paused:
            self.return_all(self.buffer.hand_back())
        if is_paused != self.is_paused:
            self.is_paused = is_paused
            logger.info("Paused: nothing is fetched until scrapy resume" if is_paused else "Resumed")

    def return_all(self, waiting: list[Leased]) -> None:
        """Tell that requests were not begun."""
        for leased in waiting:
            self.outbox.tell(leased.generation, partial(given_back, leased.id))


def link_of(request: Request, codec: Codec, fingerprint: bytes | None) -> NewLink:
    """Return a request as the queue takes it.

    Args:
        request: the request.
        codec: of its spider.
        fingerprint: None for one that is not filtered.

    Raises:
        NotSerializable: no other process could read it from the queue.
    """
    slot = slot_of(request)
    payload = codec.encode(request, slot)
    last = bool(request.meta.get("frontier", {}).get("last"))
    known = None if fingerprint is None else folded(fingerprint)
    return NewLink(known, slot, request.priority, last, payload, again=VISIT in request.meta)


def given_back(request_id: str, report: Report) -> None:
    """Add to a report that a request was not begun."""
    report.returned.append((request_id, False))
