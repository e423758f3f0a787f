from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.crawls import DEADLINE_S, ROOT

EARLIER = b'{"id": "9"}\n'

PLAIN = """
import resource, sys
import scrapy
from scrapy.crawler import AsyncCrawlerProcess
path, records, most_bytes, options = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), eval(sys.argv[4])
if most_bytes:
    resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, resource.RLIM_INFINITY))
class Plain(scrapy.Spider):
    name = "plain"
    async def start(self):
        for number in range(records):
            yield scrapy.Request(f"data:,{number}", dont_filter=True)
    def parse(self, response):
        yield {"id": response.text}
settings = {
    "FEED_STORAGES": {"": "crawler.feeds.jsonlines.LocalFileStorage"},
    "FEEDS": {path: {"format": "jsonl"} | options},
    "TELNETCONSOLE_ENABLED": False,
    "REMOTE_CONTROL_ENABLED": False,
    "LOG_LEVEL": "INFO",
}
process = AsyncCrawlerProcess(settings)
process.crawl(Plain)
process.start()
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file that an earlier crawl has left."""
    path = tmp_path / "videos.jsonl"
    path.write_bytes(EARLIER)
    return path


def plain_crawl(path: Path, records: int, most_bytes: int = 0, **options: object) -> str:
    """Run a spider on Scrapy's own scheduler; return its log."""
    environment = os.environ | {"PYTHONDONTWRITEBYTECODE": "1"}  # a limit would leave torn files for others to import
    command = [sys.executable, "-W", "error", "-c", PLAIN, str(path), str(records), str(most_bytes), repr(options)]
    process = subprocess.run(  # noqa: S603 - our own code
        command, cwd=ROOT, capture_output=True, text=True, timeout=DEADLINE_S, check=True, env=environment
    )
    return process.stderr


def ids(path: Path) -> list[str]:
    return sorted((json.loads(line)["id"] for line in path.read_bytes().splitlines()), key=int)


def test_every_record_is_a_line_and_overwriting_empties_the_file(path: Path) -> None:
    log = plain_crawl(path, 5, overwrite=True)
    assert ids(path) == ["0", "1", "2", "3", "4"]
    assert "Stored jsonl feed (5 items)" in log
    plain_crawl(path, 2)
    assert ids(path) == ["0", "0", "1", "1", "2", "3", "4"]


def test_a_crawl_that_finds_nothing_leaves_an_empty_file(path: Path) -> None:
    plain_crawl(path, 0, overwrite=True)
    assert path.read_bytes() == b""


def test_a_full_disk_stops_the_instance_and_leaves_whole_lines(path: Path) -> None:
    log = plain_crawl(path, 200, most_bytes=500)
    assert path.read_bytes().startswith(EARLIER + b'{"id": "')
    assert len(path.read_bytes()) <= 500
    assert log.count(f"{path} cannot be written (File too large): stopping.") == 1
    assert "Spider closed (feed_failed)" in log
    assert "Traceback" not in log
    written = len(ids(path)) - 1
    scraped = int(log.partition("'item_scraped_count': ")[2].partition(",")[0])
    assert f"'feeds/lines_lost': {scraped - written}," in log
    assert f"Error storing jsonl feed ({scraped} items) in: {path}: {scraped - written} lines are not in it" in log


def test_a_file_that_cannot_be_opened_stops_the_instance(path: Path) -> None:
    path.unlink()
    path.mkdir()
    log = plain_crawl(path, 200)
    assert log.count(f"{path} cannot be written (Is a directory): stopping.") == 1
    assert "Spider closed (feed_failed)" in log
    assert "Traceback" not in log


def test_other_formats_and_pipes_are_left_to_scrapy(path: Path) -> None:
    plain_crawl(path.with_suffix(".csv"), 1, format="csv")
    assert path.with_suffix(".csv").read_text().split() == ["id", "0"]
    packed = path.with_suffix(".jsonl.gz")
    plain_crawl(packed, 1, postprocessing=["scrapy.extensions.postprocessing.GzipPlugin"])
    assert packed.read_bytes().startswith(b"\x1f\x8b")


def test_a_device_that_takes_nothing_stops_the_instance() -> None:
    log = plain_crawl(Path("/dev/full"), 200)
    assert log.count("/dev/full cannot be written (No space left on device): stopping.") == 1
    assert "Spider closed (feed_failed)" in log
    assert "Stored jsonl feed" not in log
    assert "Traceback" not in log


def test_a_device_that_takes_all_is_written_to() -> None:
    log = plain_crawl(Path("/dev/null"), 3, overwrite=True)
    assert "Stored jsonl feed (3 items) in: /dev/null" in log
    assert "cannot be written" not in log
