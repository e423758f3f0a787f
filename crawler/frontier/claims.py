"""Which records this instance may write: each is written once, over all instances."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from crawler.frontier.outbox import Claim
from crawler.frontier.queue import ClaimState

if TYPE_CHECKING:
    from crawler.frontier.frontier import Frontier


class Claims:
    """What a pipeline asks and tells of a record, by its key. In the reactor's thread only."""

    def __init__(self, frontier: Frontier) -> None:
        self.frontier = frontier
        self.outbox = frontier.outbox

    async def claim(self, record: str) -> ClaimState:
        """Ask for the right to write the record of a key: "ours", unless it is in a feed, or another page writes it.

        Raises:
            QueueLost: Redis stays away.
        """
        frontier = self.frontier
        answer: asyncio.Future[ClaimState] = frontier.loop.create_future()
        if not self.outbox.claim(Claim(record, frontier.answering(answer))):
            return "others"
        state = await answer
        if state != "ours":
            self.outbox.forget([record])
        return state

    def unclaim(self, record: str) -> None:
        """Give up the right to write a record: another page may."""
        self.outbox.forget([record])
        queue = self.frontier.queue
        self.outbox.note(queue.command("unclaim", queue.worker, record))
        self.frontier.awaited.freed(record)

    def awaits(self, record: str, response: object) -> None:
        """Note that a response has a record too which another page writes: until that is so, it is not done."""
        delivery = self.frontier.deliveries.of(response)
        if delivery is not None and delivery in self.frontier.deliveries.open:
            delivery.awaited.add(record)

    def recorded(self, record: str, response: object) -> None:
        """Note that a record has come of a response; it counts as written with the acknowledgement of its page."""
        delivery = self.frontier.deliveries.of(response)
        generation = self.outbox.generation_of(record)
        if delivery is not None and delivery in self.frontier.deliveries.open:
            delivery.records.append((record, generation))
        else:  # an item of the spider's start, or of a page that was given up meanwhile
            self.frontier.awaited.written(self.outbox.tell_written([(record, generation)]))
