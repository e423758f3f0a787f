"""Scrapy's commands for a look at one page: what they fetch stays with them, beside the queue and without a store."""

from __future__ import annotations

import argparse

from scrapy.commands import ScrapyCommand
from scrapy.settings import get_settings_priority

from crawler.checks import usable

TYPED = "crawler.addresses.handler.TypedHandler"
"""What downloads the URLs that a person types, at whatever address they are."""


class Alone(ScrapyCommand):
    """Has a command keep its requests in memory: what it does with a page, no other process could."""

    def process_options(self, args: list[str], opts: argparse.Namespace) -> None:
        """Take the options, and Scrapy's own scheduler unless `-s SCHEDULER=…` names another."""
        super().process_options(args, opts)
        settings = usable(self.settings)
        if settings.getpriority("SCHEDULER") != get_settings_priority("cmdline"):
            settings.set("SCHEDULER", "scrapy.core.scheduler.Scheduler", priority="cmdline")
        if settings.getpriority("DOWNLOAD_HANDLERS") != get_settings_priority("cmdline"):
            handlers = {**settings.getdict("DOWNLOAD_HANDLERS"), **dict.fromkeys(("http", "https"), TYPED)}
            settings.set("DOWNLOAD_HANDLERS", handlers, priority="cmdline")
