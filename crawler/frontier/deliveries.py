"""Which of the requests that the engine was handed have ended, and how; by Scrapy's public interfaces only."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextvars import ContextVar
from time import monotonic
from typing import TYPE_CHECKING, Any, Literal, NoReturn
from weakref import WeakKeyDictionary

from scrapy import Request
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response
from twisted.python.failure import Failure

if TYPE_CHECKING:
    from crawler.frontier.awaited import AwaitedRecords
    from crawler.frontier.outbox import Outbox
    from crawler.frontier.prefetch import Leased
    from crawler.frontier.queue import Report, Revisit

logger = logging.getLogger(__name__)

LEAKED_AFTER_S = 120.0
"""So long after its download, a request that nothing else began with has leaked through a middleware."""
HUNG_AFTER_S = 3600.0
"""After so long in which nothing began or ended, what is still in the downloader hangs in a middleware.

The longest pause that a host can ask for is shorter: RETRY_AFTER_MAX_S."""

PAGE: ContextVar[str] = ContextVar("page", default="")
"""Id of the request that is dealt with; what its callback, or a middleware, fetches is for it."""

End = Literal["acknowledged", "returned", "leaked"]


class GivenBack(IgnoreRequest):
    """Raised where a request cannot go on, as its host has to be waited for or the instance ends: it goes back."""


class Delivery:
    """One handing out of a request.

    Attributes:
        leased: id, payload and time of the request.
        slot: Scrapy's download slot.
        request: what the engine was handed; copies of it carry the same errback.
        download: the task that downloads it, while that runs.
        scrape: the task that deals with what came of the download; it has ended with this one.
        end: what is told then.
        granted: whether the time that was reserved for it is unused.
        landed: whether its download is over.
        records: keys of the records that it has led to, each with the generation of its claim.
        awaited: keys of records that it had too, and that another page writes.
        again: what the acknowledgement says where the page is to be visited again.
        since: when it was handed out, or landed; monotonic seconds.
    """

    __slots__ = (
        *("deliveries", "leased", "slot", "request", "download", "scrape", "end"),
        *("granted", "landed", "records", "awaited", "again", "since"),
    )

    def __init__(self, deliveries: Deliveries, leased: Leased, slot: str) -> None:
        self.deliveries = deliveries
        self.leased = leased
        self.slot = slot
        self.request: Request | None = None
        self.download: asyncio.Task[Any] | None = None
        self.scrape: asyncio.Task[Any] | None = None
        self.end: End = "acknowledged"
        self.granted = True
        self.landed = False
        self.records: list[tuple[str, int]] = []
        self.awaited: set[str] = set()
        self.again: Callable[[Leased], Revisit | None] | None = None
        self.since = monotonic()

    def take_grant(self) -> bool:
        """Use the time that was reserved for the request; False when it was used, or has passed."""
        usable, self.granted = self.granted and monotonic() - self.leased.due <= self.deliveries.grant_s, False
        return usable

    def tell(self, report: Report) -> None:
        """Add to a report how it ended, and which records it has led to: their lines are told no later."""
        if self.end == "acknowledged":
            self.acknowledge(report)
        else:
            report.returned.append((self.leased.id, self.end == "leaked"))
        report.records += [record for record, _ in self.records]

    def acknowledge(self, report: Report) -> None:
        """Add to a report that it is done."""
        if self.again is not None and (revisit := self.again(self.leased)) is not None:
            report.revisits.append(revisit)
        else:
            report.acks.append(self.leased.id)

    def go_back(self, report: Report) -> None:
        """Add to a report that it is to be handed out again."""
        report.returned.append((self.leased.id, False))


class Errback:
    """Stands for a request's errback, and goes with it into every copy that a middleware makes."""

    def __init__(self, delivery: Delivery, original: Callable[[Failure], Any] | None) -> None:
        self.delivery = delivery
        self.original = original

    def __call__(self, failure: Failure) -> Any:
        """Do what the original does, and know when that is over."""
        self.delivery.deliveries.scrape_begins(self.delivery)
        if isinstance(failure.value, GivenBack | asyncio.CancelledError):
            self.delivery.end = "returned" if isinstance(failure.value, GivenBack) else "leaked"
            return None
        return self.original(failure) if self.original else raise_again(failure)

    @property
    def granted(self) -> float:
        """When the request may go, in monotonic seconds."""
        return self.delivery.leased.due

    @property
    def is_in_flight(self) -> bool:
        """Whether the queue counts the request among those in flight."""
        return not self.delivery.landed

    def take_grant(self) -> bool:
        """Use the time that was reserved for the request; False when it was used, or has passed."""
        return self.delivery.take_grant()


def raise_again(failure: Failure) -> NoReturn:
    """Raise what the failure holds, as Scrapy does where there is no errback."""
    failure.raiseException()
    raise AssertionError  # it always raises; this tells the type checker


class Deliveries:
    """All that this instance has in hand outside the prefetch buffer. In the reactor's thread only.

    The engine deals with a request in two tasks of asyncio: one downloads it, through the downloader middlewares; the
    other takes what came of that through spider middlewares, callback or errback, pipelines, and handlers of signals.
    A hook of ours runs in each, so each can be watched, and the end of the second is the end of the request, whatever
    anybody did with it on the way. Where a download leads to another request, that is in the queue at its end.

    Args:
        outbox: where the ends are told.
        awaited: keeps pages whose records other pages write.
        grant_s: seconds after its time at which a request may still be sent without asking again.
        count: called with the name of a statistic.
    """

    def __init__(self, outbox: Outbox, awaited: AwaitedRecords, grant_s: float, count: Callable[[str], None]) -> None:
        self.outbox = outbox
        self.awaited = awaited
        self.grant_s = grant_s
        self.count = count
        self.open: dict[Delivery, None] = {}
        self.responses: WeakKeyDictionary[Response, list[Delivery]] = WeakKeyDictionary()
        """What each response is for: a middleware may answer several requests with one object."""
        self.moved = monotonic()
        """When anything began or ended last, also what did not come out of the queue; monotonic seconds."""
        self.ended: Callable[[Leased], None] = lambda _: None
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
            known = self.responses.get(source, ())
            return next((one for one in known if one in self.open), None) or self.of(source.request)
        errback = getattr(source, "errback", None)
        if isinstance(errback, Errback):
            return errback.delivery
        return self.of(source.request) if isinstance(source, Failure) and hasattr(source, "request") else None

    # --- on the way ---

    def download_begins(self, request: Request) -> None:
        """Watch the task that takes a request through the downloader and its middlewares, whatever comes of it."""
        self.moved = monotonic()
        delivery, task = self.of(request), asyncio.current_task()
        if delivery is None or delivery.request is not request or delivery.landed or task is None:
            return  # not out of the queue, or downloaded by a callback of its own
        delivery.download = task
        PAGE.set(delivery.leased.id)
        task.add_done_callback(lambda done: self.downloaded(delivery, done))

    def downloaded(self, delivery: Delivery, task: asyncio.Task[Any]) -> None:
        """Note what came of a download. The engine has taken the result by now: another request is in the outbox."""
        self.land(delivery)
        delivery.download = None  # whose result would keep the response alive
        if delivery not in self.open:
            return
        if task.cancelled() or task.exception() is not None:
            self.keep_errback(delivery)
        elif isinstance(result := task.result(), Request):
            self.close(delivery)
        else:
            known = self.responses.get(result, ())
            self.responses[result] = [*(one for one in known if one in self.open), delivery]

    def keep_errback(self, delivery: Delivery) -> None:
        """See to it that we hear of a failure, which comes next, also where a middleware has set another errback."""
        request = delivery.request
        if request is not None and not isinstance(request.errback, Errback):
            request.errback = Errback(delivery, request.errback)

    def response_begins(self, response: Response) -> None:
        """Watch the task that takes a response through the spider; responses come in the order of their downloads."""
        known = self.responses.get(response, ())
        self.scrape_begins(next((one for one in known if one.scrape is None), None) or self.of(response))

    def scrape_begins(self, delivery: Delivery | None) -> None:
        """Watch the task that takes a response or failure through the spider, whatever comes of it."""
        task = asyncio.current_task()
        if delivery is None or delivery.scrape is not None or task in (None, delivery.download):
            return
        delivery.scrape = task
        PAGE.set(delivery.leased.id)
        task.add_done_callback(lambda _: self.scraped(delivery))

    def scraped(self, delivery: Delivery) -> None:
        """Tell the end of a request: its outputs are through, and the engine has forgotten it."""
        if delivery in self.open:
            if delivery.scrape is not None and delivery.scrape.cancelled():
                delivery.end = "leaked"
            self.close(delivery)

    def fails(self, source: object, exception: BaseException | None) -> bool:
        """Tell whether a callback or errback could not do its work here, and have the request go back."""
        delivery = self.of(source)
        if delivery is None or not isinstance(exception, GivenBack):
            return False
        delivery.end = "returned"
        return True

    def land(self, delivery: Delivery) -> None:
        """Tell, once, that the host is free for another request."""
        if not delivery.landed:
            delivery.landed = True
            delivery.since = monotonic()
            flight = (delivery.slot, delivery.leased.id)
            self.outbox.tell(delivery.leased.generation, lambda report: report.landed.append(flight))

    # --- the end ---

    def acknowledge(self) -> None:
        """Tell which have ended in this very moment."""
        for delivery in list(self.open):
            if delivery.scrape is not None and delivery.scrape.done():
                self.scraped(delivery)

    def close(self, delivery: Delivery) -> None:
        """Forget a delivery, and tell how it ended."""
        if delivery.end == "leaked":
            logger.warning("%s was lost by a middleware: it goes back to the queue", delivery.request)
            self.count("frontier/leaked")
        del self.open[delivery]
        self.ended(delivery.leased)
        self.land(delivery)
        self.moved = monotonic()
        delivery.request = None
        written = {record for record, _ in delivery.records}
        if delivery.end == "acknowledged" and (missing := delivery.awaited - written):
            self.awaited.keep(delivery, missing)
            written = set(self.outbox.tell_written(delivery.records))
        elif not self.outbox.tell(delivery.leased.generation, delivery.tell):
            written = set(self.outbox.tell_written(delivery.records))
        self.awaited.written(written)

    def give_back(self, delivery: Delivery) -> None:
        """Let the request be handed out again."""
        if delivery in self.open:
            delivery.end = "returned"
            self.close(delivery)

    def sweep(self, *, idle: bool) -> None:
        """Give back what leaked. It counts as a crash, so that it cannot go on forever.

        Args:
            idle: whether the engine has nothing in hand, by its own account.
        """
        now = monotonic()
        has_hung = now - self.moved > HUNG_AFTER_S
        for delivery in [one for one in self.open if one.scrape is None]:
            if delivery.download is not None:
                if has_hung:
                    delivery.download.cancel()  # the errback comes next
            elif idle or has_hung or (delivery.landed and now - delivery.since > LEAKED_AFTER_S):
                delivery.end = "leaked"
                self.close(delivery)
