"""The turn of requests that do not come out of the queue in time, such as robots.txt and what a page fetches."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from itertools import count
from time import monotonic
from typing import TYPE_CHECKING, TypeVar

from crawler.frontier.deliveries import PAGE, Errback, GivenBack
from crawler.frontier.queue import text

if TYPE_CHECKING:
    from scrapy import Request

    from crawler.frontier.frontier import Frontier
    from crawler.frontier.prefetch import Leased

Result = TypeVar("Result")

INSTEAD_OF = "instead_of"
"""Key of `meta` for the request that waits for this one, as for its robots.txt: this one goes at its time, in its place
in flight, and waits no longer than it may."""
QUEUED_WAIT_S = 1.0
"""So long a request out of the queue may wait for its host in the engine, in the place of others."""
PAGE_WAIT_S = 60.0
"""The same for what a page fetches, which has been fetched in vain if it goes back: as long as the longest Crawl-delay
that is followed by default. What takes longer is a pause, and a place in the engine is worth more than one fetch."""
LONGER = 4
"""Each time that it was in vain, a request waits so many times longer: in the end it waits for as long as it takes."""
IN_VAIN_KEPT = 10_000
"""Latest requests of which it is known how often they have waited in vain."""
AGAIN_S = 1.0
"""Seconds until what a page needs, and could not be had in time by others, is tried again."""


class Grants:
    """Waits for the fleet's turn, and knows which of these requests are in the air.

    Attributes:
        flights: slot and flight of requests in the air that count towards the host's cap.
        loans: prefetched requests that wait because another one is in the air in their place.
        in_vain: how often requests of the queue have gone back because their host had to be waited for.
    """

    def __init__(self, frontier: Frontier) -> None:
        self.frontier = frontier
        self.numbers = count(1)
        self.flights: dict[Request, tuple[str, str]] = {}
        self.loans: dict[Request, Leased] = {}
        self.in_vain: dict[str, int] = {}

    async def grant(self, request: Request, slot: str) -> None:
        """Wait until the fleet may send `request`, which did not come out of the queue, or too late, to a slot's host.

        Raises:
            GivenBack: this instance is about to end, or the wait takes too long to be worth it.
            QueueLost: Redis stays away.
        """
        if (task := asyncio.current_task()) is not None:  # it may end, or be cancelled, on its way to the downloader
            task.add_done_callback(lambda _: self.request_left_downloader(request))
        queue, until = self.frontier.queue, self.waits_until(request)
        flight, is_own = id_in_flight(request), False
        if not flight and INSTEAD_OF not in request.meta:
            flight, is_own = f"{queue.worker}:{next(self.numbers)}", True
            self.flights[request] = slot, flight
        while True:
            # Where requests wait in the buffer for an engine that is full of such as this one, it goes in their place.
            if is_own and (loan := self.frontier.buffer.lend(slot)) is not None:
                self.loans[request], flight, is_own = loan, loan.id, False
                del self.flights[request]
            words = queue.grant_words(slot, flight, request.meta.get("download_timeout") or 0)
            answer, wait_ms = await self.frontier.execute(*queue.command(*words))
            wait_s = int(wait_ms) / 1000
            if text(answer) == "paused":
                until = await self.sit_out(request, wait_s)
                continue
            if text(answer) != "1" and monotonic() + wait_s > until:
                self.give_back(request, f"{slot} may not be asked soon enough")
            await self.frontier.pause(wait_s)
            if text(answer) == "1":
                return

    async def insist(self, request: Request, act: Callable[[], Awaitable[Result]]) -> Result:
        """Return the result of `act`, on behalf of what a page fetches: also where others would go back meanwhile.

        Raises:
            GivenBack: this instance is about to end, or it takes too long.
        """
        until = self.waits_until(request)
        while True:
            try:
                return await act()
            except GivenBack as exc:
                if self.frontier.buffer.held:
                    until = self.waits_until(request)
                if monotonic() + AGAIN_S > until:
                    self.give_back(request, str(exc))
                await self.frontier.pause(AGAIN_S)

    # --- how long ---

    def waits_until(self, request: Request) -> float:
        """Return until when `request` may wait, in monotonic seconds; what no page asks for can go back nowhere."""
        asker: Request = request.meta.get(INSTEAD_OF, request)
        queued_id = id_in_flight(asker)
        if not queued_id and asker is not request:  # its asker insists, and lets others go on between two attempts
            return monotonic() + QUEUED_WAIT_S
        if not queued_id and not PAGE.get():
            return float("inf")
        bound_s = QUEUED_WAIT_S if queued_id else PAGE_WAIT_S
        return monotonic() + bound_s * float(LONGER) ** self.in_vain.get(queued_id or PAGE.get(), 0)

    async def sit_out(self, request: Request, wait_s: float) -> float:
        """Wait for a paused crawl; return until when `request` may wait if it goes on now.

        What a page fetches waits for as long as that takes, as the page would have to be fetched again.

        Raises:
            GivenBack: the request came out of the queue, and does not wait here; or this instance is about to end.
        """
        if id_in_flight(request.meta.get(INSTEAD_OF, request)):
            raise GivenBack("the crawl is paused")
        await self.frontier.pause(wait_s)
        return self.waits_until(request)

    def give_back(self, request: Request, why: str) -> None:
        """Have the request go back to the queue, or the page that asks for it.

        Raises:
            GivenBack: always.
        """
        asker: Request = request.meta.get(INSTEAD_OF, request)
        queued_id = id_in_flight(asker)
        if queued_id or asker is request:
            page = queued_id or PAGE.get()
            self.in_vain[page] = self.in_vain.pop(page, 0) + 1
            if len(self.in_vain) > IN_VAIN_KEPT:
                del self.in_vain[next(iter(self.in_vain))]
        raise GivenBack(why)

    # --- in the air ---

    def request_left_downloader(self, request: Request) -> None:
        """Note that a request is over."""
        outbox = self.frontier.outbox
        if (flight := self.flights.pop(request, None)) is not None:
            outbox.tell(None, lambda report: report.landed.append(flight))
        if (loan := self.loans.pop(request, None)) is not None:
            self.frontier.buffer.take_back(loan)
            self.frontier.wake_engine()


def id_in_flight(request: Request) -> str:
    """Return the id of a request that the queue counts as in flight; "" for others, as copies by its callback."""
    errback = request.errback
    return errback.delivery.leased.id if isinstance(errback, Errback) and errback.is_in_flight else ""
