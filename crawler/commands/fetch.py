"""`scrapy fetch`: Scrapy's own, which prints a page as the crawler gets it, beside the fleet."""

from __future__ import annotations

from scrapy.commands.fetch import Command as Scrapys

from crawler.alone import Alone


class Command(Alone, Scrapys):
    """Keeps its requests to itself."""
