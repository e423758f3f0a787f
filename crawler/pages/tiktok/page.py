"""What the pages of videos and of users have in common: their state, and the counts in it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import ClassVar

from crawler.items import Record
from crawler.pages.base import RecordPage, known_fields
from crawler.pages.structured.counts import Count
from crawler.pages.tiktok import urls
from crawler.pages.tiktok.numbers import counted
from crawler.pages.tiktok.state import Told


class StatePage(RecordPage):
    """A page that its state tells all of."""

    site = urls.SITE
    platform = urls.SITE
    hosts = ("tiktok.com",)
    tables: ClassVar[Mapping[str, tuple[str, ...]]]
    """By field: the table of a count, and its names there."""

    @cached_property
    def told(self) -> Told:
        """What the page tells."""
        raise NotImplementedError

    def sources(self, record: Record) -> dict[str, str]:
        """Return the script that told the fields."""
        return dict.fromkeys(known_fields(record), self.told.source)

    @cached_property
    def counts(self) -> dict[str, Count]:
        """Counts that are known, by field."""
        found = {field: counted(self.told.thing, *where) for field, where in self.tables.items()}
        return {field: count for field, count in found.items() if count}

    def count(self, field: str) -> int | None:
        """Return the count of a field."""
        return self.counts[field].value if field in self.counts else None

    def approximate(self) -> list[str] | None:
        """Return the counts that the page rounds."""
        return [field for field, count in self.counts.items() if count.approximate] or None
