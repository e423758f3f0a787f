"""Has an instance tell the fleet how it does, for `scrapy status`."""

from __future__ import annotations

import asyncio
import os
import resource
import shutil
import sys
from collections import deque
from contextlib import suppress
from pathlib import Path
from time import monotonic, process_time
from typing import TYPE_CHECKING, NamedTuple, Self

from scrapy import signals
from scrapy.exceptions import NotConfigured
from scrapy.utils.asyncio import create_looping_call

from crawler.extensions.rejects import folder
from crawler.feeds.paths import local_path
from crawler.frontier.frontier import Frontier
from crawler.frontier.slots import slot_of
from crawler.frontier.vitals import PLACE, Asked, Disk, Vitals

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.http import Response

EVERY_S = 5.0
"""How often it is told where no setting says so, as in the project of somebody else."""
MINUTE_S = 60.0
LEAST_S = 0.1
"""Over less than that, as at the first look, no rate is told, in seconds."""
MINUTES = 10
"""How far back it is told how hosts have answered."""
MOST_HOSTS = 100
"""Hosts that are told of: those that were asked most."""
TOO_MANY, FAULT = 429, 500
"""HTTP statuses that count as errors: this one, and from this one on."""


class Reading(NamedTuple):
    """How much an instance has done at a time: pages, and seconds of a core."""

    at_s: float
    pages: int
    cpu_s: float


class Answers:
    """How hosts have answered in the last minutes."""

    def __init__(self) -> None:
        self.minutes: deque[tuple[int, dict[str, list[int]]]] = deque(maxlen=MINUTES)

    def count(self, slot: str, *, is_error: bool) -> None:
        """Count a request that has ended."""
        minute = int(monotonic() / MINUTE_S)
        if not self.minutes or self.minutes[-1][0] != minute:
            self.minutes.append((minute, {}))
        counts = self.minutes[-1][1].setdefault(slot, [0, 0])
        counts[0] += 1
        counts[1] += is_error

    def by_host(self) -> dict[str, Asked]:
        """Return the counts of the hosts that were asked most."""
        oldest = int(monotonic() / MINUTE_S) - MINUTES
        total: dict[str, list[int]] = {}
        for minute, hosts in self.minutes:
            if minute > oldest:
                for slot, (requests, errors) in hosts.items():
                    counts = total.setdefault(slot, [0, 0])
                    counts[0] += requests
                    counts[1] += errors
        most = sorted(total.items(), key=lambda host: -host[1][0])[:MOST_HOSTS]
        return {slot: Asked(requests=requests, errors=errors) for slot, (requests, errors) in most}


class VitalsExtension:
    """Says so every `VITALS_INTERVAL_S`, with the next call that goes to Redis anyway."""

    def __init__(self, crawler: Crawler) -> None:
        self.interval_s = crawler.settings.getfloat("VITALS_INTERVAL_S", EVERY_S)
        if not self.interval_s or not Frontier.is_used(crawler):
            raise NotConfigured
        self.crawler = crawler
        self.frontier = Frontier.of(crawler)
        self.answers = Answers()
        self.answered: set[Request] = set()
        self.pages = 0
        self.feeds = [path for uri in crawler.settings.getdict("FEEDS") if (path := local_path(str(uri))) is not None]
        self.looks = create_looping_call(self.look)
        self.telling: asyncio.Task[None] | None = None
        self.begun = monotonic()
        self.past: deque[Reading] = deque()

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Connect to the signals.

        Raises:
            NotConfigured: nothing is to be told, or the crawl has no frontier.
        """
        extension = cls(crawler)
        for handler, signal in (
            (extension.spider_opened, signals.spider_opened),
            (extension.spider_closed, signals.spider_closed),
            (extension.response_downloaded, signals.response_downloaded),
            (extension.request_left_downloader, signals.request_left_downloader),
        ):
            crawler.signals.connect(handler, signal)
        return extension

    def spider_opened(self) -> None:
        """Begin to tell; what the start took is no part of the work."""
        self.begun = monotonic()
        self.past.append(self.reading())
        self.looks.start(self.interval_s)

    def spider_closed(self) -> None:
        """Tell no more."""
        if self.looks.running:
            self.looks.stop()
        if self.telling is not None:
            self.telling.cancel()

    def response_downloaded(self, response: Response, request: Request) -> None:
        """Count an answer."""
        self.pages += 1
        self.answered.add(request)
        self.answers.count(slot_of(request), is_error=response.status == TOO_MANY or response.status >= FAULT)

    def request_left_downloader(self, request: Request) -> None:
        """Count a request that got no answer."""
        if request in self.answered:
            self.answered.discard(request)
        else:
            self.answers.count(slot_of(request), is_error=True)

    def look(self) -> None:
        """Tell, unless what is told is still being found out."""
        if self.telling is None or self.telling.done():
            self.telling = asyncio.ensure_future(self.tell())

    async def tell(self) -> None:
        """Tell how this instance does; what a disk may be slow to say is asked in a thread."""
        name = self.crawler.spidercls.name
        disks = await asyncio.to_thread(lambda: [disk for feed in self.feeds if (disk := disk_of(folder(feed, name)))])
        memory_bytes = await asyncio.to_thread(resident_bytes)
        options = self.frontier.options
        pages_per_s, cpu_share = self.rates()
        vitals = Vitals(
            place=os.environ.get(PLACE, ""),
            age_s=round(monotonic() - self.begun, 1),
            stays=self.frontier.courier.completion.stays,
            every_s=self.interval_s,
            pages=self.pages,
            records=self.crawler.stats.get_value("item_scraped_count", 0),
            pages_per_s=pages_per_s,
            memory_bytes=memory_bytes,
            cpu_share=cpu_share,
            delay_ms=options.delay_ms,
            own_delays_ms={slot: limits.delay_ms for slot, limits in options.own.items()},
            hosts=self.answers.by_host(),
            disks=disks,
        )
        self.frontier.note(*vitals.command(self.frontier.queue))

    def reading(self) -> Reading:
        """Return how much was done until now."""
        return Reading(monotonic(), self.pages, process_time())

    def rates(self) -> tuple[float, float]:
        """Return pages in a second, and the share of a core, of the last minute."""
        now = self.reading()
        self.past.append(now)
        while len(self.past) > 1 and self.past[1].at_s <= now.at_s - MINUTE_S:
            self.past.popleft()
        since = self.past[0]
        passed_s = now.at_s - since.at_s
        if passed_s < LEAST_S:
            return 0.0, 0.0
        return round((now.pages - since.pages) / passed_s, 2), round((now.cpu_s - since.cpu_s) / passed_s, 3)


def disk_of(path: Path) -> Disk | None:
    """Return the disk of a folder; None where that cannot be told, as where somebody has moved it away."""
    with suppress(OSError):
        usage = shutil.disk_usage(path)
        return Disk(path=str(path.resolve()), free=usage.free, total=usage.total)
    return None


def resident_bytes() -> int:
    """Return the memory of this process; the most that it ever was where no more is told."""
    with suppress(OSError, ValueError, IndexError):
        return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024
