"""Lets go of the embedded store when an instance ends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from scrapy import signals

from crawler.frontier.connection import release

if TYPE_CHECKING:
    from scrapy.crawler import Crawler


class Membership:
    """The last instance out stops the store."""

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Connect to the end."""
        membership = cls()
        crawler.signals.connect(membership.engine_stopped, signals.engine_stopped)
        return membership

    def engine_stopped(self) -> None:
        """Let go of the embedded store."""
        release()
