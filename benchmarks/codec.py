"""Time and size of a request on its way into the queue and out of it: this project's JSON beside scrapy-redis' pickles.

Both sides begin with a Request and end with one: what Scrapy needs to turn it into a dictionary and back is stock's.
The four take turns, and each figure is the median of all turns.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable
from functools import partial
from statistics import median
from typing import Any, cast
from urllib.parse import urlsplit

from scrapy import Request, Spider
from scrapy.utils.request import request_from_dict
from scrapy_redis import picklecompat

from benchmarks.report import machine, parser, say, table
from crawler.frontier.codec import Codec

REPEATS = 200
"""Calls that are timed together."""


class Reader(Spider):
    """A spider whose requests name methods, as this project's do."""

    name = "reader"

    def give_up(self, failure: object) -> None:
        """Take note of a request that failed."""


def requests(spider: Reader) -> dict[str, Request]:
    """Return the kinds of requests that are compared."""
    url = "https://videos.example/w/p8EfUzWFkqJZ2MHFJqGHqb"
    return {
        "plain link": Request(url),
        "this project's": Request(
            "https://videos.example/api/v1/videos/3a9c1d5e-7f21-4f0c-9d6b-1f2e3d4c5b6a",
            callback=spider.parse,
            errback=spider.give_up,
            priority=10,
            meta={
                "crawl": {
                    "scope": "host",
                    "resolved": True,
                    "kind": "video",
                    "key": ["video", "peertube", "3a9c1d5e-7f21-4f0c-9d6b-1f2e3d4c5b6a"],
                    "otherwise": url,
                },
                "handle_httpstatus_list": [401, 403, 404, 410],
            },
        ),
        "a form": Request(
            url,
            method="POST",
            body=b"query=videos&page=2",
            headers={"Content-Type": "application/x-www-form-urlencoded"},
        ),
    }


def stock_encode(request: Request, spider: Spider) -> bytes:
    """Do what scrapy-redis' queue does at a push."""
    return cast("bytes", picklecompat.dumps(request.to_dict(spider=spider)))


def stock_decode(pickled: bytes, spider: Spider) -> Request:
    """Do what scrapy-redis' queue does at a pop."""
    return request_from_dict(picklecompat.loads(pickled), spider=spider)


def taken_us(act: Callable[[], Any]) -> float:
    """Return the time of one call."""
    started = time.perf_counter()
    for _ in range(REPEATS):
        act()
    return 1_000_000 * (time.perf_counter() - started) / REPEATS


def main() -> None:
    """Measure, and print a table."""
    command = parser("codec", __doc__)
    command.add_argument("--turns", type=int, default=50, help=f"each of {REPEATS} calls (%(default)s)")
    options = command.parse_args()
    spider = Reader()
    codec = Codec(spider)
    rows = []
    for name, request in requests(spider).items():
        slot = urlsplit(request.url).hostname or ""
        payload, pickled = codec.encode(request, slot), stock_encode(request, spider)
        acts: dict[str, Callable[[], Any]] = {
            "encode": partial(codec.encode, request, slot),
            "stock encode": partial(stock_encode, request, spider),
            "decode": partial(codec.decode, payload),
            "stock decode": partial(stock_decode, pickled, spider),
        }
        taken: defaultdict[str, list[float]] = defaultdict(list)
        for _ in range(options.turns):
            for part, act in acts.items():
                taken[part].append(taken_us(act))
        us = {part: f"{median(values):.1f}" for part, values in taken.items()}
        rows.append((name, "ours", us["encode"], us["decode"], str(len(payload))))
        rows.append((name, "stock", us["stock encode"], us["stock decode"], str(len(pickled))))
    table(("request", "codec", "encode µs", "decode µs", "bytes"), rows)
    say(f"\n{options.turns} turns of {REPEATS} calls, medians; {machine()}")


if __name__ == "__main__":
    main()
