"""JSON lines in a local file, for one instance or several on the same file."""

from __future__ import annotations

from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, cast

from scrapy.extensions.feedexport import FileFeedStorage

from crawler.feeds.lines import LineFile

if TYPE_CHECKING:
    from scrapy import Spider


class LocalFileStorage(FileFeedStorage):
    """Scrapy's local files, where a JSON lines file gets whole lines only, whoever else writes to it.

    With `-O` a file is begun anew once in a crawl: by the first instance that names it, never under a
    running one, and not by a restart that goes on with an interrupted crawl.
    """

    def __init__(self, uri: str, *, feed_options: dict[str, Any] | None = None) -> None:
        super().__init__(uri, feed_options=feed_options)
        self.is_lines = (feed_options or {}).get("format") in {"jsonl", "jsonlines", "jl"}

    def open(self, spider: Spider) -> IO[bytes]:
        """Open the file for `spider`, which has entered its crawl."""
        if not self.is_lines:
            return super().open(spider)
        file = LineFile(Path(self.path))
        if self.write_mode == "wb" and begun_here(spider, Path(self.path)):
            file.truncate()
        return cast("IO[bytes]", file)


def begun_here(spider: Spider, path: Path) -> bool:
    """Tell whether this is the first that the crawl of `spider` sees of `path`."""
    ledger = getattr(spider, "ledger", None)
    return ledger is None or ledger.begin_feed(path)
