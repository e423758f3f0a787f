"""How it is said that a site has changed its pages: one sentence a site, for logs and alarms."""

from __future__ import annotations

import shlex
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import crawler
from crawler.drift.counts import ANY_SITE, PAGE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from crawler.drift.verdict import Drift

MOST_NAMED = 8
"""Fields of a kind of record that are named; the rest are counted."""
PAGES = Path(crawler.__file__).parent / "pages"


def sentences(drifts: Iterable[Drift]) -> Iterator[str]:
    """Yield a sentence for each site, with what to do."""
    by_site = sorted(drifts, key=lambda one: (one.group.site, one.group.host, one.group.kind))
    for (site, host), some in groupby(by_site, key=lambda one: (one.group.site, one.group.host)):
        of_site = list(some)
        url = next((one.url for one in of_site if one.url), "")
        look = f"look at one (scrapy explain {shlex.quote(url)})" if url else "look at one with scrapy explain"
        found = "; ".join(map(told, of_site))
        yield f"The pages of {host or site} seem to have changed ({found}): {look}, and mend {reader_of(site)}."


def told(drift: Drift) -> str:
    """Return what has fallen in a kind of record."""
    if drift.group.kind == PAGE:
        (fall,) = drift.falls
        return f"of {drift.n:,} readings {percent(fall.share)} are records, formerly {percent(fall.former)}"
    falls = [
        f"{one.name} is filled in {percent(one.share)}, formerly in {percent(one.former)}"
        for one in drift.falls[:MOST_NAMED]
    ]
    more = len(drift.falls) - MOST_NAMED
    falls += [f"{more} more fields have fallen"] if more > 0 else []
    return f"of {drift.n:,} {drift.group.kind}s: {', '.join(falls)}"


def percent(share: float) -> str:
    """Return a share in percent."""
    return f"{100 * share:.0f} %"


def reader_of(site: str) -> str:
    """Return where the page class of a site is."""
    if site == ANY_SITE:
        return "what reads it, crawler/pages/structured, or give the site a page class of its own"
    return f"crawler/pages/{site}{'' if (PAGES / site).is_dir() else '.py'}"


def drift_json(drift: Drift) -> list[dict[str, Any]]:
    """Return each field that has fallen in types of JSON."""
    where = {"kind": drift.group.kind, "site": drift.group.site, "host": drift.group.host or None}
    read = {"readings": drift.n, "url": drift.url or None}
    return [
        {**where, "field": one.name, "share": round(one.share, 4), "former_share": round(one.former, 4), **read}
        for one in drift.falls
    ]
