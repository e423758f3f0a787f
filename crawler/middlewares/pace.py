"""Lets no request out before its host may be asked again, by whichever instance of the fleet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from scrapy.exceptions import NotConfigured

from crawler.errors import SettingsError
from crawler.frontier.frontier import Frontier
from crawler.frontier.grants import INSTEAD_OF
from crawler.frontier.slots import FLEET_SLOT, enter_fleet, slot_of

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.crawler import Crawler


class PaceMiddleware:
    """Waits for the fleet's turn, as the last thing before the downloader.

    A request out of the queue comes with a time that is reserved for it. Whatever else goes on the wire asks for one
    here: robots.txt, what a page fetches, and a request that was held up for so long that its time has passed. What
    would have to wait for long goes back to the queue, so that a host's pause takes no place that others could have.

    Scrapy's own delays know one process only, so they are taken out of the way: all requests pass through one slot of
    the downloader, which DOWNLOAD_SLOTS gives no delay.
    """

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Build for a crawl whose scheduler shares a pace.

        Raises:
            NotConfigured: the scheduler is another one.
            SettingsError: DOWNLOAD_SLOTS leaves Scrapy's delays in the way.
        """
        if not Frontier.is_used(crawler):
            raise NotConfigured(f"it needs this project's SCHEDULER, not {crawler.settings['SCHEDULER']}")
        slots = crawler.settings.getdict("DOWNLOAD_SLOTS")
        if slots.get(FLEET_SLOT, {}).get("delay") != 0:
            raise SettingsError(
                f"DOWNLOAD_SLOTS ({slots}) has no slot {FLEET_SLOT!r} without a delay, so Scrapy would wait as if all "
                f'hosts were one: add "{FLEET_SLOT}": {{"concurrency": 1000, "delay": 0}}.'
            )
        return cls(crawler)

    async def process_request(self, request: Request) -> None:
        """Wait until `request` may go."""
        slot = slot_of(request)
        frontier = Frontier.of(self.crawler)
        if slot and (frontier.buffer.held or not take_grant(request.meta.get(INSTEAD_OF, request))):
            await frontier.grants.grant(request, slot)
        enter_fleet(request)


def reserved_at(request: Request) -> float | None:
    """Return the time, in monotonic seconds, that the queue reserved for `request`; None where it is not from there."""
    granted: float | None = getattr(request.errback, "granted", None)
    return granted


def take_grant(request: Request) -> bool:
    """Use up the time that was reserved for `request`; False where there is none, or where it has passed."""
    return reserved_at(request) is not None and bool(request.errback.take_grant())  # type: ignore[union-attr]
