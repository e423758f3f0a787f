"""When faults strike: driven by a crawl's progress and a seed."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from random import Random

from tests.faults.fleet import Fleet

STORM_SHARE = 0.85
"""The part of a crawl over which faults are spread; after it there is work enough for all to come back to."""


def moments(fleet: Fleet, events: int, random: Random) -> Iterator[int]:
    """Yield after some progress, up to `events` times; fewer where the crawl ends before."""
    gap = max(1, int(fleet.site.pages * STORM_SHARE / (events + 1)))
    for number in range(events):
        if not fleet.until_pages(len(fleet.site.crawled()) + random.randint(1, 2 * gap - 1)):
            return
        yield number


def storm(fleet: Fleet, number: signal.Signals, events: int, random: Random, *, times: int = 1) -> None:
    """Send instances a signal, `events` times, and start them again at once; then wait until all are back."""
    for _ in moments(fleet, events, random):
        if not fleet.until(lambda: any(worker.running and not worker.struck for worker in fleet.workers)):
            break
        fleet.strike(fleet.choose(random), number, times)
    come_back(fleet)


def come_back(fleet: Fleet) -> None:
    """Wait until all that were struck have ended, and are back; meanwhile the site answers nobody else."""
    with fleet.site.holding():
        fleet.until(lambda: not any(worker.struck for worker in fleet.workers))
        fleet.until_joined()


def let_pass(fleet: Fleet, seconds: float) -> None:
    """Let the crawl go on for some time, whatever it does."""
    fleet.site.until(lambda: False, seconds)
