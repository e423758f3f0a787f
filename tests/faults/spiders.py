"""Spiders whose callbacks do what a callback should not."""

from __future__ import annotations

import logging
import os
import signal
import threading
from collections.abc import AsyncIterator
from typing import Any, ClassVar
from urllib.parse import urlsplit

from scrapy import Request
from scrapy.http import Response

from crawler.items import Record
from crawler.settings import ITEM_PIPELINES
from crawler.spiders.videos import VideosSpider
from tests.faults.site import BLOCK, HELD, POISON

logger = logging.getLogger(__name__)

HOLDS = "A record is claimed, and will never be written"
BLOCKED_S = 7.0
"""More than twice the shortest lease."""


class Poisoned(VideosSpider):
    """Dies of one page, as of a parser that runs out of memory."""

    name = "poisoned"

    async def parse(self, response: Response, **kwargs: Any) -> AsyncIterator[Record | Request]:
        if urlsplit(response.url).path == POISON:
            os.kill(os.getpid(), signal.SIGKILL)
        async for result in super().parse(response, **kwargs):
            yield result


class Holding(VideosSpider):
    """Does nothing any more once it has claimed the record of one page."""

    name = "holding"
    custom_settings: ClassVar = {"ITEM_PIPELINES": ITEM_PIPELINES | {"tests.faults.spiders.HoldPipeline": 300}}


class HoldPipeline:
    """Stands behind the one that claims."""

    def process_item(self, item: Record) -> Record:
        if urlsplit(item.fetched_from).path == HELD:
            logger.warning(HOLDS)
            threading.Event().wait()
        return item


class Blocked(VideosSpider):
    """Keeps the reactor busy with one page for longer than a lease."""

    name = "blocked"

    async def parse(self, response: Response, **kwargs: Any) -> AsyncIterator[Record | Request]:
        if urlsplit(response.url).path == BLOCK:
            threading.Event().wait(BLOCKED_S)
        async for result in super().parse(response, **kwargs):
            yield result
