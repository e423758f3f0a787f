"""The ways of having many requests in flight that are compared, and what one run of one of them costs."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any
from urllib.request import urlopen

import psutil
from redis import Redis

from benchmarks.servers import store
from crawler.frontier.keys import Keys

ROOT = Path(__file__).resolve().parent.parent
IN_FLIGHT = 64
"""Requests that a way may have in flight, over all that it consists of."""
WARM, COOLING = 0.25, 0.8
"""Shares of a site's records between which is measured: neither the start nor the end of a crawl counts."""
PATIENCE_S = 180.0
"""Seconds after which a run counts as one that hangs."""
END_S = 60.0
"""Seconds that a way may take to end when all pages have been fetched."""
LEAST_PAGES = 80
LEAST_S = 0.1
"""Seconds that must be measured: the kernel counts CPU in hundredths of a second."""
WAITING_S = 3.0
"""Seconds that a way which only waits may take for a site."""
POLL_S = 0.01
IDLE = ("idle", "iowait", "guest", "guest_nice")
"""Kinds of CPU time that nobody used, or that are told twice."""


@dataclass(frozen=True, slots=True)
class Way:
    """A way of crawling.

    Attributes:
        name: in the table.
        by: threads, processes or loop for the script; empty for instances of `scrapy crawl`.
        number: of threads, processes, requests in flight of the loop, or instances.
        pages: factor of the pages of its site; what is quick needs more to be measured at all.
    """

    name: str
    by: str
    number: int
    pages: float = 1.0

    def site_pages(self, pages: int, latency_ms: float) -> int:
        """Return the size of the site for this way: less where it could not fetch more in `WAITING_S`."""
        most = pages * self.pages
        if latency_ms:
            most = min(most, WAITING_S * 1000 / latency_ms * (self.number if self.by else IN_FLIGHT))
        return max(LEAST_PAGES, round(most))


BASE = "1 `scrapy crawl`"
"""The way that the others are divided by."""
WAYS = (
    Way("64 threads", "threads", 64, 3),
    Way("4 processes", "processes", 4, 6),
    Way("64 processes", "processes", 64, 6),
    Way("bare event loop", "loop", 64, 3),
    Way(BASE, "", 1),
    Way("2 `scrapy crawl`", "", 2, 1.5),
    Way("4 `scrapy crawl`", "", 4, 2),
)


@dataclass(frozen=True, slots=True)
class Figures:
    """What was measured in one run, between `WARM` and `COOLING`.

    Attributes:
        pages_per_s: pages whose records were written.
        cpu_ms: user and system time a page, of all its processes and of the store that they share.
        site_share: of one core, that the site took.
        memory_mib: at the end, of all its processes and of the store; what they share counts once.
        others: cores that everything else on this machine took.
    """

    pages_per_s: float
    cpu_ms: float
    site_share: float
    memory_mib: float
    others: float


@dataclass(frozen=True, slots=True)
class Moment:
    """What stood where at one time: lines in the feed, seconds by the clock, CPU of the way, the site, and of all."""

    lines: int
    at_s: float
    cpu_s: float
    site_cpu_s: float
    all_cpu_s: float


class Lines:
    """Counts the lines of a file that grows."""

    def __init__(self, path: Path) -> None:
        self.path, self.read, self.count = path, 0, 0

    def look(self) -> int:
        """Return how many there are by now."""
        if self.path.exists():
            with self.path.open("rb") as file:
                file.seek(self.read)
                new = file.read()
            self.read += len(new)
            self.count += new.count(b"\n")
        return self.count


@dataclass(frozen=True, slots=True)
class Running:
    """A way under way: what was started, the other processes that belong to it, what it writes, and from where."""

    started: list[subprocess.Popen[bytes]]
    others: list[psutil.Process]
    lines: Lines
    site: str

    def until(self, number: int) -> Moment:
        """Wait until so many records are written.

        Raises:
            TimeoutError: that does not come.
        """
        deadline = time.monotonic() + PATIENCE_S
        while self.lines.look() < number:
            has_ended = any(one.poll() is not None for one in self.started)
            if (has_ended and self.lines.look() < number) or time.monotonic() > deadline:
                raise TimeoutError(f"{self.lines.count} of {number} lines")
            time.sleep(POLL_S)
        now = psutil.cpu_times()
        busy_s = sum(now) - sum(getattr(now, idle, 0.0) for idle in IDLE)
        return Moment(self.lines.count, time.monotonic(), self.cpu_s(), asked(self.site)["cpu_s"], busy_s)

    def processes(self) -> list[psutil.Process]:
        """Return all of its processes."""
        own = [psutil.Process(one.pid) for one in self.started if one.poll() is None]
        return [*own, *(child for one in own for child in one.children(recursive=True)), *self.others]

    def cpu_s(self) -> float:
        """Return the CPU that they have used so far."""
        used = [one.cpu_times() for one in self.processes()]
        return float(sum(one.user + one.system for one in used))

    def memory_mib(self) -> float:
        """Return what they hold; resident memory where the system does not tell what is shared."""
        held = [one.memory_full_info() for one in self.processes()]
        return float(sum(getattr(one, "pss", one.rss) for one in held)) / 1024**2


def measure(way: Way, site: str, latency_ms: float, most_pages: int, folder: Path) -> Figures:
    """Crawl a site once, and check that every page and record came once.

    Args:
        way: how.
        site: URL that `benchmarks.concurrency_site` printed.
        latency_ms: of that site.
        most_pages: size of the site, before the way's own factor; twice as many where that is too quick to measure.
        folder: for feed, log and store.

    Raises:
        RuntimeError: it failed, hung, or did not bring what is there.
    """
    pages = way.site_pages(most_pages, latency_ms)
    feed, log = folder / "feed.jsonl", folder / "log.txt"
    feed.unlink(missing_ok=True)
    running, before = Running([], [], Lines(feed), site), asked(site)["count"]
    carry = script if way.by else instances
    with log.open("wb") as output, carry(way, f"{site}/{pages}/0", running, output):
        try:
            warm, cool = running.until(round(WARM * pages)), running.until(round(COOLING * pages))
            memory_mib = running.memory_mib()
            running.until(pages)
        except (TimeoutError, psutil.Error) as exc:
            raise RuntimeError(f"{way.name} did not get through {pages} pages ({exc}): {tail(log)}") from exc
    codes = [one.returncode for one in running.started]
    found = {"pages": asked(site)["count"] - before, "lines": running.lines.look()}
    if found != {"pages": pages, "lines": pages} or any(codes):
        raise RuntimeError(f"{way.name} brought {found} of {pages} pages, exit codes {codes}: {tail(log)}")
    if warm.lines == cool.lines or cool.at_s - warm.at_s < LEAST_S:
        return measure(way, site, latency_ms, 2 * most_pages, folder)
    return figures(warm, cool, memory_mib)


def figures(warm: Moment, cool: Moment, memory_mib: float) -> Figures:
    """Return what happened between two moments."""
    elapsed_s, lines = cool.at_s - warm.at_s, cool.lines - warm.lines
    cpu_s, site_s = cool.cpu_s - warm.cpu_s, cool.site_cpu_s - warm.site_cpu_s
    others_s = max(0.0, cool.all_cpu_s - warm.all_cpu_s - cpu_s - site_s)
    return Figures(lines / elapsed_s, 1000 * cpu_s / lines, site_s / elapsed_s, memory_mib, others_s / elapsed_s)


def asked(site: str) -> dict[str, Any]:
    """Return what the site tells of itself."""
    with urlopen(f"{site}/asked", timeout=PATIENCE_S) as answer:  # noqa: S310 - our own site
        told: dict[str, Any] = json.load(answer)
    return told


def tail(log: Path) -> str:
    """Return the end of a log."""
    return log.read_text("utf-8", errors="replace")[-2000:] or "its log is empty."


@contextmanager
def started(commands: Sequence[Sequence[str]], running: Running, output: IO[bytes]) -> Iterator[None]:
    """Run processes; whatever has not ended when their standard input has is killed, with its children."""
    try:
        for command in commands:
            process = subprocess.Popen(  # noqa: S603 - our own modules
                [sys.executable, "-m", *command], cwd=ROOT, stdin=subprocess.PIPE, stdout=output, stderr=output
            )
            running.started.append(process)
        yield
        for process in running.started:
            process.communicate(timeout=END_S)
    finally:
        for process in running.started:
            with suppress(psutil.Error):
                for child in psutil.Process(process.pid).children(recursive=True):
                    child.kill()
            process.kill()
            process.communicate()


@contextmanager
def script(way: Way, url: str, running: Running, output: IO[bytes]) -> Iterator[None]:
    """Run the script."""
    command = ["benchmarks.concurrency_script", way.by, str(way.number), url, str(running.lines.path)]
    with started([command], running, output):
        yield


@contextmanager
def instances(way: Way, url: str, running: Running, output: IO[bytes]) -> Iterator[None]:
    """Run instances on a store of their own: they get a seed when all are there, and are told to end at last."""
    feed = running.lines.path
    with store(feed.parent) as redis, Redis.from_url(redis) as server:
        server.flushall()
        running.others.append(psutil.Process(server.info("server")["process_id"]))
        command = ["scrapy", "crawl", "videos", "-a", "wait=1", "-o", str(feed)]
        for setting in (
            *(f"REDIS_URL={redis}", "LOG_LEVEL=WARNING", "DOWNLOAD_DELAY=0"),
            *(f"CONCURRENT_REQUESTS={IN_FLIGHT}", f"CONCURRENT_REQUESTS_PER_DOMAIN={IN_FLIGHT}"),
        ):
            command += ["-s", setting]
        with started([command] * way.number, running, output):
            await_all(server, running)
            server.lpush("videos:start_urls", json.dumps({"url": url}))
            yield
            for process in running.started:
                process.terminate()


def await_all(server: Redis, running: Running) -> None:
    """Wait until all instances are at the crawl.

    Raises:
        RuntimeError: one has ended, or does not come.
    """
    deadline = time.monotonic() + PATIENCE_S
    while server.zcard(Keys("videos").workers) < len(running.started):
        if time.monotonic() > deadline or any(one.poll() is not None for one in running.started):
            raise RuntimeError(f"An instance did not start: see its log, {running.lines.path.parent}.")
        time.sleep(POLL_S)
