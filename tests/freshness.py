"""Crawls that never end, on a real site and a real Redis: days pass by moving due times back, and nobody waits."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
from redis import Redis

from crawler.frontier.keys import APART, Keys
from tests.crawls import DEADLINE_S, POLL_S, lines, start
from tests.queues import scores
from tests.site.server import Site

FEED = "records.jsonl"


class Watch:
    """Crawls of one spider, one after the other."""

    def __init__(self, spider: str, folder: Path, url: str, site: Site, *arguments: str, seed: str = "") -> None:
        self.spider, self.folder, self.url, self.site = spider, folder, url, site
        self.arguments = arguments
        self.seed = seed or site.url
        self.log = ""
        """What the last instance that has ended has logged."""
        self.server = Redis.from_url(url)
        crawl_id = next((one.partition("=")[2] for one in arguments if one.startswith("CRAWL_ID=")), "")
        self.keys = Keys(f"{spider}{APART}{crawl_id}" if crawl_id else spider)

    @contextmanager
    def runs(self, *arguments: str) -> Iterator[subprocess.Popen[str]]:
        """Let an instance run, which has visited all that is due; it ends when the block does."""
        given = (f"url={self.seed}", f"REDIS_URL={self.url}", *self.arguments, *arguments)
        process = start(self.spider, self.folder, *given, feed=FEED, option="-o")
        until(process, lambda: f":{process.pid}:" in str(self.server.zrange(self.keys.workers, 0, -1)))
        self.until_all_wait(process)
        yield process
        process.terminate()
        _, self.log = process.communicate(timeout=DEADLINE_S)
        assert process.returncode in {0, -9}, self.log

    def until_all_wait(self, process: subprocess.Popen[str]) -> None:
        """Wait until every request of the crawl waits for its time."""
        until(process, self.all_wait)

    def all_wait(self) -> bool:
        """Tell whether every request of the crawl waits for its time; looked at in one moment."""
        look = self.server.pipeline(transaction=True)
        look.hlen(self.keys.requests)
        look.zrange(self.keys.due, 0, -1, withscores=True)
        look.exists(self.keys.starting)
        left, due, starting = look.execute()
        is_later = all(due_ms > self.now_ms() for _, due_ms in due[:1])
        return left > 0 and left == len(due) and not starting and is_later

    def pass_s(self, process: subprocess.Popen[str], passed_s: float) -> None:
        """Let time pass, and what comes due by then be visited."""
        earlier = {one: due_ms - 1000 * passed_s for one, due_ms in self.due().items()}
        self.server.zadd(self.keys.due, earlier, xx=True)  # one may have come due meanwhile
        self.until_all_wait(process)

    def until_it_asks(self, process: subprocess.Popen[str]) -> None:
        """Wait until an instance has asked for work once more."""
        before = self.asked()
        until(process, lambda: self.asked() != before)

    def asked(self) -> bytes | str | None:
        """Return when anybody has last asked for work."""
        return self.server.hget(self.keys.control, "last_ms")

    def due(self) -> dict[str, float]:
        """Return the time at which each request is due."""
        return scores(self.server, self.keys.due)

    def urls(self) -> list[str]:
        """Return the URLs of all requests: one that is sent again, as a connection broke, has another id."""
        return sorted(json.loads(payload)["u"] for payload in self.server.hvals(self.keys.requests))

    def now_ms(self) -> float:
        seconds, microseconds = self.server.time()
        return 1000 * seconds + microseconds / 1000

    def records(self) -> list[dict[str, Any]]:
        """Return what is in the feed."""
        return lines(self.folder / FEED)


def until(process: subprocess.Popen[str], is_so: Callable[[], bool]) -> None:
    """Wait until something is so, while an instance runs."""
    deadline = monotonic() + DEADLINE_S
    while not is_so():
        assert monotonic() < deadline, "what is waited for does not come about"
        log = ended(process)
        if log is not None:
            pytest.fail(f"ended: {log}")


def ended(process: subprocess.Popen[str]) -> str | None:
    """Wait a moment; return the log of an instance that has ended."""
    try:
        process.wait(POLL_S)
    except subprocess.TimeoutExpired:
        return None
    return process.communicate()[1]
