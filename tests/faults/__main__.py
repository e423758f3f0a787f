"""The long fault tests: `python -m tests.faults` prints what each fault costs; `--stock` strikes scrapy-redis."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
import traceback
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from tests.faults import calm, claims, disks, endings, rounds, scenarios
from tests.faults.fleet import OURS, STOCK
from tests.faults.outcome import Outcome
from tests.faults.scenarios import Arena

COLUMNS = (
    "events",
    "lost",
    "torn",
    "twice before",
    "twice after",
    "removed",
    "dead",
    "extra fetches",
    "s",
    "exits",
    "measured",
)


@dataclass(frozen=True, slots=True)
class Fault:
    """A line of the table.

    Attributes:
        crawl: the scenario.
        events: how often it strikes.
        ours_only: it has no meaning for stock scrapy-redis.
        is_loud: an instance may end before the crawl is complete, with an exit code other than 0.
        dead: dead letters that there must be.
    """

    crawl: Callable[[Arena, int], Outcome]
    events: int = 1
    ours_only: bool = False
    is_loud: bool = False
    dead: int = 0

    @property
    def name(self) -> str:
        """What it is, in a line."""
        return (self.crawl.__doc__ or self.crawl.__name__).strip().rstrip(".")

    def broken(self, outcome: Outcome) -> list[str]:
        """Return what is not as promised."""
        if self.is_loud and all(outcome.exits):
            return [f"{outcome.torn} torn lines"] if outcome.torn else []
        if self.is_loud and any(outcome.exits):
            outcome = replace(outcome, exits=[])  # who says that it is complete must be right
        found = outcome.faults(dead=self.dead)
        return found if outcome.events else [*found, "the fault never struck"]


def faults(options: argparse.Namespace) -> list[Fault]:
    """Return the faults in the order of the table."""
    kills, terms = options.kills, options.terms
    some, few = max(1, kills // 10), max(1, kills // 30)
    return [
        Fault(scenarios.kills, kills),
        Fault(scenarios.kills_with_files_of_their_own, kills // 3),
        Fault(scenarios.kills_on_the_embedded_store, kills // 3, ours_only=True),
        Fault(scenarios.kill_of_all, few),
        Fault(rounds.kills_on_rounds, kills // 3, ours_only=True),
        Fault(scenarios.kills_at_the_end, options.workers - 1),
        Fault(claims.claim_of_the_dead, ours_only=True),
        Fault(scenarios.terms, terms),
        Fault(scenarios.double_terms, terms),
        Fault(scenarios.terms_during_start_up, terms // 2),
        Fault(endings.double_terms_during_start_up, terms // 2),
        Fault(endings.terms_during_closing, terms),
        Fault(scenarios.stopped_instance, few),
        Fault(scenarios.stopped_to_the_end, ours_only=True),
        Fault(scenarios.poison, ours_only=True, dead=1),
        Fault(scenarios.blocked_reactor, ours_only=True),
        Fault(scenarios.hostile_payloads, ours_only=True, dead=len(scenarios.HOSTILE)),
        Fault(scenarios.silent_store, few),
        Fault(scenarios.restarted_store, some),
        Fault(scenarios.lost_store, is_loud=True),
        Fault(scenarios.reset_connections, some),
        Fault(scenarios.lost_replies, 3 * some),
        Fault(scenarios.no_memory, few),
        Fault(scenarios.evicting_store, is_loud=True),
        *([Fault(disks.full_disk)] if os.geteuid() == 0 else []),
        Fault(disks.limited_files, ours_only=True),
        Fault(calm.paced, ours_only=True),
        Fault(calm.shared, ours_only=True),
    ]


def parser() -> argparse.ArgumentParser:
    parse = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    add = parse.add_argument
    add("--kills", type=int, default=100, help="SIGKILL events; others strike in proportion (%(default)s)")
    add("--terms", type=int, default=30, help="SIGTERM events (%(default)s)")
    add("--workers", type=int, default=3, help="instances (%(default)s)")
    add("--records", type=int, default=900, help="records of the site (%(default)s)")
    add("--seed", type=int, default=1, help="decides when faults strike (%(default)s)")
    add("--stock", action="store_true", help="strike stock scrapy-redis instead")
    add("--binary", help="the server's program, such as /usr/bin/redis-server; by default the embedded store's")
    add("--only", default="", help="names of scenarios, separated by commas, such as kills,no_memory")
    add("--keep", action="store_true", help="keep feeds and logs, also of what went well")
    return parse


def run(fault: Fault, options: argparse.Namespace) -> tuple[Outcome, list[str], Path]:
    """Strike with one fault."""
    folder = Path(tempfile.mkdtemp(prefix=f"fault-{fault.crawl.__name__}-"))
    project = STOCK if options.stock else OURS
    arena = Arena(folder, project, options.records, options.workers, options.seed, binary=options.binary)
    try:
        outcome = fault.crawl(arena, fault.events)
    except Exception:  # noqa: BLE001 - the other faults are still to come
        return Outcome(), [traceback.format_exc()], folder
    return outcome, fault.broken(outcome), folder


def cells(outcome: Outcome) -> list[str]:
    """Return an outcome as the cells of a row."""
    twice = outcome.duplicates + outcome.dropped
    exits = " ".join(str(code) for code in outcome.exits)
    numbers = (outcome.events, len(outcome.lost), outcome.torn, twice, outcome.duplicates, outcome.dropped)
    dead = len(outcome.dead)
    return [
        *map(str, numbers),
        str(dead),
        f"{outcome.again_percent:.1f} %",
        f"{outcome.seconds:.0f}",
        exits,
        outcome.measured,
    ]


def say(row: list[str]) -> None:
    """Print a row of the table, in Markdown."""
    sys.stdout.write(f"| {' | '.join(row)} |\n")
    sys.stdout.flush()


def main() -> None:
    options = parser().parse_args()
    wanted = set(filter(None, options.only.split(",")))
    chosen = [fault for fault in faults(options) if not wanted or fault.crawl.__name__ in wanted]
    say([f"fault ({options.records} records, {options.workers} instances, seed {options.seed})", *COLUMNS])
    say(["---"] * (1 + len(COLUMNS)))
    failures = []
    for fault in chosen:
        if options.stock and fault.ours_only:
            continue
        outcome, broken, folder = run(fault, options)
        say([fault.name, *cells(outcome)])
        if broken and not options.stock:
            failures.append(f"{fault.crawl.__name__}: {'; '.join(broken)} (logs in {folder})")
        elif not options.keep:
            shutil.rmtree(folder)
    sys.exit("\n".join(failures) or 0)


if __name__ == "__main__":
    main()
