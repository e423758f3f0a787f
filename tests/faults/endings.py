"""Instances that are asked to end while they start, or once more while they end."""

from __future__ import annotations

import contextlib
import re
import signal
import subprocess
from pathlib import Path

from tests.faults.fleet import POLL_S, Worker
from tests.faults.outcome import Outcome
from tests.faults.scenarios import STARTUP_S, Arena
from tests.faults.storm import come_back, moments

CLOSING_S = 0.4
"""What an instance takes to end on an idle machine, about."""
HEARS_SIGTERM = 1 << (signal.SIGTERM - 1)
"""Among the signals that a process catches; before it does, SIGTERM ends it as it does any."""
CLOSING = "Closing spider (shutdown)"
"""How the log says that an instance has begun to end because it was asked to."""


def double_terms_during_start_up(arena: Arena, events: int) -> Outcome:
    """SIGTERM of an instance that is just starting, and once more while it ends."""
    random = arena.random
    with arena.crawl() as fleet:
        with fleet.site.holding():  # or the crawl would be complete before
            for number in range(events):
                worker = random.choice(fleet.workers)
                if number % 2:
                    until_it_hears(worker)
                wait_at_most(worker, random.uniform(0, STARTUP_S / 2))
                fleet.strike(worker, signal.SIGTERM)
                wait_at_most(worker, random.uniform(0, CLOSING_S))
                worker.process.send_signal(signal.SIGTERM)
                fleet.again(worker)
            fleet.until_joined()
        return fleet.complete()


def terms_during_closing(arena: Arena, events: int) -> Outcome:
    """SIGTERM of an instance that closes because of a first one, at any moment of that."""
    random = arena.random
    with arena.crawl() as fleet:
        for _ in moments(fleet, events, random):
            if not fleet.until(lambda: any(worker.running and not worker.struck for worker in fleet.workers)):
                break
            worker = fleet.choose(random)
            fleet.strike(worker, signal.SIGTERM)
            until_told(worker, CLOSING)
            wait_at_most(worker, random.uniform(0, CLOSING_S))
            worker.process.send_signal(signal.SIGTERM)
        come_back(fleet)
        return fleet.complete()


def until_told(worker: Worker, words: str) -> None:
    """Wait until an instance has ended, or its log has some words."""
    while worker.running and words not in worker.told():
        wait_at_most(worker, POLL_S)


def until_it_hears(worker: Worker) -> None:
    """Wait until an instance has ended, or catches SIGTERM."""
    status = Path(f"/proc/{worker.process.pid}/status")
    while worker.running and not int(re.findall(r"SigCgt:\s*(\w+)", status.read_text())[0], 16) & HEARS_SIGTERM:
        wait_at_most(worker, POLL_S)


def wait_at_most(worker: Worker, seconds: float) -> None:
    """Wait for an instance's end, no longer than that."""
    with contextlib.suppress(subprocess.TimeoutExpired):
        worker.process.wait(seconds)
