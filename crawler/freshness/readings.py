"""What is kept of a record to tell later what has changed: one short digest a field."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    from crawler.items import Record

PASSING = frozenset({"fetched_at", "fetched_from", "changed", "provenance"})
"""Fields that tell of the reading, not of what was read."""
DIGEST_BYTES = 4
"""One change in 4 billion is missed; it shows with the next change of the field."""
COUNTS = "_count"
DATES = ("published_at", "created_at")


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read of a record last.

    Attributes:
        page: fingerprint of the page that the record is followed on: another one may tell less of it.
        visit: number of the visit of that page.
        digests: by field; those without a value are left out.
    """

    page: str
    visit: int
    digests: Mapping[str, str]

    def pack(self) -> bytes:
        """Return it as JSON."""
        return orjson.dumps({"p": self.page, "n": self.visit, "f": self.digests})

    @classmethod
    def unpack(cls, data: bytes) -> Reading:
        """Read it from JSON."""
        said = orjson.loads(data)
        return cls(said["p"], said["n"], said["f"])

    def changed(self, digests: Mapping[str, str]) -> list[str]:
        """Return the names of the fields that are other than they were."""
        names = {**self.digests, **digests}
        return sorted(name for name in names if self.digests.get(name) != digests.get(name))


def digests_of(record: Record) -> dict[str, str]:
    """Return the digests of a record's fields."""
    values = {one.name: getattr(record, one.name) for one in fields(record) if one.name not in PASSING}
    return {name: digest(value) for name, value in values.items() if value is not None}


def digest(value: object) -> str:
    """Return what stands for a value."""
    return blake2b(repr(value).encode("utf-8", "replace"), digest_size=DIGEST_BYTES).hexdigest()


def counts_of(record: Record) -> dict[str, Any]:
    """Return the counts of a record, those that it has."""
    values = {one.name: getattr(record, one.name) for one in fields(record) if one.name.endswith(COUNTS)}
    return {name: value for name, value in values.items() if value is not None}


def age_s_of(record: Record, now: datetime) -> float | None:
    """Return how old what a record tells of is, in seconds; None where it does not say."""
    for name in DATES:
        if text := getattr(record, name, None):
            try:
                at = datetime.fromisoformat(text)
            except ValueError:  # not normalised yet, or no time at all
                return None
            return max(0.0, (now - at).total_seconds()) if at.tzinfo is not None else None
    return None
