"""The site that the model of the queue crawls: numbered pages, each of which links to three others."""

from __future__ import annotations

import json

from crawler.frontier.queue import NewLink
from tests.queues import link

PAGES = 60
SLOTS = ("a.example", "b.example", "c.example", "")


def page(number: int) -> NewLink:
    """Return the request of a page; every seventh is kept for the end, half of those for a record of another page."""
    last = number % 7 == 0
    unless = f"r{number // 2}" if number % 14 == 0 else ""
    return link(str(number), SLOTS[number % 4], priority=number % 3 - 1, last=last, unless=unless)


def links_of(number: int) -> list[int]:
    """Return the pages that a page links to."""
    return [(2 * number + 1) % PAGES, (5 * number + 3) % PAGES, number * number % PAGES]


def seed(message: str) -> NewLink:
    """Return what a seed of another program is in the queue."""
    return NewLink(None, "", 0, last=False, payload=json.dumps({"v": 1, "s": "", "seed": message}).encode())


def number_of(one: NewLink) -> int | None:
    """Return the number of a page; None for what is not filtered, and links to nothing."""
    return int(json.loads(one.payload)["u"]) if one.fingerprint is not None else None
