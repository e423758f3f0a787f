"""JSON lines in a local file, for one instance or several on the same file."""

from __future__ import annotations

import asyncio
import io
import logging
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Self, cast

from scrapy import signals
from scrapy.extensions.feedexport import FileFeedStorage

from crawler.errors import FeedUnwritten
from crawler.feeds.duplicates import drop_duplicates
from crawler.feeds.lines import LineFile, sync_folder
from crawler.feeds.noted import BEGUN, feed_name
from crawler.feeds.unwritten import quieten
from crawler.frontier.frontier import Frontier
from crawler.frontier.queue import Queue, text
from crawler.frontier.standing import other_writer

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer
    from scrapy import Spider
    from scrapy.crawler import Crawler

logger = logging.getLogger(__name__)

FORMATS = frozenset({"jsonl", "jsonlines", "jl"})
FAILED = frozenset({"feed_failed", "queue_lost"})
"""Why an instance ends with lines in hand that it could not write."""


class FeedSink:
    """A feed's file as the I/O thread sees it: lines are on the disk when `append` returns.

    With `overwrite` the file is begun anew once in a crawl: by the first instance that names it, never under a
    running one, and not by a restart that goes on with an interrupted crawl. It is emptied first and noted then,
    both under the file's lock, and nobody writes before that: a kill in between costs nothing.

    Attributes:
        path: the file.
        offset: its size in bytes when the crawl first met it; None until this instance knows.
        given: lines that this instance had for it.
        written: those of them that are in it.
    """

    def __init__(self, path: Path, queue: Queue, *, overwrite: bool = False) -> None:
        self.path = path.absolute()
        self.queue = queue
        self.overwrite = overwrite
        self.offset: int | None = None
        self.noted_as = ""
        self.given = self.written = 0

    def append(self, data: bytes, insist_on_lease: Callable[[], None]) -> None:
        """Append whole lines, and sync; without any, only make the file, or empty it where it is to be begun anew.

        Raises:
            OSError: nothing of `data` is in the file; it can be given again.
            RedisError: the same.
        """
        # Opened for each commit: there is no end at which to close it.
        with LineFile(self.path) as file, file.locked():
            insist_on_lease()
            if self.noted_as != self.queue.worker:
                self._begin(file)
            if data:
                file.append(data)
                self.written += data.count(b"\n")

    def all_here(self) -> dict[Path, int]:
        """Return all feeds of the crawl on this machine, each with its size when the crawl first met it."""
        prefix = feed_name(Path("/"))
        noted = cast("dict[bytes, bytes]", self.queue.server.hgetall(self.queue.keys.feeds))
        feeds = {text(name): int(offset) for name, offset in noted.items()}
        if self.offset is not None:
            feeds[feed_name(self.path)] = self.offset
        return {
            Path("/", name.removeprefix(prefix)): offset for name, offset in feeds.items() if name.startswith(prefix)
        }

    def _begin(self, file: LineFile) -> None:
        """Agree on the locked file with the others; again when this one joins again: Redis may have less by then."""
        worker, name = self.queue.worker, feed_name(self.path)
        offset = self.offset
        if offset is None:
            if self.overwrite and not self._is_begun(file, name) and not self._is_others(name):
                file.truncate()
            offset = file.size()
        self.queue.begin_feed(f"{BEGUN}{self.path.name}", file.touch())
        self.offset = self.queue.begin_feed(name, offset)
        sync_folder(file.path.parent)
        self.noted_as = worker

    def _is_begun(self, file: LineFile, name: str) -> bool:
        """Tell whether instances of this crawl may have written to the file.

        Those of another machine, or container, may share it by network or volume: a file of that name that was
        changed since they began one is not emptied.
        """
        noted, begun_ns = self.queue.server.hmget(self.queue.keys.feeds, [name, f"{BEGUN}{self.path.name}"])
        return noted is not None or (begun_ns is not None and file.modified_ns() >= int(begun_ns))

    def _is_others(self, name: str) -> bool:
        """Tell whether another crawl writes to the file, as one that has begun at the same time."""
        other = other_writer(self.queue.server, self.queue.keys, name)
        if other is not None:
            logger.warning("%s is not emptied: the crawl %s, which is not finished, writes to it too", self.path, other)
        return other is not None


class FeedFile(io.RawIOBase):
    """What an exporter writes to: hands whole lines on; what is no whole line at the end is dropped."""

    def __init__(self, take: Callable[[bytes], None]) -> None:
        self.take = take
        self.rest = b""

    def writable(self) -> bool:
        """Tell that it is."""
        return True

    def write(self, data: ReadableBuffer, /) -> int:
        """Hand on the lines that are whole by now."""
        new = bytes(data)
        whole, newline, self.rest = (self.rest + new).rpartition(b"\n")
        if newline:
            self.take(whole + newline)
        return len(new)


class Stream:
    """A pipe or a device, written to at once as a `LineFile` is."""

    def __init__(self, path: Path, mode: str) -> None:
        self.file = cast("IO[bytes]", path.open(mode))

    def write(self, lines: bytes) -> None:
        """Write lines.

        Raises:
            OSError: some may not have been taken.
        """
        self.file.write(lines)
        self.file.flush()

    def close(self) -> None:
        """Close it."""
        with suppress(OSError):  # which tries once more what has failed
            self.file.close()


class LocalFileStorage(FileFeedStorage):
    """Scrapy's local files, where a JSON lines file gets whole lines only, whoever else writes to it.

    With this project's scheduler the lines of a page are on the disk before it counts as done. With another one, or
    to a pipe, they are written at once; where that fails the instance stops, and `-O` empties a file at each start.
    """

    crawler: Crawler

    def __init__(self, uri: str, *, feed_options: dict[str, Any] | None = None) -> None:
        super().__init__(uri, feed_options=feed_options)
        options = feed_options or {}
        self.file_path = Path(self.path)
        self.is_json_lines = options.get("format") in FORMATS and not options.get("postprocessing")
        self.takes_lines = self.is_json_lines and not is_stream(self.file_path)
        self.store_empty = bool(options.get("store_empty"))
        self.lines: LineFile | Stream | None = None
        self.closing: asyncio.Future[None] | None = None
        self._sink: FeedSink | None = None

    @classmethod
    def from_crawler(cls, crawler: Crawler, uri: str, *, feed_options: dict[str, Any] | None = None) -> Self:
        """Build for a feed of `crawler`."""
        storage = cls(uri, feed_options=feed_options)
        storage.crawler = crawler
        quieten()
        # Scrapy builds and drops another one to check the settings: that hears no signal, they hold nobody.
        crawler.signals.connect(storage.engine_started, signals.engine_started)
        return storage

    def engine_started(self) -> None:
        """Have the file made, or emptied, also where no record comes."""
        if self.store_empty and (sink := self.sink()) is not None:
            Frontier.of(self.crawler).write(sink, b"")

    def open(self, spider: Spider) -> IO[bytes]:
        """Return what the exporter writes to."""
        if not self.is_json_lines:
            return super().open(spider)
        if (sink := self.sink()) is not None:
            return cast("IO[bytes]", FeedFile(partial(self.hand_on, sink)))
        self.write_at_once(b"")
        return cast("IO[bytes]", FeedFile(self.write_at_once))

    def store(self, file: IO[bytes]) -> None:
        """Close what is open.

        Raises:
            FeedUnwritten: the instance has ended because lines could not be written.
        """
        super().store(file)
        if self.lines is not None:
            self.lines.close()
        if self.closing is not None:
            raise FeedUnwritten(f"{self.crawler.stats.get_value('feeds/lines_lost', 0):,} lines are not in it")
        left = self._sink.given - self._sink.written if self._sink is not None else 0
        if left and Frontier.of(self.crawler).close_reason in FAILED:
            raise FeedUnwritten(f"{left:,} lines are not in it, of pages that are not done yet")

    def sink(self) -> FeedSink | None:
        """Return what the I/O thread writes to; None where this feed or the crawler's scheduler has none."""
        if self._sink is None and self.takes_lines and Frontier.is_used(self.crawler):
            frontier = Frontier.of(self.crawler)
            self._sink = FeedSink(self.file_path, frontier.queue, overwrite=self.write_mode == "wb")
            frontier.on_complete(partial(tidy, self._sink, self.crawler))
        return self._sink

    def hand_on(self, sink: FeedSink, lines: bytes) -> None:
        """Have the I/O thread write lines."""
        sink.given += lines.count(b"\n")
        Frontier.of(self.crawler).write(sink, lines)

    def opened(self) -> LineFile | Stream:
        """Open the file, or the pipe or device."""
        if not self.takes_lines:
            return Stream(self.file_path, self.write_mode)
        lines = LineFile(self.file_path)
        if self.write_mode == "wb":
            lines.truncate()
        return lines

    def write_at_once(self, lines: bytes) -> None:
        """Write lines, or stop the instance: what an exporter raised, Scrapy would log and forget."""
        try:
            if self.lines is None:
                self.lines = self.opened()
            if lines:
                self.lines.write(lines)
        except OSError as exc:
            self.crawler.stats.inc_value("feeds/lines_lost", lines.count(b"\n"))
            if self.closing is None:
                logger.error(  # noqa: TRY400 - a sentence for the user, no traceback
                    "%s cannot be written (%s): stopping. What is in it is safe; what comes now is lost. "
                    "Make room or make it writable, then start again.",
                    self.path,
                    exc.strerror,
                )
                self.closing = asyncio.ensure_future(self.crawler.engine.close_spider_async(reason="feed_failed"))


def tidy(sink: FeedSink, crawler: Crawler) -> None:
    """Leave one line of each record in all feeds here: whose file that is may have gone for good; in the I/O thread."""
    for path, offset in sink.all_here().items():
        try:
            dropped = drop_duplicates([(path, offset)])
        except OSError as exc:
            logger.warning(
                "%s may hold records twice, because it cannot be rewritten (%s). Nothing is missing: make room, or "
                "the folder writable, and `scrapy merge` writes a file without them.",
                path,
                exc.strerror,
            )
            continue
        if dropped:
            logger.info("%s: dropped %d lines of records that were read again", path, dropped)
            crawler.stats.inc_value("feeds/duplicates_dropped", dropped)


def is_stream(path: Path) -> bool:
    """Tell whether a path leads to a pipe or a device, which cannot be locked, cut back or synced."""
    return path.exists() and not (path.is_file() or path.is_dir())
