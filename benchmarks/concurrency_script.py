"""The crawler that one writes in an evening: the same pages and lines as `scrapy crawl`, and nothing else that it does.

It reads pages by the project's own page classes, follows their links, each once, and writes a line a record. What
carries the requests in flight is the first argument: threads, processes, or an event loop. When all is written it
stays as it is until standard input ends, so that what it has used can be read.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from http.client import HTTPConnection
from pathlib import Path
from queue import SimpleQueue
from typing import BinaryIO, NamedTuple
from urllib.parse import urlsplit

import aiohttp
import orjson

from crawler.pages import page_for
from crawler.pages.base import Response

TIMEOUT_S = 60.0
HELD = threading.local()
"""The connection of each thread, which is kept open from one request to the next."""


class Visit(NamedTuple):
    """What a page has brought: lines of its records, and URLs that it leads to."""

    lines: list[bytes]
    links: list[str]


class Books:
    """Knows which URLs are taken, and writes what pages bring."""

    def __init__(self, url: str, feed: BinaryIO) -> None:
        self.taken = {url}
        self.feed = feed

    def enter(self, visit: Visit) -> list[str]:
        """Write the lines of a page; return where nobody has been sent to yet."""
        self.feed.write(b"".join(visit.lines))
        new = [url for url in visit.links if url not in self.taken]
        self.taken.update(new)
        return new


def read(url: str, body: bytes, content_type: str) -> Visit:
    """Read a page."""
    page = page_for(Response(url, body, headers={"content-type": content_type}))
    return Visit(
        [orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE) for record in page.records()],
        [link.url for link in page.links()],
    )


def visit(url: str) -> Visit:
    """Fetch a page while this thread waits, and read it."""
    parts = urlsplit(url)
    connection: HTTPConnection | None = getattr(HELD, "connection", None)
    if connection is None:
        connection = HELD.connection = HTTPConnection(parts.netloc, timeout=TIMEOUT_S)
    connection.request("GET", parts.path)
    answer = connection.getresponse()
    return read(url, answer.read(), answer.getheader("content-type", ""))


def crawl_by_pool(pool: Executor, url: str, feed: BinaryIO) -> None:
    """Crawl by whatever a pool is made of: the code is the same for threads and processes."""
    books, done = Books(url, feed), SimpleQueue[Future[Visit]]()
    left = [url]
    waiting = 0
    while left or waiting:
        for one in left:
            pool.submit(visit, one).add_done_callback(done.put)
        waiting += len(left) - 1
        left = books.enter(done.get().result())
    sys.stdin.read()


def crawl_by_threads(workers: int, url: str, feed: BinaryIO) -> None:
    """Crawl by a pool of threads."""
    with ThreadPoolExecutor(workers) as pool:
        crawl_by_pool(pool, url, feed)


def crawl_by_processes(workers: int, url: str, feed: BinaryIO) -> None:
    """Crawl by a pool of processes."""
    with ProcessPoolExecutor(workers) as pool:
        crawl_by_pool(pool, url, feed)


def crawl_by_loop(workers: int, url: str, feed: BinaryIO) -> None:
    """Crawl by one event loop."""
    asyncio.run(loop(workers, url, feed))


async def loop(workers: int, url: str, feed: BinaryIO) -> None:
    """Keep so many requests in flight until nothing is left."""
    books, left = Books(url, feed), asyncio.Queue[str]()
    left.put_nowait(url)

    async def work(session: aiohttp.ClientSession) -> None:
        while True:
            one = await left.get()
            async with session.get(one) as answer:
                body, content_type = await answer.read(), answer.headers.get("content-type", "")
            for new in books.enter(read(one, body, content_type)):
                left.put_nowait(new)
            left.task_done()

    connector, timeout = aiohttp.TCPConnector(limit=workers), aiohttp.ClientTimeout(TIMEOUT_S)
    async with aiohttp.ClientSession(connector=connector, timeout=timeout) as session:
        tasks = [asyncio.create_task(work(session)) for _ in range(workers)]
        finished = asyncio.create_task(left.join())
        await asyncio.wait([finished, *tasks], return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            if task.done():  # a worker ends by an error only
                task.result()
        sys.stdin.read()
        for task in tasks:
            task.cancel()


BY: dict[str, Callable[[int, str, BinaryIO], None]] = {
    "threads": crawl_by_threads,
    "processes": crawl_by_processes,
    "loop": crawl_by_loop,
}


def main() -> None:
    """Crawl."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.concurrency_script", description=__doc__)
    parser.add_argument("by", choices=BY, help="what carries the requests in flight")
    parser.add_argument("workers", type=int, help="how many of them")
    parser.add_argument("url", help="where to begin")
    parser.add_argument("feed", type=Path, help="JSON lines file, written anew")
    options = parser.parse_args()
    with options.feed.open("wb", buffering=0) as feed:  # what was read is what the file holds
        BY[options.by](options.workers, options.url, feed)


if __name__ == "__main__":
    main()
