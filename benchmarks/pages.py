"""CPU per page of each page class, beside a bare parse of the same body: lxml for HTML and XML, orjson for JSON.

The two take turns, and each figure is the median of all turns. Without `--recordings` the bodies are the golden
fixtures, which are small; a folder of recordings with an INDEX.jsonl shows what real pages take.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from statistics import median

import lxml.html  # type: ignore[import-untyped]  # has no types
import orjson

from benchmarks.report import cpu_ms, machine, parser, progress, say, table
from crawler.pages import page_for
from tests.mutations import Original, fixtures, read, recordings

MOST_TURNS_S = 2.0
"""Of one page, however many turns are asked for."""


def bare(original: Original) -> None:
    """Parse a body, and no more."""
    body = original.response.body
    try:
        orjson.loads(body)
    except ValueError:
        lxml.html.document_fromstring(body or b"<html/>")


def whole(original: Original) -> None:
    """Read a body as a spider does: records, links, totals, and the check of its records."""
    read(replace(original, response=replace(original.response)))  # a copy, as a response keeps what it has parsed


def measured(original: Original, turns: int) -> tuple[float, float]:
    """Return the medians of a bare parse and of a whole reading, in ms of CPU."""
    times = defaultdict(list)
    until = time.monotonic() + MOST_TURNS_S
    for turn in range(turns):
        for act in (bare, whole) if turn % 2 else (whole, bare):
            times[act].append(cpu_ms(act, original))
        if time.monotonic() > until:
            break
    return median(times[bare]), median(times[whole])


def largest_by_class(originals: Iterable[Original]) -> dict[str, Original]:
    """Return the largest body that each page class reads."""
    found: dict[str, Original] = {}
    for original in sorted(originals, key=lambda original: len(original.response.body)):
        cls = type(page_for(original.response, original.platform))
        found[f"{cls.__module__.removeprefix('crawler.pages.')}.{cls.__name__}"] = original
    return dict(sorted(found.items()))


def main() -> None:
    """Measure each page class on the largest body that it reads, and print the table."""
    options = parser("pages", __doc__)
    options.add_argument("--turns", type=int, default=30, help="of each page, interleaved (default: 30)")
    options.add_argument("--recordings", type=Path, metavar="DIR", help="real pages, named by DIR/INDEX.jsonl")
    asked = options.parse_args()
    originals = recordings(asked.recordings) if asked.recordings else fixtures()
    rows = []
    for name, original in largest_by_class(originals).items():
        progress(name)
        parse_ms, read_ms = measured(original, asked.turns)
        size = len(original.response.body) / 1024
        rows.append(
            (name, original.name, f"{size:,.0f}", f"{parse_ms:.2f}", f"{read_ms:.2f}", f"{read_ms - parse_ms:.2f}")
        )
    table(("page class", "body", "KiB", "bare parse, ms", "read whole, ms", "difference, ms"), rows)
    say(machine())


if __name__ == "__main__":
    main()
