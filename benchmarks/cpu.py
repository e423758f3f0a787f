"""CPU of a crawl per page: this project's frontier beside Scrapy's scheduler in memory and stock scrapy-redis.

CPU is user and system time of the crawl's whole process, all threads, from the kernel (wait4). What start and end
cost is taken out by the difference between a large site and a small one. A clock inside of the process, from the
opening of the spider to its close, would be less fair: it misses what a scheduler does before and after, and every
byte that is written once the spider is closed.
The runs of a round follow each other, and a ratio is one of the same round.
"""

from __future__ import annotations

import tempfile
from collections import defaultdict
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from redis import Redis

from benchmarks.crawl import run
from benchmarks.report import machine, parser, progress, say, spread, table
from benchmarks.servers import empty, serving, store
from benchmarks.spider import SCHEDULERS

SMALL = 32
"""Pages of the site whose cost is taken for that of start and end."""


@dataclass(frozen=True, slots=True)
class PerPage:
    """What a page costs."""

    cpu_ms: float
    server_ms: float
    """CPU of the Redis server."""
    pages_per_s: float
    peak_mib: float


def server_cpu_s(redis: str) -> float:
    """Return the CPU that a server has used so far."""
    with Redis.from_url(redis) as client:
        used = client.info("cpu")
    return float(used["used_cpu_user"]) + float(used["used_cpu_sys"])


def measure(scheduler: str, site: str, pages: int, redis: str, folder: Path, *options: str) -> PerPage:
    """Crawl a small and a large site."""
    costs, server = [], []
    for size in (SMALL, pages):
        empty(redis)
        before = server_cpu_s(redis)
        costs.append(run(scheduler, site, size, folder, "" if scheduler == "memory" else redis, *options))
        server.append(server_cpu_s(redis) - before)
    small, large = costs
    more = large.pages - small.pages
    return PerPage(
        1000 * (large.cpu_s - small.cpu_s) / more,
        1000 * (server[1] - server[0]) / more,
        more / (large.elapsed_s - small.elapsed_s),
        large.peak_kib / 1024,
    )


def main() -> None:
    """Measure, and print a table."""
    command = parser("cpu", __doc__)
    command.add_argument("--pages", type=int, default=1000, help="pages of the large site (%(default)s)")
    command.add_argument("--rounds", type=int, default=5, help="(%(default)s)")
    command.add_argument("--hosts", type=int, default=1, help="hosts that the site is spread over (%(default)s)")
    command.add_argument("--schedulers", default="memory,ours,stock", help="the first is what all are divided by")
    command.add_argument("-s", dest="options", action="append", default=[], metavar="NAME=VALUE", help="a setting")
    options = command.parse_args()
    names = options.schedulers.split(",")
    if unknown := sorted(set(names) - set(SCHEDULERS)):
        command.error(f"--schedulers: {', '.join(unknown)} is none of {', '.join(SCHEDULERS)}.")
    found: defaultdict[str, list[PerPage]] = defaultdict(list)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        redis = stack.enter_context(store(folder))
        site = stack.enter_context(serving("benchmarks.site", "--hosts", str(options.hosts)))
        for turn in range(options.rounds):
            for name in (names[(turn + place) % len(names)] for place in range(len(names))):
                found[name].append(measure(name, site, options.pages, redis, folder, *options.options))
                progress(f"round {turn + 1}, {name}: {found[name][-1]}")
    rows = []
    for name in names:
        ratios = [own.cpu_ms / first.cpu_ms for own, first in zip(found[name], found[names[0]], strict=True)]
        rows.append(
            (
                name,
                spread([one.cpu_ms for one in found[name]]),
                spread(ratios),
                spread([one.pages_per_s for one in found[name]], 0),
                f"{median(one.server_ms for one in found[name]):.2f}",
                f"{median(one.peak_mib for one in found[name]):.0f}",
            )
        )
    head = ("scheduler", "CPU ms a page", f"beside {names[0]}", "pages/s", "CPU ms a page, server", "peak MiB")
    table(head, rows)
    say(f"\n{options.pages} pages, {options.rounds} rounds, median (least to most); {machine()}")


if __name__ == "__main__":
    main()
