"""Runs a spider of this package in a process of its own, and writes down what becomes of its requests."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import pytest
from itemadapter import ItemAdapter
from scrapy import Request, signals
from scrapy.crawler import AsyncCrawlerProcess, Crawler
from scrapy.settings import Settings

from crawler.frontier import deliveries
from crawler.frontier.deliveries import Deliveries, Delivery
from crawler.frontier.outbox import Outbox
from crawler.frontier.queue import NewLink, Report
from tests.request_ends.callbacks import WORK_S, Callbacks
from tests.request_ends.downloads import Downloads
from tests.request_ends.failures import Failures
from tests.request_ends.leaks import Closes, Hangs, Leaks
from tests.request_ends.outputs import Outputs
from tests.request_ends.paths import PathsSpider

SPIDERS: dict[str, type[PathsSpider]] = {
    spider.name: spider for spider in (Callbacks, Failures, Downloads, Outputs, Leaks, Hangs, Closes)
}
HUNG_AFTER_S = 1.0


class Witness:
    """Sees a crawl from inside, and the engine's own set of requests in progress, which only a test may read.

    Attributes:
        events: what happened, in order.
        handed: what the engine was given, by the id of the request in the queue.
    """

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self.events: list[dict[str, Any]] = []
        self.handed: dict[str, list[Delivery]] = {}
        self.reason = ""
        for signal in (signals.item_scraped, signals.item_dropped, signals.item_error):
            crawler.signals.connect(self.item_is_through, signal)
        crawler.signals.connect(self.spider_closed, signals.spider_closed)

    def watch(self, patch: pytest.MonkeyPatch) -> None:
        """Listen at what the frontier is told and tells."""
        begin, push, tell = Deliveries.begin, Outbox.push, Outbox.tell

        def begin_and_note(deliveries: Deliveries, leased: Any, request: Request, slot: str) -> Request:
            handed = begin(deliveries, leased, request, slot)
            delivery = deliveries.of(handed)
            assert delivery
            self.handed.setdefault(leased.id, []).append(delivery)
            self.note("handed", id=leased.id, url=handed.url)
            return handed

        def push_and_note(outbox: Outbox, link: NewLink, **options: Any) -> None:
            push(outbox, link, **options)
            self.note("pushed", url=json.loads(link.payload)["u"])

        def tell_and_note(outbox: Outbox, generation: int, told: Any) -> bool:
            self.note_ends(told)
            return tell(outbox, generation, told)

        patch.setattr(Deliveries, "begin", begin_and_note)
        patch.setattr(Outbox, "push", push_and_note)
        patch.setattr(Outbox, "tell", tell_and_note)
        patch.setattr(deliveries, "HUNG_AFTER_S", HUNG_AFTER_S, raising=False)

    def note(self, what: str, **details: Any) -> None:
        """Add an event, with the requests that are in progress though nobody counts on their end."""
        engine = self.crawler.engine
        slot = engine._slot if engine else None  # noqa: SLF001 - what the frontier must do without
        in_progress = slot.inprogress if slot else ()
        handed = [delivery for deliveries in self.handed.values() for delivery in deliveries]
        forgotten = [
            delivery.leased.id
            for delivery in handed
            if delivery.request in in_progress and delivery not in delivery.deliveries.open
        ]
        self.events.append({"what": what, **details, "forgotten": forgotten})

    def note_ends(self, told: Any) -> None:
        """Note which requests have ended, as the report would have it."""
        report = Report()
        told(report)
        for request_id in report.acks:
            delivery = self.handed[request_id][-1]
            self.note("ended", id=request_id, how="replaced" if is_replaced(delivery) else "acknowledged")
        for request_id, leaked in report.returned:
            if request_id in self.handed:
                self.note("ended", id=request_id, how="leaked" if leaked else "returned")

    async def item_is_through(self, item: Any) -> None:
        """Note that an item has left the pipelines, and the slowest of those who wait for that."""
        page = ItemAdapter(item)["page"]
        if page == "items_in_a_slow_handler":
            await asyncio.sleep(WORK_S)
        self.note("item", page=page)

    def spider_closed(self, reason: str) -> None:
        """Note how the crawl has ended."""
        self.reason = reason

    def report(self) -> dict[str, Any]:
        """Return what it has seen."""
        assert self.crawler.stats
        return {
            "events": self.events,
            "reason": self.reason,
            "leaked": self.crawler.stats.get_value("frontier/leaked", 0),
        }


def is_replaced(delivery: Delivery) -> bool:
    """Tell whether the downloader gave another request for one."""
    task = getattr(delivery, "download", None) or getattr(delivery, "task", None)
    return bool(
        task and task.done() and not task.cancelled() and not task.exception() and isinstance(task.result(), Request)
    )


def main(name: str, folder: Path, arguments: dict[str, str]) -> None:
    """Crawl."""
    settings = Settings(
        {
            "ADDONS": {"crawler.frontier.addon.FrontierAddon": 0},
            "REDIS_URL": arguments.pop("redis"),
            "ROBOTSTXT_OBEY": True,
            "DOWNLOAD_DELAY": 0,
            "HTTPCACHE_DIR": str(folder / "cache"),
            "TELNETCONSOLE_ENABLED": False,
            "LOG_FILE": str(folder / "log.txt"),
        }
    )
    process = AsyncCrawlerProcess(settings)
    crawler = process.create_crawler(SPIDERS[name])
    witness = Witness(crawler)
    with pytest.MonkeyPatch.context() as patch:
        witness.watch(patch)
        process.crawl(crawler, **arguments)
        process.start()
    (folder / "seen.json").write_text(json.dumps(witness.report()))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), json.loads(sys.argv[3]))
