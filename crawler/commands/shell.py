"""`scrapy shell`: Scrapy's own, which lets you try selectors on a page, beside the fleet."""

from __future__ import annotations

from scrapy.commands.shell import Command as Scrapys

from crawler.alone import Alone


class Command(Alone, Scrapys):
    """Keeps its requests to itself."""
