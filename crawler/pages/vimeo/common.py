"""What Vimeo's pages, player, oEmbed answers and API have in common: times, pictures, licences, who may see a video."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from crawler.items import Availability
from crawler.pages.paths import parameter, path_in
from crawler.pages.structured import values
from crawler.pages.vimeo import urls

AVAILABILITY: Mapping[str, Availability] = {
    "anybody": "public",
    "unlisted": "unlisted",
    "password": "password",
    "nobody": "private",
    "contacts": "needs_auth",
    "users": "needs_auth",
}
"""By the word for who may see a video; `disable` only hides it on vimeo.com, so who may see it is not told."""
VIDEO_URI = re.compile(r"/videos/(\d{1,15})(?::([\da-f]{6,40}))?", re.ASCII)
"""What answers call a video: its id, and the hash of one that is not listed."""
LOCAL_TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")
HOME_ZONE = "America/New_York"
"""Zone of times without one: the same upload is `10:36:56` in oEmbed and `T10:36:56-04:00` in JSON-LD."""
OVERLAY = "/filter/overlay"
DEFAULT_PORTRAIT = "/portrait/default"
DEFAULT_PICTURE = "/video/default"
"""In the address of the picture of videos that have none."""
LICENCE_URL = re.compile(r"https?://creativecommons\.org/(?:licenses/([a-z-]{2,12})|publicdomain/(zero|mark))\b")
SITES_WORDS = re.compile(
    r"This is [\"“].*[\"”] by .* on Vimeo, the home for .*"
    r"|.* is a member of Vimeo, the .*|Join the web[\u2019']s most supportive community of creators .*",
    re.DOTALL,
)
"""Descriptions that the site makes up where there are none."""
SITES_WORDS_CHARS = 1_000


def matched(pattern: re.Pattern[str], value: Any) -> re.Match[str] | None:
    """Return the match of a whole text."""
    return pattern.fullmatch(value) if isinstance(value, str) else None


def home_time(value: Any) -> str | None:
    """Return a time of Vimeo's own zone as ISO 8601 with its offset; None where that is not certain."""
    if not isinstance(value, str) or not LOCAL_TIME.fullmatch(value.strip()):
        return None
    try:
        told = datetime.fromisoformat(value.strip()).replace(tzinfo=ZoneInfo(HOME_ZONE))
    except (ValueError, ZoneInfoNotFoundError):
        return None
    # An hour that the clock shows twice, or never, in the night of a change.
    return None if told.utcoffset() != told.replace(fold=1).utcoffset() else values.date(told.isoformat())


def picture(value: Any) -> str | None:
    """Return the address of a picture without the play button that the site lays over it; None for a place holder."""
    url = values.http_url(value, urls.BASE)
    if url and path_in(url) == OVERLAY:
        url = values.http_url(parameter(url, "src0"), urls.BASE)
    return None if url and path_in(url).startswith(DEFAULT_PICTURE) else url


def portrait(value: Any) -> str | None:
    """Return the address of a user's picture; None for the one of users who have none."""
    url = picture(value)
    return None if url and DEFAULT_PORTRAIT in url else url


def licence(value: Any) -> str | None:
    """Return a licence in the site's words, `by-nc-nd`, also for the address of its text."""
    told = values.line(value)
    if told and (found := LICENCE_URL.match(told)):
        return found[1] or {"zero": "cc0", "mark": "pd"}[found[2]]
    return told


def description(value: str | None) -> str | None:
    """Return a description, or None where it is the site's own."""
    is_own = value is not None and len(value) <= SITES_WORDS_CHARS and SITES_WORDS.fullmatch(value.strip())
    return None if is_own else value


def identity(video_id: str, unlisted_hash: Any = None) -> dict[str, str]:
    """Return the fields that an id, and a hash, make."""
    told = unlisted_hash if isinstance(unlisted_hash, str) and urls.HASH.fullmatch(unlisted_hash) else None
    return {
        "id": video_id,
        "url": urls.video_url(video_id, told),
        "embed_url": urls.player_url(video_id, told),
    }


def number(value: Any) -> str | None:
    """Return an id, given as a number or its digits."""
    told = str(value) if isinstance(value, int | str) and not isinstance(value, bool) else ""
    return told if urls.ID.fullmatch(told) else None
