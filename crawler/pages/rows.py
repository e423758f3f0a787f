"""Values in the rows of APIs: addresses, lists of tags, times of Korea and Japan without a zone."""

from __future__ import annotations

from typing import Any

from crawler.pages.nodes import words
from crawler.pages.structured import values


def address(value: Any) -> str | None:
    """Return an absolute address; None for a template such as `…/image_{type}.jpg`, and for what is no address."""
    told = (words(value) or "").strip()
    whole = f"https:{told}" if told.startswith("//") else told
    is_absolute = whole.startswith(("http://", "https://")) and not {"{", "}"} & set(whole)
    return values.http_url(whole, whole) if is_absolute else None


def far_east_time(value: Any) -> str | None:
    """Return a time; one without a zone is Korea's or Japan's."""
    return values.date(value, zone=values.KOREA_AND_JAPAN)


def texts(told: Any, name: str | None = None) -> list[str] | None:
    """Return the texts of a list, or of one part of its objects, each once; None for what is no list.

    An empty list says that there are none, a list of which nothing can be read does not.
    """
    if not isinstance(told, list):
        return None
    plain = [one.get(name) if name and isinstance(one, dict) else one for one in told]
    found = list(dict.fromkeys(one.strip() for one in plain if isinstance(one, str) and one.strip()))
    return found if found or not told else None
