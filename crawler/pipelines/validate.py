"""Normalises and checks records; what is not valid is refused with its reasons."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from itemadapter import ItemAdapter
from pydantic import ValidationError
from scrapy.exceptions import DropItem

from crawler.items import ADAPTERS, Record, key_of
from crawler.signals import record_refused

if TYPE_CHECKING:
    from scrapy.crawler import Crawler


class Refused(DropItem):
    """Raised for a record that is not valid; `record_refused` has told why."""


class ValidatePipeline:
    """Turns what a page read into a record that keeps the rules of `crawler.items`."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Build."""
        return cls(crawler)

    def process_item(self, item: Record) -> Record:
        """Return the normalised record.

        Raises:
            Refused: a field has a value that it cannot have.
        """
        adapter = ADAPTERS.get(type(item))
        if adapter is None:
            return item
        fields = ItemAdapter(item).asdict()
        try:
            return adapter.validate_python(fields)
        except ValidationError as exc:
            reason, details = told(exc)
            self.crawler.signals.send_catch_log(
                record_refused, what=key_of(item), reason=reason, details=details, url=item.fetched_from, record=fields
            )
            raise Refused(reason) from exc


def told(error: ValidationError) -> tuple[str, list[str]]:
    """Return why a record is not valid: in a word that is counted, and in words."""
    errors = error.errors(include_url=False, include_context=False)
    details = [f"{'.'.join(map(str, one['loc'][:1]))}: {one['msg']} (got {one['input']!r:.100})" for one in errors]
    return f"invalid_{errors[0]['loc'][0]}", details
