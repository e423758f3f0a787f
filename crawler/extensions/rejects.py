"""Writes refused records to `rejects.jsonl` beside the feed, with the reasons and where they were read."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import orjson
from scrapy import signals
from scrapy.exceptions import NotConfigured

from crawler.feeds.lines import LineFile, keep
from crawler.feeds.noted import REFUSALS, feed_name
from crawler.feeds.paths import local_path
from crawler.frontier.frontier import Frontier
from crawler.frontier.keys import spider_of
from crawler.frontier.standing import other_writer
from crawler.signals import record_refused

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

    from crawler.frontier.queue import Queue
    from crawler.items import RecordKey

NAME = "rejects.jsonl"
PLACEHOLDER = re.compile(r"%\(\w+\)")

logger = logging.getLogger(__name__)


class RejectsSink:
    """The file as the I/O thread sees it; with `overwrite` this spider's lines of earlier crawls are dropped, once."""

    def __init__(self, path: Path, spider_name: str, queue: Queue, *, overwrite: bool) -> None:
        self.path = path
        self.spider_name = spider_name
        self.queue = queue
        self.overwrite = overwrite
        self.noted_as = ""
        self.warned = False
        self.started = now()

    def append(self, data: bytes, insist_on_lease: Callable[[], None]) -> None:
        """Append lines to the file, which is made for the first one; a feed of records does not wait for room here."""
        try:
            self.begin()
            if data:
                with LineFile(self.path) as file, file.locked():
                    insist_on_lease()
                    file.append(data)
        except OSError as exc:
            self.warn(exc)

    def begin(self) -> None:
        """Drop old lines where nobody in this crawl has, and note that; again as another worker: Redis may have less.

        Those that came since this instance started are not old.
        """
        worker, name = self.queue.worker, f"{REFUSALS}{feed_name(self.path)}"
        if self.noted_as == worker:
            return
        server, keys = self.queue.server, self.queue.keys
        is_first = not self.noted_as and not server.hexists(keys.feeds, name)
        if is_first and self.overwrite and not other_writer(server, keys, name, spider_of(keys.crawl)):
            keep(self.path, self.is_kept)
        self.queue.begin_feed(name, 0)
        self.noted_as = worker

    def is_kept(self, line: bytes) -> bool:
        """Tell whether a line is another spider's, or of this crawl."""
        try:
            fields = json.loads(line)
            return bool(fields.get("spider") != self.spider_name or str(fields.get("at")) >= self.started)
        except (ValueError, AttributeError):
            return False

    def warn(self, exc: OSError) -> None:
        """Say once that refusals are counted only."""
        if not self.warned:
            self.warned = True
            logger.warning(
                "%s cannot be written (%s): refusals stand in the log and the summary only, until you make room.",
                self.path,
                exc.strerror,
            )


class Rejects:
    """One line a refusal: `spider`, `key` or `what`, `reason`, `details`, `url`, `at`, `record`."""

    def __init__(self, frontier: Frontier, sink: RejectsSink) -> None:
        self.frontier = frontier
        self.sink = sink

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Find the folder of the first feed that is a local file."""
        for uri, options in crawler.settings.getdict("FEEDS").items():
            if (path := local_path(str(uri))) is not None and Frontier.is_used(crawler):
                frontier, name = Frontier.of(crawler), crawler.spidercls.name
                overwrite = bool(options.get("overwrite"))
                sink = RejectsSink(folder(path, name) / NAME, name, frontier.queue, overwrite=overwrite)
                rejects = cls(frontier, sink)
                crawler.signals.connect(rejects.spider_opened, signals.spider_opened)
                crawler.signals.connect(rejects.record_refused, record_refused)
                return rejects
        raise NotConfigured

    def spider_opened(self) -> None:
        """Begin the file anew where the feed is."""
        self.frontier.write(self.sink, b"")

    def record_refused(
        self, what: RecordKey | str, reason: str, details: Sequence[str], url: str, record: Mapping[str, Any] | None
    ) -> None:
        """Write a line."""
        line = {
            "spider": self.sink.spider_name,
            "what": what if isinstance(what, str) else list(what),
            "reason": reason,
            "details": list(details),
            "url": url or None,
            "at": now(),
            "record": record,
        }
        self.frontier.write(self.sink, one_line(line))


def now() -> str:
    """Return the time as ISO 8601 in UTC, to the millisecond: crawls can follow each other within a second."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def folder(feed: str, spider_name: str) -> Path:
    """Return the folder of a feed; the current one where that is not known before the feed is opened."""
    name = str(Path(feed).parent).replace("%(name)s", spider_name)
    return Path() if PLACEHOLDER.search(name) else Path(name)


def one_line(value: Mapping[str, Any]) -> bytes:
    """Return `value` as a line of JSON, also where it is no proper one: refused records may hold anything."""
    try:
        return orjson.dumps(value, default=str, option=orjson.OPT_APPEND_NEWLINE)
    except TypeError:  # a lone surrogate, an integer beyond 64 bits
        return json.dumps(value, default=str, ensure_ascii=False).encode("utf-8", "replace") + b"\n"
