"""Asks the operator to say who they are."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Self

from scrapy import signals

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

logger = logging.getLogger(__name__)


class Contact:
    """Warns while CONTACT_URL is unset, since a site's owner could not reach anyone."""

    def __init__(self, contact_url: str) -> None:
        self.contact_url = contact_url

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Connect to the start."""
        contact = cls(crawler.settings.get("CONTACT_URL") or "")
        crawler.signals.connect(contact.spider_opened, signals.spider_opened)
        return contact

    def spider_opened(self) -> None:
        """Warn."""
        if not self.contact_url:
            logger.warning(
                "CONTACT_URL is not set: set it to a page or mailto: address where the owners of sites can reach you "
                "(-s CONTACT_URL=https://you.example/crawler, or the environment variable CONTACT_URL)."
            )
