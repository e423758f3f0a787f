"""Share of the changes of a real site that real crawls see over simulated days, and the requests that they spend.

Videos of the sample site get new titles by a known law: video number n every 2^(n % 8) hours on average. Time passes an
hour at a time: titles change, and the due times in Redis move back. The videos are old: `auto` begins with the longest
interval, a day here. Run it: `python -m benchmarks.freshness_crawl [--days N]`.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from crawler.frontier.store import EmbeddedStore
from tests.freshness import Watch
from tests.site import Catalogue, Quirks, running_site
from tests.site.server import Site

HOUR_S = 3600.0
HOURS_A_DAY = 24
CLASSES = 8
"""Kinds of videos: those of the last change 2^7 = 128 times as seldom as those of the first."""
MINUTES_A_DAY = 1440
LONGEST_S = 86_400


class Outcome(NamedTuple):
    """What one crawl has come to: pages, requests after the first round, changes that there were, and that it saw."""

    pages: int
    requests: int
    changes: int
    seen: int


@contextmanager
def places() -> Iterator[tuple[Path, str, Site]]:
    """A folder, a Redis and a site of 64 videos for one crawl."""
    with tempfile.TemporaryDirectory() as name, EmbeddedStore(Path(name) / "valkey") as url:
        catalogue = Catalogue.generate(users=8, videos=64)
        with running_site(catalogue, Quirks(rate_limit=False), plain=True) as site:
            yield Path(name), url, site


def let_an_hour_pass(site: Site, luck: random.Random) -> int:
    """Let titles change; return how many have."""
    changed = 0
    for number, video in enumerate(video for video in site.catalogue.listed_videos if video.is_local):
        if luck.random() < 2.0 ** -(number % CLASSES):
            video.name += "!"
            changed += 1
    return changed


def crawl(every: str, days: int) -> Outcome:
    """Run one crawl for so many simulated days."""
    luck = random.Random(1)  # noqa: S311 - no secret
    with places() as (folder, url, site):
        watch = Watch("videos", folder, url, site, f"every={every}", f"REVISIT_MOST_S={LONGEST_S}")
        with watch.runs() as process:
            changes, asked, pages = 0, len(site.requests), len(watch.due())
            for _ in range(HOURS_A_DAY * days):
                changes += let_an_hour_pass(site, luck)
                watch.pass_s(process, HOUR_S)
            asked = len(site.requests) - asked
        seen = sum("title" in (record["changed"] or ()) for record in watch.records())
    return Outcome(pages, asked, changes, seen)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--days", type=int, default=7)
    days = parser.parse_args().days
    table = ["| every | requests | changes | changes seen | share |", "| --- | --- | --- | --- | --- |"]
    learnt = crawl("auto", days)
    minutes = days * MINUTES_A_DAY * learnt.pages // learnt.requests
    for name, found in (("auto", learnt), (f"{minutes}m", crawl(f"{minutes}m", days))):
        share = found.seen / max(1, found.changes)
        table.append(f"| {name} | {found.requests:,} | {found.changes:,} | {found.seen:,} | {share:.1%} |")
    sys.stdout.write("\n".join([*table, ""]))


if __name__ == "__main__":
    main()
