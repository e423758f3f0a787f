"""What structured data tells of a page whose site is known."""

from __future__ import annotations

from typing import TypeVar

from crawler.errors import NotARecord
from crawler.items import User, Video
from crawler.pages.base import Response
from crawler.pages.structured.page import StructuredPage

Kind = TypeVar("Kind", User, Video)


def own_record(response: Response, kind: type[Kind]) -> Kind:
    """Return the record of a page that is about a user or a video; `site`, `id` and `url` are the caller's to correct.

    Raises:
        NotARecord: it is about none, or about something else.
    """
    found = next(StructuredPage(response).records(), None)
    if isinstance(found, kind):
        return found
    raise NotARecord("shell", f"{response.url} says nothing of a {kind.__name__.lower()}")
