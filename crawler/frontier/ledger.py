"""What the fleet has found so far: records, listings, refusals, failures; one for all instances."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from crawler.frontier.queue import text
from crawler.frontier.revisits import left_of
from crawler.items import RecordKey

if TYPE_CHECKING:
    from redis import Redis

    from crawler.frontier.keys import Keys

MOST_NAMED = 10
"""Missing records that a summary names; the rest are counted."""
BATCH = 1_000
"""Members asked for in one round trip."""
LIMIT = "max_per_user"
"""Field of `control`: videos that are taken of each user, at most."""
OF_USER = "videos of "
"""How the listing of a user's videos is called, other than that of a playlist."""


@dataclass(slots=True)
class ListingCount:
    """How complete one listing is, in records.

    Attributes:
        name: of the listing.
        kind: of its records.
        whole: whether it covers all that a host has.
        declared: number of records that the site declares for it; None where it does not.
        listed: rows that were read.
        found: those whose records are there.
        refused: those that are no records.
        failed: those that could not be fetched.
        missing: ids of some that are not there.
        most: videos of each user that are wanted, whatever is declared, so that no more count as listed; None for all.
        grows: whether what is wanted is not known yet: with a limit, of a host while users are still to be read.
    """

    name: str
    kind: str
    whole: bool
    declared: int | None
    listed: int = 0
    found: int = 0
    refused: int = 0
    failed: int = 0
    missing: list[str] = field(default_factory=list)
    most: int | None = None
    grows: bool = False

    def add(self, key: str, *, found: bool, refused: bool, failed: bool) -> None:
        """Count a row of the listing."""
        self.listed += 1
        if found:
            self.found += 1
            return
        self.refused += refused
        self.failed += failed
        if len(self.missing) < MOST_NAMED:
            self.missing.append(json.loads(key)[2])

    @property
    def target(self) -> int:
        """What `found` should be: what the site declares, or has listed where it declares nothing, or is wanted."""
        wanted = self.declared
        if self.most is not None:
            wanted = min(self.declared or 0, self.most) if is_of_user(self.name, self.kind, whole=self.whole) else 0
        return max(wanted or 0, self.listed)

    @property
    def lacking(self) -> int:
        """How many records are missing."""
        return max(0, self.target - self.found)

    @property
    def share(self) -> float | None:
        """`found` of `target`, 0 to 1; None where there is nothing to find, or nobody knows yet how much."""
        is_known = self.declared is not None and self.target and not self.grows
        return min(1.0, self.found / self.target) if is_known else None

    def percent(self) -> str:
        """Return `share` as `99.9 %`, rounded down so that only what is complete says 100; `-` where there is none."""
        return "-" if self.share is None else f"{math.floor(self.share * 1000) / 10:.1f} %"


@dataclass(slots=True)
class Summary:
    """How complete a crawl is.

    Attributes:
        records: number by kind.
        listings: those of whole hosts first.
        refused: record key (as JSON) or URL to its reason in a word.
        failed: the same, to its reason in a sentence.
        pending: requests that are left: more may be listed by them.
        revisits: those that wait to visit a page again.
    """

    records: dict[str, int]
    listings: list[ListingCount]
    refused: dict[str, str]
    failed: dict[str, str]
    pending: int = 0
    revisits: int = 0

    def refused_by_reason(self) -> list[tuple[str, int]]:
        """Return how many were refused for each reason."""
        return sorted(Counter(self.refused.values()).items())

    def in_all(self, kind: str) -> ListingCount:
        """Return the counts of all records of `kind`, those of no listing too.

        `declared` is None unless every listing of a whole host declares a number.
        """
        listings = [listing for listing in self.listings if listing.kind == kind]
        parts = [listing for listing in listings if listing.whole]
        numbers = [part.declared for part in parts if part.declared is not None]
        found = self.records.get(kind, 0)
        missing = sum(one.listed - one.found for one in parts or listings)
        most = next((one.most for one in listings if one.most is not None), None)
        return ListingCount(
            f"all {kind}s",
            kind,
            whole=False,
            declared=sum(numbers) if parts and len(numbers) == len(parts) else None,
            most=most,
            grows=most is not None and self.pending > 0,
            listed=found + missing if listings else 0,
            found=found,
            refused=sum(may_be(kind, what) for what in self.refused),
            failed=sum(may_be(kind, what) for what in self.failed),
        )

    def incomplete(self) -> list[ListingCount]:
        """Return the listings of which records are missing, first those that lack most."""
        return sorted((one for one in self.listings if one.lacking), key=lambda one: (-one.lacking, one.name))


class Scribe:
    """Writes the fleet's book of records, by idempotent commands that take effect before the page is acknowledged.

    Args:
        keys: where the book is.
        note: takes a command of Redis and its arguments.
    """

    def __init__(self, keys: Keys, note: Callable[..., None]) -> None:
        self.keys = keys
        self.note = note

    def listing(self, name: str, kind: str, *, whole: bool, declared: int | None, listed: Iterable[RecordKey]) -> None:
        """Note what a page of a listing declares and lists."""
        listing = json.dumps([name, kind, whole])
        if declared is None:
            self.note("HSETNX", self.keys.declared, listing, "")
        else:
            self.note("HSET", self.keys.declared, listing, declared)
        self.listed(name, (key for key in listed if key.kind == kind))

    def listed(self, name: str, listed: Iterable[RecordKey]) -> None:
        """Note rows of a listing, its own or those that a part of it has shown."""
        if rows := [json.dumps([name, member(key)]) for key in listed]:
            self.note("SADD", self.keys.listed, *rows)

    def refuse(self, what: RecordKey | str, reason: str) -> None:
        """Note a record, or a URL that should have been one, that was refused."""
        self.note("HSET", self.keys.refused, member(what), reason)

    def fail(self, what: RecordKey | str, reason: str) -> None:
        """Note a record or URL that could not be fetched."""
        self.note("HSET", self.keys.failed, member(what), reason)


class Ledger:
    """Reads the fleet's book of records. Blocking."""

    def __init__(self, server: Redis, keys: Keys) -> None:
        self.server = server
        self.keys = keys

    def counts(self) -> dict[str, int]:
        """Return the number of records, of requests that are left, and of those that visit a page again later."""
        left, revisits = left_of(self.server, self.keys)
        return {"records": self.server.scard(self.keys.recorded), "pending": left - revisits, "revisits": revisits}

    def dead_letters(self) -> int:
        """Return the number of requests that were given up unread, or with the instances that had them in hand."""
        return self.server.hlen(self.keys.dead)

    def summary(self) -> Summary:
        """Return how complete the crawl is."""
        listings = {}
        limit = cast("bytes | None", self.server.hget(self.keys.control, LIMIT))
        for packed, declared in cast("dict[Any, Any]", self.server.hgetall(self.keys.declared)).items():
            name, kind, whole = json.loads(packed)
            most = (
                int(limit) if limit and (is_of_user(name, kind, whole=whole) or (whole and kind == "video")) else None
            )
            listings[name, kind] = ListingCount(name, kind, whole, int(declared) if declared else None, most=most)
        refused, failed = self.not_recorded(self.keys.refused), self.not_recorded(self.keys.failed)
        for rows in batches(self.server.sscan_iter(self.keys.listed, count=BATCH)):
            pairs = [json.loads(row) for row in rows]
            there = cast("list[int]", self.server.smismember(self.keys.recorded, [key for _, key in pairs]))
            for (name, key), found in zip(pairs, there, strict=True):
                if listing := listings.get((name, json.loads(key)[0])):  # one may have come since they were read
                    listing.add(key, found=bool(found), refused=key in refused, failed=key in failed)
        kinds = Counter(json.loads(key)[0] for key in self.server.sscan_iter(self.keys.recorded, count=BATCH))
        in_order = sorted(listings.values(), key=lambda one: (not one.whole, one.name, one.kind))
        left, revisits = left_of(self.server, self.keys)
        for listing in in_order:
            listing.grows = listing.whole and listing.most is not None and left > revisits
        return Summary(dict(kinds), in_order, refused, failed, left - revisits, revisits)

    def not_recorded(self, key: str) -> dict[str, str]:
        """Return what was refused or failed, with the reasons, without what became a record after all."""
        reasons = self.reasons(key)
        found = set()
        for some in batches(iter(reasons)):
            answers = cast("list[int]", self.server.smismember(self.keys.recorded, some))
            found |= {what for what, there in zip(some, answers, strict=True) if there}
        return {what: why for what, why in reasons.items() if what not in found}

    def reasons(self, key: str) -> dict[str, str]:
        """Return what was refused or failed, with the reasons."""
        return {text(what): text(why) for what, why in cast("dict[Any, Any]", self.server.hgetall(key)).items()}


def is_of_user(name: str, kind: str, *, whole: bool) -> bool:
    """Tell whether a listing is that of a user's videos."""
    return kind == "video" and not whole and name.startswith(OF_USER)


def may_be(kind: str, what: str) -> bool:
    """Tell whether `what`, a record key or a URL as noted, may be of `kind`; a URL may be of any."""
    return what.startswith(f'["{kind}"') or not what.startswith("[")


def member(what: RecordKey | str) -> str:
    """Return how a record key, or a URL, stands in Redis."""
    return what.encode("utf-8", "replace").decode() if isinstance(what, str) else json.dumps(list(what))


def batches(items: Iterator[Any]) -> Iterator[list[Any]]:
    """Yield `items` in lists of up to `BATCH`."""
    batch: list[Any] = []
    for item in items:
        batch.append(item)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch
