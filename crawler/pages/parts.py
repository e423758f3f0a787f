"""Records that several parts of a page tell together: the first part that knows a field counts, and is named for it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import ClassVar

from crawler.errors import NotARecord
from crawler.items import Record, User, Video
from crawler.pages.base import Page, known_fields, refuse_status
from crawler.pages.structured.schema import Fields, merged


class PartsPage(Page):
    """A page of one record."""

    record_type: ClassVar[type[User | Video]]

    def parts(self) -> Iterable[tuple[str, Fields]]:
        """Return the parts of the page by name, the best first, each with the fields that it tells.

        Raises:
            NotARecord: the page is none, with the reason.
        """
        raise NotImplementedError

    @cached_property
    def told(self) -> list[tuple[str, Fields]]:
        """The parts."""
        return list(self.parts())

    def records(self) -> Iterator[Record]:
        """Yield the one record of this page.

        Raises:
            NotARecord: the server answered with an error, or the page is no record.
        """
        refuse_status(self.response.status)
        fields, _ = self.merged
        name = "name" if self.record_type is User else "title"
        if not fields.get("id") or not fields.get(name):
            raise NotARecord("shell", f"{self.url} tells no id, or no {name}")
        record: Fields = {"url": self.url, **fields}
        record |= {"site": self.site, "fetched_at": self.response.fetched_at, "fetched_from": self.url}
        yield self.record_type(**record)

    @cached_property
    def merged(self) -> tuple[Fields, dict[str, str]]:
        """The fields of all parts, and which part told each."""
        return merged(self.told)

    def sources(self, record: Record) -> dict[str, str]:
        """Return the part that told each known field."""
        told = self.merged[1]
        return {name: told.get(name, self.source) for name in known_fields(record)}
