"""A crawl that visits its pages again and again, whose instances are killed while the counts of its records change."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from random import Random

from crawler.frontier.keys import Keys
from crawler.frontier.survey import survey
from tests.faults.fleet import ROOT, Fleet
from tests.faults.outcome import Outcome
from tests.faults.scenarios import Arena, store_of
from tests.faults.storm import come_back
from tests.queues import scores

EVERY = "every=3s"
MOST_RECORDS = 120
"""More could not be visited that often."""
CHANGED_AT_ONCE = 5


def kills_on_rounds(arena: Arena, events: int) -> Outcome:
    """SIGKILL of an instance while pages are visited again and change; then all are drained, and Redis is killed."""
    random, wrong = arena.random, list[str]()
    arena.records = min(arena.records, MOST_RECORDS)
    with arena.crawl(arguments=(EVERY,)) as fleet:
        fleet.until(Visits(fleet).all_are_made)
        for _ in range(events):
            number = len(fleet.site.requests) + random.randrange(len(fleet.site.linked))
            fleet.until(lambda number=number: len(fleet.site.requests) > number)  # type: ignore[misc]
            fleet.until(lambda: any(worker.running and not worker.struck for worker in fleet.workers))
            change(fleet, random)
            fleet.strike(fleet.choose(random), signal.SIGKILL)
        come_back(fleet)
        wrong += visit_all_and_drain(fleet)
        due = due_times(fleet)
        store_of(fleet).restart()
        if due_times(fleet) != due:
            wrong.append("due times are other than before Redis was killed")
        change(fleet, random)
        fleet.arguments = ()  # the crawl knows how often
        for worker in list(fleet.workers):
            fleet.again(worker)
        wrong += visit_all_and_drain(fleet)
        return judged(fleet, wrong)


def change(fleet: Fleet, random: Random) -> None:
    """Let the counts of some records change."""
    fleet.site.revisions.update(random.sample(range(fleet.site.tree.records), CHANGED_AT_ONCE))


def visit_all_and_drain(fleet: Fleet) -> list[str]:
    """Let each page be visited once more, and end all instances; return what is wrong then."""
    visits = Visits(fleet)
    fleet.until(visits.all_are_made)
    words = [sys.executable, "-m", "scrapy", "drain", fleet.spider, "-s", f"REDIS_URL={store_of(fleet).address}"]
    subprocess.run(words, cwd=ROOT, check=True, capture_output=True)  # noqa: S603 - our own command
    fleet.wait()
    wrong = [f"{path} was not visited again" for path in visits.missing]
    wrong += [f"{one} is {found}, not {count}" for one, found, count in not_current(fleet)]
    with store_of(fleet).client() as client:
        crawl = survey(client, Keys(fleet.spider))
    if crawl is None or (crawl.state, crawl.left) != ("interrupted", len(fleet.site.linked)):
        wrong.append(f"{len(fleet.site.linked)} pages should be due by now or later: {crawl}")
    return wrong


class Visits:
    """Which pages are still to be read since some moment."""

    def __init__(self, fleet: Fleet) -> None:
        self.requests = fleet.site.requests
        self.missing = set(fleet.site.linked)
        self.seen, self.begun = len(self.requests), time.monotonic()

    def all_are_made(self) -> bool:
        """Tell whether all have been read; requests are looked at once."""
        news = self.requests[self.seen :]
        self.seen += len(news)
        self.missing -= {
            asked.path.removeprefix("/moved") for asked in news if asked.arrived > self.begun and asked.status == 200
        }
        return not self.missing


def due_times(fleet: Fleet) -> dict[str, float]:
    """Return when each request is due, by its id."""
    with store_of(fleet).client() as client:
        return scores(client, f"{{crawler}}:{fleet.spider}:due")


def not_current(fleet: Fleet) -> Iterable[tuple[str, int | None, int]]:
    """Yield the records whose last line is not what the site says, with both counts."""
    last = dict(counts_in(fleet.workers[0].feed))
    for number in range(fleet.site.tree.records):
        name, count = fleet.site.record_id(number), fleet.site.revisions[number]
        if last.get(name) != count:
            yield name, last.get(name), count


def counts_in(feed: Path) -> list[tuple[str, int]]:
    """Return id and count of each line of a feed."""
    lines = map(json.loads, feed.read_bytes().splitlines())
    return [(line["id"], line["view_count"]) for line in lines]


def judged(fleet: Fleet, wrong: list[str]) -> Outcome:
    """Return what the crawl has left behind; a record is in the feed for each change that was seen."""
    outcome = fleet.outcome()
    counts = counts_in(fleet.workers[0].feed)
    twice = len(counts) - len(set(counts))
    outcome.wrong += wrong
    outcome.duplicates = outcome.again = 0
    changes = fleet.site.revisions.total()
    outcome.measured = f"{changes} changes, {len(set(counts)) - fleet.site.tree.records} seen, {twice} lines twice"
    return outcome
