"""Which of the requests that the engine was handed have ended, and how; by Scrapy's public interfaces only."""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import AsyncIterator, Callable
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING, Any, NoReturn
from weakref import WeakKeyDictionary

from itemadapter import is_item
from scrapy import Request
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response
from twisted.python.failure import Failure

if TYPE_CHECKING:
    from crawler.frontier.outbox import Outbox
    from crawler.frontier.prefetch import Leased
    from crawler.frontier.queue import Report

logger = logging.getLogger(__name__)

SETTLE_S = 0.005
"""Seconds between the last sign of a request and its acknowledgement: the engine has let go of it by then."""
LEAKED_AFTER_S = 120.0
"""After so long without a sign, a request that is neither downloaded nor in a callback has leaked through a middleware."""


class GivenBack(IgnoreRequest):
    """Raised in a downloader middleware when a request goes back to the queue, as the instance is about to end."""


class Delivery:
    """One handing out of a request. It has ended when nobody holds it any more.

    Attributes:
        leased: id, payload and time of the request.
        slot: Scrapy's download slot.
        request: what the engine was handed; copies of it carry the same errback.
        holds: reasons why it has not ended: one until its response or failure is through, one for each output that is
            being read, one for each item in the pipelines.
        task: what downloads it.
        reached_spider: whether a response got as far as the spider middlewares.
        granted: whether the time that was reserved for it is unused.
        landed: whether its download is over.
        records: keys of the records that it has led to.
    """

    __slots__ = (
        *("deliveries", "leased", "slot", "request", "holds", "in_engine", "task", "reached_spider"),
        *("granted", "landed", "records", "since"),
    )

    def __init__(self, deliveries: Deliveries, leased: Leased, slot: str) -> None:
        self.deliveries = deliveries
        self.leased = leased
        self.slot = slot
        self.request: Request | None = None
        self.holds = 1
        self.in_engine = True
        self.task: asyncio.Task[Any] | None = None
        self.reached_spider = self.landed = False
        self.granted = True
        self.records: list[str] = []
        self.since = monotonic()

    def hold(self) -> None:
        """Begin something that has to end first."""
        self.holds += 1

    def release(self) -> None:
        """End it."""
        self.holds -= 1
        self.since = monotonic()
        if self.holds <= 0:
            self.deliveries.settle(self)

    def is_through(self) -> None:
        """Note, once, that no more outputs will begin."""
        if self.in_engine:
            self.in_engine = False
            self.release()

    def take_grant(self) -> bool:
        """Use the time that was reserved for the request; False when it was used, or has passed."""
        usable, self.granted = self.granted and monotonic() - self.leased.due <= self.deliveries.grant_s, False
        return usable


class Errback:
    """Stands for a request's errback, and goes with it into every copy that a middleware makes."""

    def __init__(self, delivery: Delivery, original: Callable[[Failure], Any] | None) -> None:
        self.delivery = delivery
        self.original = original

    def __call__(self, failure: Failure) -> Any:
        """Do what the original does, and know when that is over."""
        delivery = self.delivery
        if isinstance(failure.value, GivenBack):
            delivery.deliveries.give_back(delivery)
            return None
        if delivery.reached_spider:  # a spider middleware refused it: what comes now passes the middlewares' output
            return self.original(failure) if self.original else raise_again(failure)
        try:
            output = self.original(failure) if self.original else raise_again(failure)
        except BaseException:
            delivery.is_through()
            raise
        if output is None or isinstance(output, Failure):
            delivery.is_through()
            return output
        return delivery.deliveries.watched(delivery, outputs_of(output))

    @property
    def granted(self) -> float:
        """When the request may go, in monotonic seconds."""
        return self.delivery.leased.due

    def take_grant(self) -> bool:
        """Use the time that was reserved for the request; False when it was used, or has passed."""
        return self.delivery.take_grant()


def raise_again(failure: Failure) -> NoReturn:
    """Raise what the failure holds, as Scrapy does where there is no errback."""
    failure.raiseException()
    raise AssertionError  # it always raises; this tells the type checker


async def outputs_of(output: Any) -> AsyncIterator[Any]:
    """Yield what an errback has returned, as Scrapy reads it: one thing or several, now or later."""
    if inspect.isawaitable(output):
        output = await output
    if hasattr(output, "__aiter__"):
        async for one in output:
            yield one
    elif isinstance(output, Request) or is_item(output):
        yield output
    elif output is not None:
        for one in output:
            yield one


class Deliveries:
    """All that this instance has in hand outside the prefetch buffer. In the reactor's thread only.

    Args:
        outbox: where the ends are told.
        grant_s: seconds after its time at which a request may still be sent without asking again.
        count: called with the name of a statistic.
    """

    def __init__(self, outbox: Outbox, grant_s: float, count: Callable[[str], None]) -> None:
        self.outbox = outbox
        self.grant_s = grant_s
        self.count = count
        self.open: dict[Delivery, None] = {}
        self.responses: WeakKeyDictionary[Response, Delivery] = WeakKeyDictionary()
        self.settling: list[Delivery] = []
        self.ended: Callable[[Delivery], None] = lambda _: None
        """Called when a request has ended, just before that is told."""

    def begin(self, leased: Leased, request: Request, slot: str) -> Request:
        """Return the request for the engine."""
        delivery = Delivery(self, leased, slot)
        request.errback = Errback(delivery, request.errback)
        delivery.request = request
        self.open[delivery] = None
        return request

    def of(self, source: object) -> Delivery | None:
        """Return the delivery behind a response, a failure or a request."""
        if isinstance(source, Response):
            known = self.responses.get(source)
            return known or self.of(source.request)
        errback = getattr(source, "errback", None)
        if isinstance(errback, Errback):
            return errback.delivery
        return self.of(source.request) if isinstance(source, Failure) and hasattr(source, "request") else None

    # --- on the way ---

    def download_begins(self, request: Request) -> None:
        """Watch the task that takes a request through the downloader and its middlewares, whatever comes of it."""
        delivery, task = self.of(request), asyncio.current_task()
        if delivery is not None and delivery.request is request and delivery.task is None and task is not None:
            delivery.task = task
            task.add_done_callback(lambda done: self.downloaded(delivery, done))

    def downloaded(self, delivery: Delivery, task: asyncio.Task[Any]) -> None:
        """Note what came of a download. The engine has taken the result by now: another request is in the outbox."""
        self.land(delivery)
        if task.cancelled() or task.exception() is not None:
            return  # the errback comes next
        result = task.result()
        if isinstance(result, Request):
            delivery.is_through()
        else:
            self.responses[result] = delivery

    async def watched(self, delivery: Delivery, outputs: AsyncIterator[Any]) -> AsyncIterator[Any]:
        """Yield the outputs of a callback or errback; the delivery is held while they last, and for each item."""
        delivery.hold()
        try:
            async for one in outputs:
                if one is not None and not isinstance(one, Request):
                    delivery.hold()
                yield one
        finally:
            delivery.is_through()
            delivery.release()

    def item_done(self, response: object) -> None:
        """Note that an item of a response has left the pipelines, one way or another."""
        if (delivery := self.of(response)) is not None:
            delivery.release()

    def land(self, delivery: Delivery) -> None:
        """Tell, once, that the host is free for another request."""
        if not delivery.landed:
            delivery.landed = True
            flight = (delivery.slot, delivery.leased.id)
            self.outbox.tell(delivery.leased.generation, lambda report: report.landed.append(flight))

    # --- the end ---

    def settle(self, delivery: Delivery) -> None:
        """Look in a moment whether it has really ended: a middleware may go on with outputs of its own."""
        if not self.settling:
            asyncio.get_running_loop().call_later(SETTLE_S, self.acknowledge)
        self.settling.append(delivery)

    def acknowledge(self) -> None:
        """Tell which have ended."""
        settled, self.settling = self.settling, []
        for delivery in settled:
            if delivery.holds <= 0 and delivery in self.open:
                self.close(delivery, partial(acknowledged, delivery.leased.id))

    def close(self, delivery: Delivery, tell: Callable[[Report], None]) -> None:
        """Forget a delivery, and tell how it ended."""
        del self.open[delivery]
        self.ended(delivery)
        self.land(delivery)
        self.outbox.tell(delivery.leased.generation, partial(told, tell, delivery.records))

    def give_back(self, delivery: Delivery, *, leaked: bool = False) -> None:
        """Let the request be handed out again; a leak counts as a crash, so that it cannot go on forever."""
        if delivery in self.open:
            self.close(delivery, lambda report: report.returned.append((delivery.leased.id, leaked)))

    def sweep(self, *, idle: bool) -> None:
        """Give back what leaked: the engine is idle, or nothing was heard of it for long, and it is nowhere."""
        now = monotonic()
        for delivery in list(self.open):
            is_quiet = delivery.holds == 1 and delivery.in_engine and (delivery.task is None or delivery.task.done())
            if delivery.holds > 0 and (idle or (is_quiet and now - delivery.since > LEAKED_AFTER_S)):
                logger.warning("%s was lost by a middleware: it goes back to the queue", delivery.request)
                self.count("frontier/leaked")
                self.give_back(delivery, leaked=True)


def acknowledged(request_id: str, report: Report) -> None:
    """Add to a report that a request is done."""
    report.acks.append(request_id)


def told(tell: Callable[[Report], None], records: list[str], report: Report) -> None:
    """Add to a report how a request ended, and which records it has led to: their lines are told no later."""
    tell(report)
    report.records += records
