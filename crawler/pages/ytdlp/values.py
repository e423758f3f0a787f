"""Values of an info dict; what cannot be read for certain is None."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, cast, get_args

from crawler.items import LiveStatus, MediaType
from crawler.pages.nodes import nodes
from crawler.pages.structured.counts import LARGEST
from crawler.pages.structured.values import date, line

MANIFEST = "manifest"
"""Protocol of a format that stands for all that a manifest lists, which is left unread."""
LONGEST_S = 10**7
"""Seconds of the longest video that there could be: a stream of four months."""
OLDEST = 120
"""Years of an age limit that could be one."""


class Files:
    """The formats of a video, as far as they say something of its files for certain."""

    def __init__(self, info: Mapping[str, Any]) -> None:
        told = nodes(info.get("formats")) or ([info] if info.get("url") and not info.get("_type") else [])
        self.formats = [one for one in told if isinstance(one.get("url"), str) and not is_picture(one)]
        self.has_manifest = any(one.get("protocol") == MANIFEST for one in self.formats)
        self.info = info

    @property
    def media_type(self) -> MediaType | None:
        """`audio` where no format has a picture."""
        codecs = [one.get("vcodec") for one in self.formats]
        return "audio" if codecs and all(one == "none" for one in codecs) else None

    @cached_property
    def largest(self) -> Mapping[str, Any]:
        """The largest file; none where sizes are unknown, or a manifest may have a larger one."""
        if len(self.formats) == 1:
            return self.formats[0]
        sized = [one for one in self.formats if pixels(one.get("width")) and pixels(one.get("height"))]
        if self.has_manifest or not sized or len(sized) < len(self.formats):
            return {}
        return max(sized, key=lambda one: int(one["width"]) * int(one["height"]))

    @property
    def url(self) -> str | None:
        """Address of the largest file, or of the only manifest."""
        return self.largest.get("url")

    @property
    def width(self) -> int | None:
        """Its width."""
        return pixels(self.largest.get("width"))

    @property
    def height(self) -> int | None:
        """Its height."""
        return pixels(self.largest.get("height"))


def is_picture(one: Mapping[str, Any]) -> bool:
    """Tell whether a format is neither video nor audio: a sheet of stills."""
    return one.get("vcodec") == one.get("acodec") == "none"


def number(value: Any, most: float) -> float | None:
    """Return a number from 0 to `most`."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return value if is_number and 0 <= value <= most else None


def count(value: Any) -> int | None:
    """Return a count."""
    found = number(value, LARGEST)
    return int(found) if found is not None and found == int(found) else None


def years(value: Any) -> int | None:
    """Return an age limit; not 0, as extractors do not tell a video for all from one that nothing is said of."""
    found = count(value)
    return found if found and found <= OLDEST else None


def pixels(value: Any) -> int | None:
    """Return a width or height."""
    return count(value) or None


def seconds(value: Any) -> float | None:
    """Return a duration; never 0."""
    return number(value, LONGEST_S) or None


def identifier(value: Any) -> str | None:
    """Return an id, which some extractors have as a number."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else line(value)


def moment(value: Any) -> str | None:
    """Return a Unix time in seconds as ISO 8601."""
    found = number(value, 2**33)
    return date(datetime.fromtimestamp(found, tz=UTC).isoformat()) if found else None


def words(value: Any) -> list[str] | None:
    """Return a list of words; None for none, as extractors do not tell no tags from tags that they do not know."""
    found = [word for one in value if (word := line(one))] if isinstance(value, list) else []
    return list(dict.fromkeys(found)) or None


def one_of(value: Any, names: Any) -> Any:
    """Return one of the names of a field; None for another one."""
    return value if isinstance(value, str) and value in get_args(names) else None


def live_status(info: Mapping[str, Any]) -> LiveStatus | None:
    """Return whether it is live, as yt-dlp does from the two forms in which extractors say so."""
    if told := one_of(info.get("live_status"), LiveStatus):
        return cast("LiveStatus", told)
    if info.get("is_live") is True:
        return "is_live"
    if info.get("was_live") is True:
        return "was_live"
    return "not_live" if info.get("is_live") is False and info.get("was_live") is False else None


def largest_thumbnail(info: Mapping[str, Any]) -> Any:
    """Return the address of the thumbnail that yt-dlp would take for the best."""
    if isinstance(info.get("thumbnail"), str):
        return info["thumbnail"]

    def rank(one: Mapping[str, Any]) -> tuple[float, float, float]:
        width, height = (number(one.get(name), 10**6) or 0 for name in ("width", "height"))
        preference = one.get("preference")
        return (preference if isinstance(preference, int | float) else -1, width, height)

    found = [one for one in nodes(info.get("thumbnails")) if isinstance(one.get("url"), str)]
    return max(reversed(found), key=rank)["url"] if found else None
