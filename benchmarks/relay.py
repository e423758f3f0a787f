"""Throughput with a longer way to Redis, divided by that with a short one: this frontier and stock scrapy-redis.

Both ways lead through the same relay, once with a delay added to every round trip and once without, so that what the
relay itself costs is in both. The start and end of a crawl are taken out by the difference between a large site and
a small one. The runs of a round follow each other, and a ratio is one of the same round.
"""

from __future__ import annotations

import tempfile
import time
from collections import defaultdict
from contextlib import ExitStack
from pathlib import Path
from statistics import median

from redis import Redis

from benchmarks.crawl import run
from benchmarks.report import machine, parser, progress, say, spread, table
from benchmarks.servers import empty, serving, store

SMALL = 32
"""Pages of the site whose time is taken for that of start and end."""
PINGS = 200


def round_trip_ms(redis: str) -> float:
    """Return what a round trip really takes, as median."""
    with Redis.from_url(redis) as client:
        client.ping()
        taken = []
        for _ in range(PINGS):
            before = time.perf_counter()
            client.ping()
            taken.append(1000 * (time.perf_counter() - before))
    return median(taken)


def pages_per_s(scheduler: str, site: str, pages: int, redis: str, folder: Path) -> float:
    """Crawl a small and a large site."""
    elapsed = []
    for size in (SMALL, pages):
        empty(redis)
        elapsed.append(run(scheduler, site, size, folder, redis).elapsed_s)
    return (pages - SMALL) / (elapsed[1] - elapsed[0])


def main() -> None:
    """Measure, and print a table."""
    command = parser("relay", __doc__)
    command.add_argument("--pages", type=int, default=1000, help="pages of the large site (%(default)s)")
    command.add_argument("--rounds", type=int, default=5, help="(%(default)s)")
    command.add_argument("--delay-ms", type=float, default=1.0, help="added to a round trip (%(default)s)")
    command.add_argument("--schedulers", default="ours,stock", help="(%(default)s)")
    options = command.parse_args()
    names = options.schedulers.split(",")
    found: defaultdict[tuple[str, str], list[float]] = defaultdict(list)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        redis = stack.enter_context(store(folder))
        site = stack.enter_context(serving("benchmarks.site"))
        ways = {
            delay: stack.enter_context(serving("benchmarks.proxy", redis, delay))
            for delay in ("0", str(options.delay_ms))
        }
        trips = ", ".join(f"{round_trip_ms(way):.2f} ms with {delay} ms added" for delay, way in ways.items())
        for turn in range(options.rounds):
            for name in names if turn % 2 else reversed(names):
                for delay, way in ways.items():
                    found[name, delay].append(pages_per_s(name, site, options.pages, way, folder))
                    progress(f"round {turn + 1}, {name}, {delay} ms: {found[name, delay][-1]:.0f} pages/s")
    rows = []
    for name in names:
        short, long = (found[name, delay] for delay in ways)
        ratios = [slow / fast for slow, fast in zip(long, short, strict=True)]
        rows.append((name, spread(short, 0), spread(long, 0), spread(ratios)))
    table(("scheduler", *(f"pages/s, {delay} ms added" for delay in ways), "ratio"), rows)
    say(f"\n{options.pages} pages, {options.rounds} rounds, median (least to most); a round trip: {trips}; {machine()}")


if __name__ == "__main__":
    main()
