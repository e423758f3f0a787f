"""Crawls of the spiders of this package, and what became of the requests on each of their paths."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from redis import Redis

from crawler.frontier.keys import Keys
from crawler.frontier.queue import text
from tests.crawls import DEADLINE_S, ROOT
from tests.request_ends.paths import CHILD, name_of
from tests.request_ends.site import UNHURRIED_ROBOTS, refusing, running

MOST_RUNS = 4


@dataclass(frozen=True)
class Crawl:
    """A crawl that has ended, by one run or by several that went on with what the former left.

    Attributes:
        reasons: why each run ended.
        leaked: how many requests the sweeper has counted.
        events: what happened in the runs, in order.
        fetched: paths that the sites were asked for, in order.
        control: what Redis says of the crawl.
        left: how many requests Redis still has.
        dead: URLs of the dead letters.
        log: what the runs have logged.
    """

    reasons: list[str]
    leaked: int
    events: list[dict[str, Any]]
    fetched: list[str]
    control: dict[str, str]
    left: int
    dead: list[str]
    log: str

    def on(self, name: str) -> list[dict[str, Any]]:
        """Return what happened to the requests, items and links on a path; not what came of the links."""
        urls = {event["id"]: event["url"] for event in self.events if event["what"] == "handed"}
        found = []
        for event in self.events:
            url = event.get("url") or urls.get(event.get("id", ""), "")
            if name in (event.get("page"), name_of(url)) and (event["what"] == "pushed" or not is_child(url)):
                found.append(event)
        return found

    def ends(self, name: str) -> tuple[str, ...]:
        """Return how the requests of a path have ended, in the order in which they were handed out."""
        hows: dict[str, list[str]] = {event["id"]: [] for event in self.on(name) if event["what"] == "handed"}
        for event in self.on(name):
            if event["what"] == "ended":
                hows[event["id"]].append(event["how"])
        return tuple(how for ends in hows.values() for how in ends)

    def items(self, name: str) -> int:
        """Return how many items of a path have left the pipelines."""
        return sum(event["what"] == "item" for event in self.on(name))

    def links(self, name: str) -> int:
        """Return how many other pages a path has put into the queue."""
        return sum(event["what"] == "pushed" and is_child(event["url"]) for event in self.on(name))

    def fetches(self, name: str) -> int:
        """Return how often a site was asked for a page of a path."""
        return sum(name_of(path) == name and not is_child(path) for path in self.fetched)

    def after_its_end(self, name: str) -> list[dict[str, Any]]:
        """Return the items and links that came when every request of a path had ended."""
        events = self.on(name)
        last = max((index for index, event in enumerate(events) if event["what"] == "ended"), default=len(events))
        return events[last + 1 :]

    def ended_twice(self) -> list[str]:
        """Return the requests that ended more often than they were handed out."""
        counts = {
            what: Counter(event.get("id") for event in self.events if event["what"] == what)
            for what in ("handed", "ended")
        }
        return [one for one, times in counts["ended"].items() if one and times != counts["handed"][one]]


def is_child(url: str) -> bool:
    """Tell whether a URL or path is that of a link."""
    return f"/{CHILD}/" in url


def crawl(spider: str, store: str, folder: Path) -> Crawl:
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
        runs = [run(spider, folder / "1", words)]
        while runs[-1]["reason"] != "finished" and len(runs) < MOST_RUNS:
            runs.append(run(spider, folder / str(len(runs) + 1), words))
        keys = Keys(spider)
        letters = cast("list[bytes]", server.hvals(keys.dead))
        control = cast("dict[bytes, bytes]", server.hgetall(keys.control))
        return Crawl(
            reasons=[run["reason"] for run in runs],
            leaked=sum(run["leaked"] for run in runs),
            events=[event for run in runs for event in run["events"]],
            fetched=[*site.paths, *unhurried.paths],
            control={text(name): text(value) for name, value in control.items()},
            left=cast("int", server.hlen(keys.requests)),
            dead=[json.loads(json.loads(letter)["request"])["u"] for letter in letters],
            log="".join(run["log"] for run in runs),
        )


def run(spider: str, folder: Path, words: dict[str, str]) -> dict[str, Any]:
    """Run a spider once; return what was seen."""
    folder.mkdir()
    command = [
        sys.executable,
        "-W",
        "error",
        "-m",
        "tests.request_ends.witness",
        spider,
        str(folder),
        json.dumps(words),
    ]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=DEADLINE_S, check=False)  # noqa: S603
    assert ended.returncode == 0, ended.stderr
    seen: dict[str, Any] = json.loads((folder / "seen.json").read_text())
    return {**seen, "log": (folder / "log.txt").read_text() + ended.stderr}
