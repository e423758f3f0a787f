"""Instances of a spider as real processes, which can be struck while they crawl the fault site."""

from __future__ import annotations

import json
import os
import re
import resource
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Self, cast

from tests.faults.outcome import Outcome, dropped, read
from tests.faults.servers import Server
from tests.faults.site import FaultSite

ROOT = Path(__file__).parent.parent.parent
POLL_S = 0.05
STALL_S = 180
"""Without any request or end for so long, a crawl hangs."""
QUIET_S = 12
"""Stock instances look for work every 5 s at the latest: without any request for so long, there is none."""
ACTIVE_SHARE = 0.85
"""How often a fault strikes an instance that is known to be at work; the others may still be starting."""


@dataclass(frozen=True, slots=True)
class Project:
    """How instances of a project are started and end.

    Attributes:
        name: of the project.
        environment: variables of its instances.
        settings: its settings, NAME=value.
        joined: how a log says that an instance has entered the crawl.
        warnings: what Python does with warnings.
        ends: its instances know when the crawl is complete; else they are told to end once nothing happens any more.
    """

    name: str
    environment: Mapping[str, str] = field(default_factory=dict)
    settings: tuple[str, ...] = ()
    joined: re.Pattern[str] = re.compile(r"A new crawl begins|is resumed|Joining a crawl")
    warnings: str = "error"
    ends: bool = True


OURS = Project("crawler", settings=("DOWNLOAD_DELAY=0", "LEASE_TTL_MS=3000", "CONTACT_URL=https://test.example"))
STOCK = Project(
    "scrapy-redis",
    {"SCRAPY_SETTINGS_MODULE": "tests.faults.stock.settings"},
    joined=re.compile(r"Spider opened"),
    warnings="ignore",
    ends=False,
)


@dataclass(slots=True)
class Worker:
    """One instance."""

    number: int
    agent: str
    """Its user agent, by which the site tells it from the others."""
    process: subprocess.Popen[bytes]
    log: Path
    feed: Path
    begun: float
    struck: bool = False
    """A fault has struck it: it is started again once it has ended."""
    lasting: bool = False
    """It is not started again."""

    @property
    def running(self) -> bool:
        """Whether its process runs."""
        return self.process.poll() is None

    @property
    def is_victim(self) -> bool:
        """Whether it did not end, or will not end, by itself."""
        return self.struck or self.process.poll() == -signal.SIGKILL

    def told(self) -> str:
        """Return its log."""
        return self.log.read_text(errors="replace") if self.log.exists() else ""


class Fleet:
    """`size` instances on one store.

    Args:
        site: what they crawl.
        folder: for feeds and logs.
        store: their Redis; None for the embedded store of `folder`.
        project: whose instances they are.
        size: number of instances.
        own_files: each instance writes a feed of its own.
        feeds: the folder of the feeds; by default `folder`.
        option: `-o` or `-O`.
        spider: name of the spider.
        settings: more settings, NAME=value.
        arguments: of the spider, name=value.
    """

    def __init__(  # noqa: PLR0913 - all but three are rare and named
        self,
        site: FaultSite,
        folder: Path,
        store: Server | None,
        *,
        project: Project = OURS,
        size: int = 2,
        own_files: bool = False,
        feeds: Path | None = None,
        option: str = "-o",
        spider: str = "videos",
        settings: tuple[str, ...] = (),
        arguments: tuple[str, ...] = (),
    ) -> None:
        self.site, self.folder, self.store, self.project = site, folder, store, project
        self.option, self.spider, self.own_files = option, spider, own_files
        self.feeds = feeds or folder
        where = f"REDIS_URL={store.address}" if store else f"STORE_DIR={folder / 'store'}"
        self.settings, self.arguments = (where, *project.settings, *settings), arguments
        self.begun = time.monotonic()
        if store and not project.ends:
            with store.client() as client:
                client.lpush(f"{spider}:start_urls", *(json.dumps({"url": url}) for url in site.seeds))
        (folder / "seeds.txt").write_text("\n".join(site.seeds))
        self.events = 0
        self.former: list[Worker] = []
        self.workers: list[Worker] = [self.start(number) for number in range(size)]

    # --- instances ---

    def start(self, number: int) -> Worker:
        """Start an instance."""
        generation = sum(worker.number == number for worker in self.former)
        feed = self.feeds / (f"records-{number}.jsonl" if self.own_files else "records.jsonl")
        log = self.folder / f"{number}.{generation}.log"
        command = [sys.executable, "-W", self.project.warnings, "-m", "scrapy", "crawl", self.spider]
        command += ["-a", f"seeds={self.folder / 'seeds.txt'}", self.option, str(feed)]
        agent = f"{self.spider}/{number}.{generation}"
        for argument in self.arguments:
            command += ["-a", argument]
        for setting in (*self.settings, f"USER_AGENT={agent}"):
            command += ["-s", setting]
        with log.open("wb") as told:
            process = subprocess.Popen(  # noqa: S603 - our own code
                command,
                cwd=ROOT,
                env=os.environ | self.project.environment,
                stdin=subprocess.DEVNULL,
                stdout=told,
                stderr=told,
            )
        return Worker(number, agent, process, log, feed, time.monotonic())

    def again(self, worker: Worker) -> Worker:
        """Start an instance that has ended again."""
        worker.process.wait(STALL_S)
        self.former.append(worker)
        self.workers[worker.number] = self.start(worker.number)
        return self.workers[worker.number]

    def tend(self) -> None:
        """Start those again that were struck and have ended, unless the crawl is over."""
        if self.project.ends and any(not worker.running and not worker.is_victim for worker in self.workers):
            return
        for worker in self.workers:
            if worker.is_victim and not worker.running and not worker.lasting:
                self.again(worker)

    def strike(self, worker: Worker, number: signal.Signals, times: int = 1) -> None:
        """Send an instance a signal, once or more often."""
        worker.struck = True
        self.events += 1
        self.site.favour(worker.agent)  # or it would not end while the site is held
        for _ in range(times):
            worker.process.send_signal(number)

    def at_work(self) -> list[Worker]:
        """Return those that have sent requests."""
        agents = {asked.agent for asked in list(self.site.requests)}
        return [worker for worker in self.workers if worker.running and worker.agent in agents]

    def choose(self, random: Random) -> Worker:
        """Choose one to be struck; one must run."""
        running = [worker for worker in self.workers if worker.running and not worker.struck]
        active = [worker for worker in self.at_work() if not worker.struck]
        some = active if active and random.random() < ACTIVE_SHARE else running
        return random.choice(some)

    def limit_files(self, size: int) -> None:
        """Let no instance write a file beyond so many bytes; -1 for no limit."""
        for worker in self.workers:
            _, hard = resource.prlimit(worker.process.pid, resource.RLIMIT_FSIZE)
            resource.prlimit(worker.process.pid, resource.RLIMIT_FSIZE, (size if size >= 0 else hard, hard))

    # --- waiting ---

    def until(self, happened: Callable[[], bool]) -> bool:
        """Wait for `happened`, starting struck instances again; False when the crawl has come to its end before."""
        last, seen = time.monotonic(), -1
        while not happened():
            self.tend()
            if not any(worker.running for worker in self.workers) or (not self.project.ends and self.is_quiet()):
                return happened()
            self.site.until(happened, POLL_S)
            if (requests := len(self.site.requests)) != seen:
                last, seen = time.monotonic(), requests
            assert time.monotonic() - last < STALL_S, self.tails("nothing happens any more")
        return True

    def until_pages(self, number: int) -> bool:
        """Wait until the site has answered so many requests for pages."""
        return self.until(lambda: len(self.site.requests) >= number and len(self.site.crawled()) >= number)

    def until_answered(self, worker: Worker) -> bool:
        """Wait for one more answer to an instance."""
        number = len(self.site.requests)
        return self.until(lambda: any(asked.agent == worker.agent for asked in self.site.requests[number:]))

    def until_joined(self) -> bool:
        """Wait until all instances say that they have entered the crawl."""
        return self.until(lambda: all(self.project.joined.search(worker.told()) for worker in self.workers))

    def wait(self) -> None:
        """Wait until all have ended; those that were struck are not started again."""
        for worker in self.workers:
            try:
                worker.process.wait(STALL_S)
            except subprocess.TimeoutExpired:
                raise AssertionError(self.tails(f"instance {worker.agent} does not end")) from None

    def complete(self) -> Outcome:
        """Let the crawl come to its end, and return what it has left behind."""
        self.until(lambda: False)
        for worker in self.workers:
            if worker.running and not worker.struck:  # of a project whose instances do not end by themselves
                worker.process.terminate()
        return self.outcome()

    def merged(self, outcome: Outcome) -> Outcome:
        """Join the files of the instances, and return what that has left behind."""
        whole = self.folder / "merged.jsonl"
        files = sorted(self.feeds.glob("records-*.jsonl"))
        command = [sys.executable, "-m", "scrapy", "merge", *map(str, files), "-o", str(whole)]
        subprocess.run(command, cwd=ROOT, check=True, capture_output=True)  # noqa: S603 - our own code
        after = read([whole], self.site.truth)
        removed = outcome.duplicates - after.duplicates
        outcome.lost, outcome.torn, outcome.duplicates = after.lost, after.torn, after.duplicates
        outcome.dropped += removed
        return outcome

    def is_quiet(self) -> bool:
        """Tell whether nothing has happened for long enough."""
        last_request = self.site.requests[-1].time if self.site.requests else self.begun
        return time.monotonic() - max(last_request, *(worker.begun for worker in self.workers)) > QUIET_S

    def outcome(self) -> Outcome:
        """Wait until all have ended, and return what they have left behind."""
        self.wait()
        feeds = dict.fromkeys(worker.feed for worker in (*self.former, *self.workers))
        outcome = read(feeds, self.site.truth)
        outcome.events, outcome.seconds = self.events, time.monotonic() - self.begun
        outcome.again, outcome.pages = self.site.again(), self.site.pages
        outcome.unmet = sorted(self.site.faults.statuses - {asked.status for asked in self.site.crawled()})
        outcome.exits = [worker.process.wait() for worker in self.workers if not worker.lasting]
        outcome.struck_exits = Counter(worker.process.wait() for worker in self.former)
        outcome.logs = [worker.log for worker in (*self.former, *self.workers)]
        outcome.dropped = dropped(outcome.logs)
        outcome.dead = self.dead_letters()
        return outcome

    def dead_letters(self) -> dict[str, str]:
        """Return the dead letters of the store, while there is one."""
        if self.store is None:
            return {}
        with self.store.client() as client:
            letters = cast("dict[bytes, bytes]", client.hgetall(f"{{crawler}}:{self.spider}:dead"))
        return {one.decode(): letter.decode(errors="replace") for one, letter in letters.items()}

    def tails(self, why: str) -> str:
        """Return the ends of all logs, for an error."""
        logs = [f"--- {worker.log.name}\n{worker.told()[-1500:]}" for worker in self.workers]
        return "\n".join([why, *logs])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self.workers:
            if worker.running:
                worker.process.kill()
            worker.process.wait()
