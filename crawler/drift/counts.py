"""How often the fields of a site's records are filled."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from functools import cache
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import orjson
from pydantic import TypeAdapter

from crawler.items import ADAPTERS
from crawler.pages.base import NOT_READ

if TYPE_CHECKING:
    from crawler.items import Record

ANY_SITE = "schema.org"
"""The site of records of hosts that have nothing in common: each of them is watched on its own."""
PAGE = "page"
"""In place of a kind: all that was read as a record, or refused."""
RECORD = "record"
"""In place of a field: of such pages, those that were records."""
GIVEN = {"id", "url", *NOT_READ}
"""Fields that no page tells, or that no record can be without."""


@dataclass(frozen=True, order=True, slots=True)
class Group:
    """What is watched as one: records of a kind on a site; a platform is one site, whatever its hosts.

    Attributes:
        kind: of record, or PAGE.
        site: the records' `site`.
        host: where the site is ANY_SITE; else "".
    """

    kind: str
    site: str
    host: str = ""

    @classmethod
    def of(cls, kind: str, site: str, url: str) -> Group:
        """Return the group of what was read at a URL."""
        return cls(kind, site, urlsplit(url).netloc.lower() if site == ANY_SITE else "")

    def pack(self) -> bytes:
        """Return it as it stands in Redis."""
        return orjson.dumps([self.kind, self.site, self.host])

    @classmethod
    def unpack(cls, stored: bytes) -> Group:
        """Read what `pack` has written."""
        return cls(*map(str, orjson.loads(stored)))


@dataclass(slots=True)
class Counts:
    """Readings of a group.

    Attributes:
        n: how many there were.
        filled: in how many of them a field was filled.
        url: one of them, the last that is worth a look.
    """

    n: float = 0
    filled: dict[str, float] = field(default_factory=dict)
    url: str = ""

    def add(self, names: list[str], url: str) -> None:
        """Count a reading with these fields filled."""
        self.n += 1
        for name in names:
            self.filled[name] = self.filled.get(name, 0) + 1
        self.url = url or self.url

    def share(self, name: str) -> float:
        """Return the share of readings with this field filled, 0 to 1."""
        return self.filled.get(name, 0) / self.n if self.n else 0.0


COUNTS = TypeAdapter(Counts)


@cache
def watched(kind: str) -> tuple[str, ...]:
    """Return the fields of a kind that are watched; none of a kind that is not known."""
    if kind == PAGE:
        return (RECORD,)
    names = {one.__name__.lower(): [part.name for part in fields(one)] for one in ADAPTERS}
    return tuple(name for name in names.get(kind, ()) if name not in GIVEN)


def filled_in(record: Record) -> list[str]:
    """Return the watched fields that a record has filled: 0 and False are values, an empty list or text is none."""
    values = ((name, getattr(record, name)) for name in watched(record.kind))
    return [name for name, value in values if value is not None and value not in ("", [])]
