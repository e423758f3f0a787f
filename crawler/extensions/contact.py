"""Asks the operator to say who they are."""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING, Self

from scrapy import signals

if TYPE_CHECKING:
    from scrapy import Spider
    from scrapy.crawler import Crawler

    from crawler.seeds import Seed

logger = logging.getLogger(__name__)

THIS_MACHINE = re.compile(r"https?://(localhost|127\.[\d.]+|\[::1\])[:/]")


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

    def spider_opened(self, spider: Spider) -> None:
        """Warn, unless all that is asked for is a site on this machine."""
        seeds: list[Seed] = getattr(spider, "url_seeds", [])
        others = [seed for seed in seeds if not THIS_MACHINE.match(seed.url)]
        if not self.contact_url and (others or not seeds or bool(getattr(spider, "seeds_file", ""))):
            logger.warning(
                "CONTACT_URL is not set: owners of sites cannot reach you (-s CONTACT_URL=https://you.example/crawler)"
            )
