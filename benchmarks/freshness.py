"""Share of changes caught and requests spent by `every=auto` beside a fixed interval of the same cost, simulated.

A site of videos whose counts change by a law that is known: a video of age a is viewed at random, at a rate that falls
with 1 / (a + 1 day), and videos differ a thousandfold in how popular they are. The policy is the crawler's own; time is
a number. Run it: `python -m benchmarks.freshness [--videos N] [--days N] [--seed N]`.
"""

from __future__ import annotations

import argparse
import random
import sys
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from crawler.freshness.policy import Bounds, History, interval_s

DAY_S = 86_400.0
YEARS_S = 3 * 365 * DAY_S
OLD = 0.9
"""Share of the videos that were published in the years before; the others come while time passes."""
SOON_S = DAY_S
HEAD = (
    "| every | requests | that found a change | changes seen within a day | time up to date |",
    "| --- | --- | --- | --- | --- |",
)
Interval = Callable[[History, float], float]


@dataclass(frozen=True)
class Video:
    """When it was published, and all times at which its counts change; seconds, the simulation begins at 0."""

    published_s: float
    changes_s: Sequence[float]


@dataclass
class Outcome:
    """What the visits of all videos have come to.

    Attributes:
        visits: requests that were spent.
        useful: those that found a change.
        changes: of counts, over all videos.
        soon: those that a visit saw within a day.
        stale_s: time in which the latest record was not what the site said, over all videos.
    """

    visits: int = 0
    useful: int = 0
    changes: int = 0
    soon: int = 0
    stale_s: float = 0.0


def make_video(luck: random.Random, end_s: float) -> Video:
    """Draw a video by the law."""
    published_s = luck.uniform(-YEARS_S, 0) if luck.random() < OLD else luck.uniform(0, end_s)
    fame = 10 ** luck.uniform(-1.5, 1.5)
    at, changes = max(0.0, published_s), []
    while at < end_s:
        # The rate only falls, so candidates at the present one are thinned to the law.
        rate = fame / (at - published_s + DAY_S)
        at += luck.expovariate(rate)
        if at < end_s and luck.random() < fame / (at - published_s + DAY_S) / rate:
            changes.append(at)
    return Video(published_s, changes)


def watch(videos: Sequence[Video], end_s: float, interval: Interval) -> Outcome:
    """Visit all videos from their publication, or the begin, to the end."""
    outcome = Outcome()
    for video in videos:
        visits_s, history = [max(0.0, video.published_s)], History()
        while True:
            planned_s = interval(history, visits_s[-1] - video.published_s)
            if (now_s := visits_s[-1] + planned_s) >= end_s:
                break
            changed = bisect_right(video.changes_s, now_s) > bisect_right(video.changes_s, visits_s[-1])
            history = history.after(planned_s, changed=changed)
            visits_s.append(now_s)
            outcome.useful += changed
        count(outcome, video, visits_s, end_s)
    return outcome


def count(outcome: Outcome, video: Video, visits_s: Sequence[float], end_s: float) -> None:
    """Add what the visits of one video have caught."""
    outcome.visits += len(visits_s) - 1
    outcome.changes += len(video.changes_s)
    for before_s, after_s in pairwise([*visits_s, end_s]):
        changes_s = video.changes_s[bisect_left(video.changes_s, before_s) : bisect_left(video.changes_s, after_s)]
        if changes_s:
            outcome.stale_s += after_s - changes_s[0]
        if after_s < end_s:
            outcome.soon += sum(after_s - at <= SOON_S for at in changes_s)


def fixed(every_s: float) -> Interval:
    """Return the policy of `every=6h` and the like."""
    return lambda _history, _age_s: every_s


def same_cost(videos: Sequence[Video], end_s: float, visits: int) -> float:
    """Return the longest fixed interval, in seconds, that spends more visits than that."""
    low, high = 60.0, end_s
    for _ in range(40):
        middle = (low + high) / 2
        if watch(videos, end_s, fixed(middle)).visits > visits:
            low = middle
        else:
            high = middle
    return low


def row(name: str, outcome: Outcome, watched_s: float) -> str:
    """Return one line of the table."""
    return (
        f"| {name} | {outcome.visits:,} | {outcome.useful / max(1, outcome.visits):.1%} "
        f"| {outcome.soon / max(1, outcome.changes):.1%} | {1 - outcome.stale_s / watched_s:.1%} |"
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--videos", type=int, default=2_000)
    parser.add_argument("--days", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    end_s, luck, bounds = chosen.days * DAY_S, random.Random(chosen.seed), Bounds()  # noqa: S311 - no secret
    videos = [make_video(luck, end_s) for _ in range(chosen.videos)]
    watched_s = sum(end_s - max(0.0, video.published_s) for video in videos)
    learnt = watch(videos, end_s, lambda history, age_s: interval_s(history, age_s, bounds))
    by_age = watch(videos, end_s, lambda _history, age_s: interval_s(History(), age_s, bounds))
    lines = [f"{chosen.videos:,} videos over {chosen.days} days, {learnt.changes:,} changes", "", *HEAD]
    lines += [row("auto", learnt, watched_s), row("age alone, nothing learnt", by_age, watched_s)]
    for name, cost in (("auto", learnt.visits), ("age alone", by_age.visits)):
        fixed_s = same_cost(videos, end_s, cost)
        outcome = watch(videos, end_s, fixed(fixed_s))
        lines.append(row(f"{fixed_s / 3600:.0f}h, at the cost of {name}", outcome, watched_s))
    sys.stdout.write("\n".join([*lines, ""]))


if __name__ == "__main__":
    main()
