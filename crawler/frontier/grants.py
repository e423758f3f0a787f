"""The turn of requests that do not come out of the queue, such as robots.txt and what a page fetches."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from crawler.frontier.queue import text

if TYPE_CHECKING:
    from scrapy import Request

    from crawler.frontier.frontier import Frontier
    from crawler.frontier.prefetch import Leased


class Grants:
    """Waits for the fleet's turn, and knows which of these requests are in the air.

    Attributes:
        flights: slot and flight of requests in the air that count towards the host's cap.
        loans: prefetched requests that wait because another one is in the air in their place.
    """

    def __init__(self, frontier: Frontier) -> None:
        self.frontier = frontier
        self.numbers = count(1)
        self.flights: WeakKeyDictionary[Request, tuple[str, str]] = WeakKeyDictionary()
        self.loans: WeakKeyDictionary[Request, Leased] = WeakKeyDictionary()

    async def grant(self, request: Request, slot: str, *, counted: bool = True) -> None:
        """Wait until the fleet may send `request` to a slot's host.

        Args:
            request: one that did not come out of the queue, or too late.
            slot: its slot.
            counted: whether it takes part in the host's cap. One that others wait for, which are in flight, must not.

        Raises:
            GivenBack: this instance is about to end.
            QueueLost: Redis stays away.
        """
        queue, buffer = self.frontier.queue, self.frontier.buffer
        flight = f"{queue.worker}:{next(self.numbers)}" if counted else ""
        granted = False
        while not granted:
            # Where requests wait in the buffer for an engine that is full of such as this one, it goes in their place.
            if flight and (loan := buffer.lend(slot)) is not None:
                self.loans[request], flight = loan, ""
            answer, wait_ms = await self.frontier.execute(*queue.command(*queue.grant_words(slot, flight)))
            granted = text(answer) == "1"
            if granted and flight:
                self.flights[request] = slot, flight
            await self.frontier.pause(int(wait_ms) / 1000)

    def request_left_downloader(self, request: Request) -> None:
        """Note that a request is over."""
        outbox = self.frontier.outbox
        if (flight := self.flights.pop(request, None)) is not None:
            outbox.tell(None, lambda report: report.landed.append(flight))
        if (loan := self.loans.pop(request, None)) is not None:
            self.frontier.buffer.take_back(loan)
            self.frontier.wake_engine()
