"""How long until a page is visited again: pure functions of what its visits have shown."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Final

from crawler.errors import SeedError

AUTO: Final = "auto"
NEVER: Final = "never"
UNITS_S = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
LONGEST_S = 10 * 365 * 86_400.0
AGE_SHARE = 1 / 24
"""Where nothing is known yet, a page waits for this share of the age of its newest record: a day old, an hour."""
UNKNOWN_S = 86_400.0
"""How long a page waits whose records do not tell their age."""
MEMORY = 0.8
"""What earlier visits still count for, at each visit: a page that has become quiet is believed after some."""
AIM = 0.5
"""How many changes are to be expected of one time between two visits, of a page that changes once in two days."""
POWER = 0.85
"""What changes n times as often is visited n^0.85 times as often. By n, most requests would go to what changes faster
than can be caught; by less, to what hardly ever changes."""
PIVOT_S = 86_400.0
"""The time between two visits that stays what it would be with a power of 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """Between which an interval stays, in seconds."""

    least_s: float = 3600.0
    most_s: float = 30 * 86_400.0

    def keep(self, interval_s: float) -> float:
        """Return the interval, or the bound that it is beyond."""
        return max(self.least_s, min(self.most_s, interval_s))


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """What the visits of a page have shown; older ones count for less.

    Attributes:
        changes: how many of them found a change.
        watched_s: the time over which that was so.
        guess: weight of what the age of the records lets expect, which fades as visits tell more.
    """

    changes: float = 0.0
    watched_s: float = 0.0
    guess: float = 1.0

    @property
    def likely_changes(self) -> float:
        """How many changes there were, with those that came between two visits together, if they come at random."""
        visits = (1 - self.guess) / (1 - MEMORY)
        quiet = max(0.0, visits - self.changes)
        return visits * math.log((visits + 0.5) / (quiet + 0.5))

    def after(self, elapsed_s: float, *, changed: bool) -> History:
        """Return the history with one more visit, so long after the one before."""
        return History(
            changes=MEMORY * self.changes + changed,
            watched_s=MEMORY * self.watched_s + max(0.0, elapsed_s),
            guess=MEMORY * self.guess,
        )


def parse_every(text: str) -> float | str | None:
    """Read the argument `every=`: seconds, AUTO, NEVER, or None where it is not given.

    Raises:
        SeedError: it is none of these.
    """
    given = text.strip().lower()
    if given in {AUTO, NEVER}:
        return given
    if not given:
        return None
    found = re.fullmatch(r"(\d{1,9}(?:\.\d{1,3})?)([smhdw])", given)
    seconds = float(found[1]) * UNITS_S[found[2]] if found else 0.0
    if not 1 <= seconds <= LONGEST_S:
        raise SeedError(
            f"every={text} is no time between two visits: pass one like every=30m, every=6h or every=7d (at least 1s), "
            "every=auto, or every=never to let the crawl end."
        )
    return seconds


def expected_s(age_s: float | None, bounds: Bounds) -> float:
    """Return how long a page is likely to stay the same, by the age of its newest record alone."""
    return bounds.keep(UNKNOWN_S if age_s is None else age_s * AGE_SHARE)


def interval_s(history: History, age_s: float | None, bounds: Bounds) -> float:
    """Return the time until the next visit of a page.

    Its rate of changes is estimated as (likely changes + AIM) / time watched: a new page begins with the time that is
    expected by its age, and each visit moves the estimate towards what is. Where all visits find a change the interval
    shrinks to the least, where none does it grows.
    """
    watched_s = history.watched_s + history.guess * evened(expected_s(age_s, bounds), 1 / POWER)
    return bounds.keep(evened(AIM * watched_s / (history.likely_changes + AIM), POWER))


def evened(interval_s: float, power: float) -> float:
    """Return an interval nearer to, or farther from, that of other pages."""
    return float(PIVOT_S * (interval_s / PIVOT_S) ** power)
