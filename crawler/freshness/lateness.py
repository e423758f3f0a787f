"""Whether visits come in time: what to say where the interval that was asked for cannot be kept."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from time import time
from typing import TYPE_CHECKING

from crawler.freshness.policy import AUTO, parse_every
from crawler.frontier.alarms import Alarm

if TYPE_CHECKING:
    from crawler.freshness.visits import PageState
    from crawler.frontier.survey import Survey

logger = logging.getLogger(__name__)

LATE_SHARE = 0.5
"""A visit is late from this share of its interval on; with `auto` of the least interval."""
LATE_IN_A_ROW = 10
"""So many visits of a host have to be late before an instance says so: a single one may have failed at first."""


class Lateness:
    """Warns once where the visits of an instance come too late.

    Args:
        every: seconds between two visits, AUTO, or None for a crawl that ends.
        least_s: least interval where it is learnt.
    """

    def __init__(self, every: float | str | None, least_s: float) -> None:
        self.every = every
        self.least_s = least_s
        self.began_s = time()
        self.late: Counter[str] = Counter()
        """Visits in a row that came too late, by slot."""
        self.is_told = False

    def note(self, slot: str, before: PageState) -> None:
        """Note that a page is visited now."""
        if self.is_told or not before.visits:
            return
        # What waited while nobody was there to visit it is caught up first.
        late_s = min(time() - before.at_s - before.planned_s, time() - self.began_s)
        if not is_late(late_s, self.every, self.least_s):
            self.late.pop(slot, None)
            return
        self.late[slot] += 1
        if self.late[slot] == LATE_IN_A_ROW:
            self.is_told = True
            logger.warning("%s", sentence(late_s, self.every, self.least_s))


def is_late(late_s: float, every: float | str | None, least_s: float) -> bool:
    """Tell whether visits that come so late do not keep the interval."""
    interval_s = least_s if every == AUTO else every
    return interval_s is not None and late_s > LATE_SHARE * float(interval_s)


def sentence(late_s: float, every: float | str | None, least_s: float) -> str:
    """Say how late visits come, and what to do."""
    late = timedelta(seconds=round(late_s))
    if every == AUTO:
        asked, remedy = f"the {least_s:g} s of REVISIT_LEAST_S", "raise REVISIT_LEAST_S"
    else:
        asked, remedy = f"the {every:g} s of every=", "pass a longer interval, or every=auto"
    return (
        f"Pages are visited {late} after their time, since their hosts cannot be asked that often; more than half of "
        f"{asked} is too late: {remedy}, or shorten DOWNLOAD_DELAY where the sites allow it."
    )


def alarms_of_visits(name: str, crawl: Survey, least_s: float) -> Iterator[Alarm]:
    """Yield what is wrong with the visits of a crawl.

    Args:
        name: of the crawl.
        crawl: where it stands.
        least_s: least interval where it is learnt.
    """
    every = parse_every(crawl.control.get("every", ""))
    if crawl.state == "running" and is_late(crawl.late_s, every, least_s):
        yield Alarm("late_visits", sentence(crawl.late_s, every, least_s), name)
