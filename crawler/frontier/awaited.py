"""Pages that are through, but for a record that another page of the fleet has said it will write."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from crawler.errors import QueueLost

if TYPE_CHECKING:
    from crawler.frontier.claims import Claims
    from crawler.frontier.deliveries import Delivery
    from crawler.frontier.outbox import Outbox


class AwaitedRecords:
    """Keeps a page from being done until such records are in a feed; where one does not get there, the page goes back.

    Without this a record could be lost: page A claims it, page B is refused and done, and A's instance dies; when A is
    fetched again the site does not have it any more. The records of a page that is kept here are told at once, so no
    two pages can wait for each other. In the reactor's thread only.

    Attributes:
        pages: what each page waits for.
    """

    def __init__(self, outbox: Outbox, claims: Claims) -> None:
        self.outbox = outbox
        self.claims = claims
        self.pages: dict[Delivery, set[str]] = {}
        self.is_asking = False

    def keep(self, delivery: Delivery, records: Collection[str]) -> None:
        """Keep a page until all of the records are in a feed."""
        self.pages[delivery] = set(records)

    def written(self, records: Collection[str]) -> None:
        """Tell which pages are done, now that these records are in a feed, or about to be told as such."""
        for delivery, missing in list(self.pages.items()):
            missing.difference_update(records)
            if not missing:
                del self.pages[delivery]
                self.outbox.tell(delivery.leased.generation, delivery.acknowledge)

    def freed(self, record: str) -> None:
        """Let pages go back that wait for a record which is not written after all: one of them may give it."""
        for delivery, missing in list(self.pages.items()):
            if record in missing:
                self.give_back(delivery)

    def give_back(self, delivery: Delivery) -> None:
        """Let a page be fetched again."""
        del self.pages[delivery]
        self.outbox.tell(delivery.leased.generation, delivery.go_back)

    def give_all_back(self) -> None:
        """Let them be fetched again by others, or the next start."""
        for delivery in list(self.pages):
            self.give_back(delivery)

    async def ask(self, *, is_idle: bool) -> None:
        """Find out what has become of the records that other instances have claimed.

        Args:
            is_idle: whether this instance has no other page in hand: what it has claimed itself, nobody writes then.
        """
        if self.is_asking or not self.pages:
            return
        self.is_asking = True
        try:
            for record in set[str]().union(*self.pages.values()):
                await self.ask_for(record, is_idle=is_idle)
        except QueueLost:
            pass  # told by whoever lost it; what is kept here is not acknowledged
        finally:
            self.is_asking = False

    async def ask_for(self, record: str, *, is_idle: bool) -> None:
        """Find out what has become of a record, by claiming it: whoever gets it knows that nobody writes it."""
        if self.outbox.generation_of(record) >= 0:
            if is_idle:
                self.claims.unclaim(record)
            return
        state = await self.claims.claim(record)
        if state == "ours":
            self.claims.unclaim(record)
        elif state == "recorded":
            self.written([record])
