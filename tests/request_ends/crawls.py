"""Crawls of the spiders of this package, and what became of the requests on each of their paths."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, cast

from redis import Redis

from crawler.frontier.keys import Keys
from crawler.frontier.queue import text
from tests.crawls import ROOT
from tests.request_ends.paths import LINK, name_of
from tests.request_ends.site import UNHURRIED_ROBOTS, refusing, running

DEADLINE_S = 90
"""A crawl that takes longer hangs, also on a machine under load."""
HUNG = "hung"
MOST_RUNS = 4


@dataclass(frozen=True)
class Crawl:
    """A crawl that has ended, by one run or by several that went on with what the former left.

    Attributes:
        reasons: why each run ended.
        leaked: how many requests the sweeper has counted.
        kept: how many responses were still kept when all was over.
        events: what happened in the runs, in order.
        fetched: paths that the sites were asked for, in order.
        control: what Redis says of the crawl.
        left: how many requests Redis still has.
        dead: URLs of the dead letters.
        log: what the runs have logged.
    """

    reasons: list[str]
    leaked: int
    kept: int
    events: list[dict[str, Any]]
    fetched: list[str]
    control: dict[str, str]
    left: int
    dead: list[str]
    log: str

    def ids(self, what: str) -> Counter[str]:
        """Return the requests to which something has happened, and how often."""
        return Counter(event["id"] for event in self.events if event["what"] == what)

    def after_its_end(self) -> list[dict[str, Any]]:
        """Return what happened to requests that were over."""
        over, found = set(), []
        for event in self.events:
            if event.get("id") in over:
                found.append(event)
            if event.get("how") in {"acknowledged", "replaced"}:
                over.add(event["id"])
        return found

    def on(self, name: str) -> list[dict[str, Any]]:
        """Return what happened to requests, items and links of a path, in order."""
        urls = {event["id"]: event["url"] for event in self.events if event["what"] == "handed"}
        found = []
        for event in self.events:
            url = event.get("url") or urls.get(event.get("id", ""), "")
            page = event.get("page") or name_of(url)
            if page == name:
                found.append(event)
            elif page == f"{name}{LINK}" and event["what"] == "pushed":
                found.append({**event, "what": "link"})
        return found

    def ends(self, name: str) -> tuple[str, ...]:
        """Return how the requests of a path have ended, in the order in which they were handed out."""
        ends: dict[str, list[str]] = {event["id"]: [] for event in self.on(name) if event["what"] == "handed"}
        for event in self.on(name):
            if event["what"] == "ended":
                ends[event["id"]].append(event["how"])
        hows = [how for one in ends.values() for how in one]
        return tuple(how for how, former in zip(hows, ["", *hows], strict=False) if how != "returned" or how != former)

    def count(self, name: str, what: str) -> int:
        """Return how often something has happened on a path."""
        return sum(event["what"] == what for event in self.on(name))

    def fetches(self, name: str) -> int:
        """Return how often a site was asked for a page of a path."""
        return sum(name_of(path) == name for path in self.fetched)

    def too_late(self, name: str) -> list[dict[str, Any]]:
        """Return the items and links that came when all requests had ended, and requests that replaced one too late."""
        events = self.on(name)
        last = max((index for index, event in enumerate(events) if event["what"] == "ended"), default=0)
        late = [event for event in events[last:] if event["what"] in {"item", "link"}]
        successors = [event for former, event in pairwise(events) if former.get("how") == "replaced"]
        return late + [event for event in successors if event["what"] == "pushed"]


def crawl(spider: str, store: str, folder: Path, process: str) -> Crawl:
    """Run a spider until its crawl is complete."""
    with ExitStack() as stack, Redis.from_url(store) as server:
        server.flushall()
        site, unhurried = stack.enter_context(running()), stack.enter_context(running(UNHURRIED_ROBOTS))
        words = {
            "redis": store,
            "site": site.url,
            "unhurried": unhurried.url,
            "refused": stack.enter_context(refusing()),
        }
        runs = [run(spider, folder / "1", process, words)]
        while runs[-1]["reason"] not in {"finished", HUNG} and len(runs) < MOST_RUNS:
            runs.append(run(spider, folder / str(len(runs) + 1), process, words))
        keys = Keys(spider)
        letters = cast("list[bytes]", server.hvals(keys.dead))
        control = cast("dict[bytes, bytes]", server.hgetall(keys.control))
        return Crawl(
            reasons=[run["reason"] for run in runs],
            leaked=sum(run["leaked"] for run in runs),
            kept=sum(run["kept"] for run in runs),
            events=[event for run in runs for event in run["events"]],
            fetched=[*site.paths, *unhurried.paths],
            control={text(name): text(value) for name, value in control.items()},
            left=cast("int", server.hlen(keys.requests)),
            dead=[json.loads(json.loads(letter)["request"])["u"] for letter in letters],
            log="".join(run["log"] for run in runs),
        )


def run(spider: str, folder: Path, process: str, words: dict[str, str]) -> dict[str, Any]:
    """Run a spider once; return what was seen."""
    folder.mkdir()
    arguments = [spider, str(folder), process, json.dumps(words)]
    command = [sys.executable, "-W", "error", "-m", "tests.request_ends.witness", *arguments]
    try:
        ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=DEADLINE_S, check=False)  # noqa: S603
    except subprocess.TimeoutExpired:
        return {"events": [], "reason": HUNG, "leaked": 0, "kept": 0, "log": ""}
    assert ended.returncode == 0, ended.stderr
    seen: dict[str, Any] = json.loads((folder / "seen.json").read_text())
    return {**seen, "log": (folder / "log.txt").read_text() + ended.stderr}
