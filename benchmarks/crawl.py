"""One crawl of the benchmark's site in a process of its own: what it costs, from the kernel's books."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from threading import Timer
from typing import Any

from benchmarks.site import VIDEOS_PER_PAGE
from benchmarks.spider import COMMON, SCHEDULERS, VideoSpider

DEADLINE_S = 900.0
"""Seconds after which a crawl counts as one that hangs."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What one crawl took, its start and end included."""

    pages: int
    cpu_s: float
    elapsed_s: float
    """From the opening of the spider to its close."""
    peak_kib: int


def run(scheduler: str, site: str, pages: int, folder: Path, redis: str = "", *options: str) -> Cost:
    """Crawl a site of so many pages, and check that every page and record came once.

    Args:
        scheduler: a name of `SCHEDULERS`.
        site: URL that `benchmarks.site` printed.
        pages: size of the site.
        folder: where the feed is written.
        redis: URL of the server, for schedulers that use one; must hold nothing of another crawl.
        options: settings, as `NAME=value`.

    Raises:
        RuntimeError: it failed, hung, or did not bring what is there; its cost would mean nothing.
    """
    feed = folder / f"{scheduler}.jsonl"
    # scrapy-redis' own calls are deprecated, which would fill the screen.
    command = [sys.executable, "-W", "ignore", "-m", "benchmarks.crawl", scheduler, f"{site}/{pages}/0", str(feed)]
    command += ["--redis", redis, *(word for option in options for word in ("-s", option))]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # noqa: S603 - this very module
    timer = Timer(DEADLINE_S, process.kill)
    timer.start()
    try:
        told = process.stdout.read() if process.stdout else ""
        _, status, usage = os.wait4(process.pid, 0)
    finally:
        timer.cancel()
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"A crawl by {scheduler} ended with {process.returncode}: see its log above, {command}.")
    stats = json.loads(told)
    expected = {"pages": pages, "records": pages * VIDEOS_PER_PAGE, "lines": pages * VIDEOS_PER_PAGE}
    if (found := {name: stats[name] for name in expected}) != expected:
        raise RuntimeError(f"A crawl by {scheduler} brought {found}, not {expected}: its cost means nothing.")
    return Cost(pages, usage.ru_utime + usage.ru_stime, stats["elapsed_s"], usage.ru_maxrss)


def settings(scheduler: str, feed: Path, redis: str, options: list[str]) -> dict[str, Any]:
    """Return the settings of a crawl."""
    feeds = {"FEEDS": {str(feed): {"format": "jsonlines", "overwrite": True}}}
    given = dict(option.split("=", 1) for option in options)
    return COMMON | SCHEDULERS[scheduler] | feeds | ({"REDIS_URL": redis} if redis else {}) | given


def main() -> None:
    """Crawl, and print what came as JSON."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.crawl", description=__doc__)
    parser.add_argument("scheduler", choices=SCHEDULERS)
    parser.add_argument("url", help="where to begin")
    parser.add_argument("feed", type=Path, help="JSON lines file, written anew")
    parser.add_argument("--redis", default="", help="URL of the server")
    parser.add_argument("-s", dest="options", action="append", default=[], metavar="NAME=VALUE", help="a setting")
    options = parser.parse_args()
    from scrapy.crawler import AsyncCrawlerProcess  # noqa: PLC0415 - the parent must not pay for it

    process = AsyncCrawlerProcess(settings(options.scheduler, options.feed, options.redis, options.options))
    crawler = process.create_crawler(VideoSpider)
    process.crawl(crawler, start_urls=[options.url])
    process.start()
    count = crawler.stats.get_value if crawler.stats else dict[str, Any]().get
    told = {
        "pages": count("response_received_count", 0),
        "records": count("item_scraped_count", 0),
        "lines": options.feed.read_bytes().count(b"\n") if options.feed.exists() else 0,
        "elapsed_s": count("elapsed_time_seconds", 0.0),
        "reason": count("finish_reason"),
    }
    sys.stdout.write(json.dumps(told) + "\n")


if __name__ == "__main__":
    main()
