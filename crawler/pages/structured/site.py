"""A site whose structured data tells most: what it tells wrong, or not at all, a class of the site's own does."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property
from typing import ClassVar

from crawler.errors import NotARecord
from crawler.items import Record, User, Video
from crawler.pages.base import METHODS
from crawler.pages.structured.page import StructuredPage


class StructuredRecordPage(StructuredPage):
    """A page of one record, read by its structured data, with one small method for each field that needs another way.

    The methods are named as in `RecordPage`. What a method returns is taken in place of what the structured data says,
    also where it is None; a method that only corrects that finds it in `self.structured`.
    """

    record_type: ClassVar[type[User | Video]]

    @cached_property
    def _structured(self) -> Record:
        """The record as the structured data tells it.

        Raises:
            NotARecord: it tells of none, or of another kind.
        """
        found = next(super().records(), None)
        if not isinstance(found, self.record_type):
            wanted = self.record_type.__name__.lower()
            raise NotARecord(f"no_{wanted}", f"its structured data tell of {f'a {found.kind}' if found else 'nothing'}")
        return found

    def records(self) -> Iterator[Record]:
        """Yield the one record of this page.

        Raises:
            NotARecord: the page is none.
        """
        record, own = self._structured, self._own_fields()
        values = {name: getattr(self, METHODS.get(name, name))() for name in own}
        if record.approximate and "approximate" not in own:
            values["approximate"] = [name for name in record.approximate if name not in own] or None
        yield replace(record, **values)

    def sources(self, record: Record) -> dict[str, str]:
        """Return which part of the page told each field; of those that have a method, this class did."""
        own = self._own_fields()
        return {name: type(self).__name__ if name in own else part for name, part in super().sources(record).items()}

    def _own_fields(self) -> list[str]:
        """Return the names of the fields that have a method."""
        names = self.record_type.__slots__
        return [name for name in names if callable(getattr(self, METHODS.get(name, name), None))]


class StructuredUserPage(StructuredRecordPage):
    """A user's page."""

    record_type = User

    @property
    def structured(self) -> User:
        """The user as the structured data tells of it."""
        return self._structured  # type: ignore[return-value]  # it is of `record_type`


class StructuredVideoPage(StructuredRecordPage):
    """A video's page."""

    record_type = Video

    @property
    def structured(self) -> Video:
        """The video as the structured data tells of it."""
        return self._structured  # type: ignore[return-value]  # it is of `record_type`
