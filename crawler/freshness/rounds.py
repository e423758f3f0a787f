"""Who visits pages again, and compares what they tell with what they told."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from weakref import WeakValueDictionary

from crawler.freshness.lateness import Lateness
from crawler.freshness.policy import NEVER, Bounds, parse_every
from crawler.freshness.readings import Reading, age_s_of, digest, digests_of
from crawler.freshness.visits import PageState, Visit
from crawler.frontier.bounds import number
from crawler.frontier.connection import ask
from crawler.frontier.deliveries import PAGE
from crawler.frontier.fingerprint import folded
from crawler.frontier.ledger import member
from crawler.frontier.queue import text
from crawler.frontier.revisits import VISIT, shown_in, validators
from crawler.items import Record, key_of

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.crawler import Crawler

    from crawler.frontier.frontier import Frontier
    from crawler.pages.base import Response

Verdict = tuple[str, list[str]]
"""What a record is beside its last reading, and which fields have changed: new, changed, same, or another page's."""


class Rounds:
    """Visits of all pages of a crawl that never ends; does nothing where nobody has asked for that.

    Args:
        frontier: where due times and readings are.
        every: seconds between two visits, AUTO, or None for a crawl that ends.
        bounds: of the intervals that are learnt.
    """

    def __init__(self, frontier: Frontier, every: float | str | None, bounds: Bounds) -> None:
        self.frontier = frontier
        self.every = every
        self.bounds = bounds
        self.lateness = Lateness(every, bounds.least_s)
        self.visits: WeakValueDictionary[str, Visit] = WeakValueDictionary()
        """Those under way, by the ids of their requests, which hold them."""

    @classmethod
    def of_crawl(cls, crawler: Crawler, frontier: Frontier, given: str) -> Rounds:
        """Agree with the other instances; blocking, once the crawl was joined.

        Args:
            crawler: whose settings and Redis are used.
            frontier: the crawl.
            given: the argument `every`; where it is not given, that of the crawl holds.
        """
        settings, queue = crawler.settings, frontier.queue
        every = parse_every(given)
        if every == NEVER:
            ask(settings, queue.server, lambda: queue.server.hdel(queue.keys.control, "every"))
            ask(settings, queue.server, queue.forego_revisits)
            every = None
        elif every is not None:
            ask(settings, queue.server, lambda: queue.server.hset(queue.keys.control, "every", given.strip()))
        else:
            agreed: Any = ask(settings, queue.server, lambda: queue.server.hget(queue.keys.control, "every"))
            every = parse_every(text(agreed)) if agreed else None
        bounds = Bounds(
            least_s=number(settings, "REVISIT_LEAST_S", Bounds().least_s),
            most_s=number(settings, "REVISIT_MOST_S", Bounds().most_s),
        )
        return cls(frontier, every, bounds)

    # --- pages ---

    def begin(self, source: object, request: Request | None) -> Visit | None:
        """Begin the visit of a page; from now on its request is due again where it would have been done.

        Args:
            source: the response, or the failure to get one.
            request: what was fetched.
        """
        delivery = self.frontier.deliveries.of(source)
        if self.every is None or request is None or delivery is None or delivery not in self.frontier.deliveries.open:
            return None
        page = folded(self.frontier.handover.fingerprint(request))
        visit = Visit(page, PageState.unpack(request.meta.get(VISIT, {})), self.every, self.bounds)
        self.lateness.note(delivery.slot, visit.before)
        self.visits[delivery.leased.id] = visit
        delivery.again = visit.told
        return visit

    def at_hand(self) -> Visit | None:
        """Return the visit of the page that is dealt with, by its callback or a pipeline."""
        return self.visits.get(PAGE.get())

    def forget(self) -> None:
        """Let the page at hand be done for good, such as one that only leads to where a site begins."""
        if (visit := self.at_hand()) is not None:
            visit.is_last = True

    def fails(self, *, optional: bool = False) -> None:
        """Note that the page at hand is none; it is tried again, unless it may well not be there."""
        if (visit := self.at_hand()) is not None:
            visit.failed = True
            visit.is_last = optional

    def is_composed(self) -> None:
        """Note that the page at hand is made of several answers: one of them says nothing of the others."""
        if (visit := self.at_hand()) is not None:
            visit.is_whole = False

    def reads(self, response: Response, records: Collection[Record], links: Iterable[str], *, lists: bool) -> None:
        """Note what the page at hand shows.

        Args:
            response: what was answered.
            records: that stand on it.
            links: where it leads to.
            lists: whether it is there to lead on: a page with neither that nor records is not visited again.
        """
        visit = self.at_hand()
        if visit is None:
            return
        now = datetime.now(UTC)
        ages = [age for record in records if (age := age_s_of(record, now)) is not None]
        visit.read, visit.is_last = True, not (records or lists)
        visit.age_s = min(ages, default=None)
        visit.links = digest(sorted(set(links)))
        visit.changed = visit.changed or visit.links != visit.before.links
        visit.validators = validators(response.headers) if visit.is_whole else {}

    # --- records ---

    async def judge(self, visit: Visit, record: Record) -> Verdict:
        """Tell what a record is beside its last reading.

        Raises:
            QueueLost: Redis stays away.
        """
        stored = await self.frontier.execute("HGET", self.frontier.keys.readings, member(key_of(record)))
        if stored is None:
            return "new", []
        reading = Reading.unpack(stored)
        if reading.page != str(visit.page):
            home = await self.state_of(visit, reading.page)
            # A page that has lost the record, or is lost itself, leaves it to whoever has it now.
            if home.visits and not home.failed and home.whole <= reading.visit:
                return "elsewhere", []
        changed = reading.changed(digests_of(record))
        return ("changed", changed) if changed else ("same", [])

    async def state_of(self, visit: Visit, page: str) -> PageState:
        """Return what is known of another page, asked for once a visit."""
        if page not in visit.homes:
            keys = self.frontier.keys
            request_id = await self.frontier.execute("HGET", keys.revisits, page)
            payload = await self.frontier.execute("HGET", keys.requests, request_id) if request_id else None
            visit.homes[page] = PageState.unpack(shown_in(payload) if payload else {})
        return visit.homes[page]

    @staticmethod
    def note(visit: Visit, record: Record, *, changed: bool) -> None:
        """Note a reading, with the acknowledgement of its page."""
        visit.changed = visit.changed or changed
        reading = Reading(str(visit.page), visit.number, digests_of(record))
        visit.readings[member(key_of(record))] = reading.pack()
