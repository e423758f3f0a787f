"""Runs a spider of this package in a process of its own, and writes down what becomes of its requests."""

from __future__ import annotations

import asyncio
import gc
import json
import sys
from pathlib import Path
from typing import Any

import pytest
from itemadapter import ItemAdapter
from scrapy import Request, signals
from scrapy.crawler import AsyncCrawlerProcess, Crawler, CrawlerProcess
from scrapy.settings import Settings

from crawler.frontier import deliveries
from crawler.frontier.deliveries import Deliveries, Delivery
from crawler.frontier.frontier import Frontier
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
PROCESSES: dict[str, type[AsyncCrawlerProcess | CrawlerProcess]] = {
    process.__name__: process for process in (AsyncCrawlerProcess, CrawlerProcess)
}


class Witness:
    """Sees a crawl from inside, and the engine's own set of requests in progress, which only a test may read.

    Attributes:
        events: what happened, in order.
        handed: what the engine was given: deliveries with their requests.
        replaced: ids of requests whose download has led to another request.
    """

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self.events: list[dict[str, Any]] = []
        self.handed: list[tuple[Delivery, Request]] = []
        self.replaced: set[str] = set()
        self.over: set[str] = set()
        """Ids of requests that have ended, and were not handed out again."""
        self.reason = ""
        for signal in (signals.item_scraped, signals.item_dropped, signals.item_error):
            crawler.signals.connect(self.item_is_through, signal)
        crawler.signals.connect(self.spider_closed, signals.spider_closed)

    def watch(self, patch: pytest.MonkeyPatch) -> None:
        """Listen at what the frontier is told and tells."""
        begin, downloaded, push, tell = Deliveries.begin, Deliveries.downloaded, Outbox.push, Outbox.tell

        def begin_and_note(deliveries: Deliveries, leased: Any, request: Request, slot: str) -> Request:
            handed = begin(deliveries, leased, request, slot)
            delivery = deliveries.of(handed)
            assert delivery
            self.handed.append((delivery, handed))
            self.over.discard(leased.id)
            self.note("handed", id=leased.id, url=handed.url)
            return handed

        def note_and_take(deliveries: Deliveries, delivery: Delivery, task: asyncio.Task[Any]) -> None:
            if not task.cancelled() and not task.exception() and isinstance(task.result(), Request):
                self.replaced.add(delivery.leased.id)
            downloaded(deliveries, delivery, task)

        def push_and_note(outbox: Outbox, link: NewLink, **options: Any) -> None:
            push(outbox, link, **options)
            self.note("pushed", url=json.loads(link.payload)["u"])

        def tell_and_note(outbox: Outbox, generation: int, told: Any) -> bool:
            self.note_ends(told)
            return tell(outbox, generation, told)

        patch.setattr(Deliveries, "begin", begin_and_note)
        patch.setattr(Deliveries, "downloaded", note_and_take)
        patch.setattr(Outbox, "push", push_and_note)
        patch.setattr(Outbox, "tell", tell_and_note)

    def note(self, what: str, **details: Any) -> None:
        """Add an event, with the requests that are in progress though their end was told, or nobody waits for it."""
        engine = self.crawler.engine
        slot = engine._slot if engine else None  # noqa: SLF001 - what the frontier must do without
        in_progress = slot.inprogress if slot else ()
        forgotten = [
            delivery.leased.id
            for delivery, request in self.handed
            if request in in_progress and (delivery.leased.id in self.over or delivery not in delivery.deliveries.open)
        ]
        self.events.append({"what": what, **details, "forgotten": forgotten})

    def note_ends(self, told: Any) -> None:
        """Note which requests have ended, as the report would have it."""
        report = Report()
        told(report)
        ends = {one: "replaced" if one in self.replaced else "acknowledged" for one in report.acks}
        ends |= {one: "leaked" if leaked else "returned" for one, leaked in report.returned}
        for one in ends.keys() & {delivery.leased.id for delivery, _ in self.handed}:
            self.over.add(one)
            self.note("ended", id=one, how=ends[one])

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
        """Return what it has seen, and how many responses are still kept when all is over."""
        assert self.crawler.stats
        gc.collect()
        return {
            "events": self.events,
            "kept": len(Frontier.of(self.crawler).deliveries.responses),
            "reason": self.reason,
            "leaked": self.crawler.stats.get_value("frontier/leaked", 0),
        }


def main(name: str, folder: Path, process_name: str, arguments: dict[str, str]) -> None:
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
    spider = SPIDERS[name]
    process = PROCESSES[process_name](settings)
    crawler = process.create_crawler(spider)
    witness = Witness(crawler)
    with pytest.MonkeyPatch.context() as patch:
        witness.watch(patch)
        patch.setattr(deliveries, "HUNG_AFTER_S", spider.hung_after_s)
        process.crawl(crawler, **arguments)
        process.start()
    (folder / "seen.json").write_text(json.dumps(witness.report()))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), sys.argv[3], json.loads(sys.argv[4]))
