"""Spiders whose callbacks do what a callback should not."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlsplit

from scrapy import Request
from scrapy.http import Response

from crawler.items import Record
from crawler.spiders.videos import VideosSpider
from tests.faults.site import BLOCK, POISON

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


class Blocked(VideosSpider):
    """Keeps the reactor busy with one page for longer than a lease."""

    name = "blocked"

    async def parse(self, response: Response, **kwargs: Any) -> AsyncIterator[Record | Request]:
        if urlsplit(response.url).path == BLOCK:
            threading.Event().wait(BLOCKED_S)
        async for result in super().parse(response, **kwargs):
            yield result
