"""Why Bilibili tells nothing of a video or user, by the codes of its API."""

from __future__ import annotations

from typing import Any

from crawler.errors import NotARecord
from crawler.pages.nodes import words

REASONS = {
    -400: "bad_request",
    -403: "forbidden",
    -404: "not_found",
    -352: "bot_check",
    -412: "bot_check",
    -799: "too_many_requests",
    -101: "login",
    -10403: "country",
    62002: "unavailable",
    62003: "unavailable",
    62004: "unavailable",
    62012: "private",
}


def refuse(code: Any, message: Any) -> None:
    """Refuse what the site gives a code for.

    Raises:
        NotARecord: with the reason.
    """
    if isinstance(code, int) and not isinstance(code, bool) and code != 0:
        raise NotARecord(REASONS.get(code, "unavailable"), f"Bilibili says {code}: {words(message) or 'no reason'}")
