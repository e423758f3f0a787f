"""Writes every reading of the counts of a record to a file of its own, for time series."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Self

import orjson
from scrapy import signals
from scrapy.exceptions import NotConfigured

from crawler.feeds.jsonlines import FeedSink
from crawler.freshness.readings import counts_of
from crawler.frontier.frontier import Frontier
from crawler.items import key_of
from crawler.signals import record_read

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

    from crawler.items import Record


class Snapshots:
    """One line a reading: `key`, `at`, and the counts that the record has."""

    def __init__(self, frontier: Frontier, sink: FeedSink) -> None:
        self.frontier = frontier
        self.sink = sink

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Write to the file that SNAPSHOTS names.

        Raises:
            NotConfigured: it names none, or the scheduler is another one.
        """
        path = crawler.settings.get("SNAPSHOTS")
        if not path or not Frontier.is_used(crawler):
            raise NotConfigured
        frontier = Frontier.of(crawler)
        snapshots = cls(frontier, FeedSink(Path(path), frontier.queue))
        crawler.signals.connect(snapshots.engine_started, signals.engine_started)
        crawler.signals.connect(snapshots.record_read, record_read)
        return snapshots

    def engine_started(self) -> None:
        """Have the file made, also where no record comes."""
        self.frontier.write(self.sink, b"")

    def record_read(self, record: Record) -> None:
        """Write a line, which is on the disk before the record's page is done."""
        line = {"key": list(key_of(record)), "at": record.fetched_at, **counts_of(record)}
        self.frontier.write(self.sink, orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE))
