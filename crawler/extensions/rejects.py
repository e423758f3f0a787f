"""Writes refused records to `rejects.jsonl` beside the feed, with the reasons and where they were read."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import orjson
from scrapy import signals
from scrapy.exceptions import NotConfigured

from crawler.feeds.lines import LineFile, keep
from crawler.feeds.paths import local_path
from crawler.signals import record_refused

if TYPE_CHECKING:
    from scrapy import Spider
    from scrapy.crawler import Crawler

    from crawler.items import RecordKey

NAME = "rejects.jsonl"
PLACEHOLDER = re.compile(r"%\(\w+\)")

logger = logging.getLogger(__name__)


class Rejects:
    """One line a refusal: `spider`, `key` or `what`, `reason`, `details`, `url`, `at`, `record`."""

    def __init__(self, path: Path, *, overwrite: bool) -> None:
        self.path = path
        self.overwrite = overwrite
        self.file: LineFile | None = None
        self.spider_name = ""
        self.warned = False

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Find the folder of the first feed that is a local file."""
        for uri, options in crawler.settings.getdict("FEEDS").items():
            if (path := local_path(str(uri))) is not None:
                rejects = cls(folder(path, crawler.spidercls.name) / NAME, overwrite=bool(options.get("overwrite")))
                crawler.signals.connect(rejects.spider_opened, signals.spider_opened)
                crawler.signals.connect(rejects.spider_closed, signals.spider_closed)
                crawler.signals.connect(rejects.record_refused, record_refused)
                return rejects
        raise NotConfigured

    def spider_opened(self, spider: Spider) -> None:
        """Drop this spider's lines of an earlier crawl, where the feed is begun anew too."""
        self.spider_name = spider.name
        ledger = getattr(spider, "ledger", None)
        first = ledger is not None and ledger.begin_feed(self.path)
        if first and self.overwrite and self.path.exists():
            keep(self.path, self.of_another)

    def of_another(self, line: bytes) -> bool:
        """Tell whether a line was written by another spider."""
        try:
            return bool(json.loads(line).get("spider") != self.spider_name)
        except (ValueError, AttributeError):
            return False

    def record_refused(
        self, what: RecordKey | str, reason: str, details: Sequence[str], url: str, record: Mapping[str, Any] | None
    ) -> None:
        """Write a line."""
        line = {
            "spider": self.spider_name,
            "what": what if isinstance(what, str) else list(what),
            "reason": reason,
            "details": list(details),
            "url": url or None,
            "at": datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
            "record": record,
        }
        try:
            self.write(one_line(line))
        except OSError as exc:
            self.warn(exc)

    def write(self, line: bytes) -> None:
        """Append a line to the file, which is made for the first one."""
        if self.file is None:
            self.file = LineFile(self.path)
        self.file.write(line)

    def warn(self, exc: OSError) -> None:
        """Say once that refusals are counted only."""
        if not self.warned:
            self.warned = True
            logger.warning(
                "%s cannot be written (%s): refusals stand in the log and the summary only, until you make room.",
                self.path,
                exc.strerror,
            )

    def spider_closed(self) -> None:
        """Close the file."""
        if self.file is not None:
            self.file.close()


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
