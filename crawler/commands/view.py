"""`scrapy view`: Scrapy's own, which shows a page in a browser as the crawler gets it, beside the fleet."""

from __future__ import annotations

from scrapy.commands.view import Command as Scrapys

from crawler.alone import Alone


class Command(Alone, Scrapys):
    """Keeps its requests to itself."""
