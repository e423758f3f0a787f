"""Threads or processes? Pages/s and CPU a page of threads, processes, an event loop, and instances of `scrapy crawl`.

All read the same pages by the same code, with as many requests in flight, from a site in a process of its own that
answers after 0, 50 or 300 ms. Every way meets every latency once a round, and the ways of a round follow each other:
a ratio is one of the same round, so that a busy machine slows both. A way that does not bring every page and record
once is an error, not a figure.

Examples:
    python -m benchmarks.concurrency                                # prints the table
    python -m benchmarks.concurrency --page docs/concurrency.md     # writes it into the page, and the picture beside it
    python -m benchmarks.concurrency --page docs/concurrency.md --draw    # only the picture, from the table
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from benchmarks.concurrency_page import BEGIN, Found, block, rows_of
from benchmarks.concurrency_picture import picture
from benchmarks.concurrency_ways import WAYS, Figures, measure
from benchmarks.report import machine, parser, progress, say
from benchmarks.servers import serving
from docs.markdown import NoBlockError, with_block


def measure_all(latencies: Sequence[float], pages: int, rounds: int, most_s: float) -> Found:
    """Measure every way at every latency, once a round; another way begins each round.

    Args:
        latencies: in ms.
        pages: of the site for one instance.
        rounds: at most.
        most_s: seconds after which no round ends that is not the first.
    """
    found: defaultdict[tuple[str, float], list[Figures]] = defaultdict(list)
    for latency in latencies:
        found.update({(way.name, latency): [] for way in WAYS})
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        sites = {
            latency: stack.enter_context(serving("benchmarks.concurrency_site", "--latency-ms", str(latency)))
            for latency in latencies
        }
        began = time.monotonic()
        for turn in range(rounds):
            if turn and (time.monotonic() - began) * (turn + 1) / turn > most_s:
                break
            for latency, site in sites.items():
                for way in (WAYS[(turn + place) % len(WAYS)] for place in range(len(WAYS))):
                    one = measure(way, site, latency, pages, folder)
                    found[way.name, latency].append(one)
                    progress(
                        f"round {turn + 1}, {latency:g} ms, {way.name}: {one.pages_per_s:.0f} pages/s, "
                        f"{one.cpu_ms:.2f} ms of CPU a page; others took {one.others:.1f} cores"
                    )
    return found


def draw(page: Path) -> None:
    """Draw the table of a page beside it."""
    page.with_suffix(".svg").write_text(picture(rows_of(page.read_text("utf-8"))), "utf-8")


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, and print or write; return the exit code."""
    command = parser("concurrency", __doc__)
    command.add_argument("--pages", type=int, default=600, help="pages of the site for one instance (%(default)s)")
    command.add_argument("--rounds", type=int, default=3, help="at most (%(default)s)")
    command.add_argument(
        "--most-s", type=float, default=260, help="no round is begun that would end later (%(default)s)"
    )
    command.add_argument("--latencies-ms", default="0,50,300", help="(%(default)s)")
    command.add_argument("--page", type=Path, help="write the table into this page, and the picture beside it")
    command.add_argument("--draw", action="store_true", help="measure nothing: draw the table of the page")
    options = command.parse_args(arguments)
    if options.draw and options.page is None:
        command.error("--draw draws the table of a page: name it by --page.")
    try:
        text = options.page.read_text("utf-8") if options.page else ""
        if options.page:
            with_block(text, "", BEGIN)  # a page without markers is told before all is measured
        if options.draw:
            draw(options.page)
            return 0
    except (OSError, NoBlockError, ValueError) as exc:
        command.error(f"--page: {exc}")
    load, began = os.getloadavg()[0], time.monotonic()
    latencies = [float(one) for one in options.latencies_ms.split(",")]
    found = measure_all(latencies, options.pages, options.rounds, options.most_s)
    where = f"{machine()}, load {load:.1f} before; {time.monotonic() - began:.0f} s, {time.strftime('%Y-%m-%d')}"
    if options.page is None:
        say(block(found, where))
        return 0
    options.page.write_text(with_block(text, block(found, where), BEGIN), "utf-8")
    draw(options.page)
    return 0


if __name__ == "__main__":
    sys.exit(main())
