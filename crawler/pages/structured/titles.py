"""What of a title or a summary is the site's own: its name, a slogan, the counts and the author that it adds."""

from __future__ import annotations

import re
from collections.abc import Collection

MAX_CHARS = 2_000
"""A longer text is no title that a site has added something to."""
SEPARATOR = re.compile(r"\s+[-|\u2013\u2014·•:]\s+")
VIDEO_WORDS = frozenset({"video", "videos", "vidéo", "vidéos", "vídeo", "видео", "watch", "clips", "动画", "動画"})
"""What a site may put before its name at the end of a title."""
ALIASES = {"bilibili": {"哔哩哔哩"}, "nicovideo": {"ニコニコ動画", "niconico"}}
"""Other names of sites whose titles end with two of them, by the label of their host."""
COUNTED = re.compile(r"[\d.,]+\s?[kmb]? (?:views|reactions|likes|comments|shares)\b.*\|", re.IGNORECASE)
"""A title that begins with counts, as a post without a title of its own gets one."""
POSTED = re.compile(r"(?P<who>[^:]{1,100}?) on (?P<site>[\w. ]{1,30}): [\"“](?P<said>.+)[\"”]", re.DOTALL)
"""A post without a title of its own, as `Alice on Site: "words"`."""
COUNTS_FIRST = re.compile(
    r"[\d.,]+\s?[kmb]?\s(?:likes?|followers?|points?|views?|plays?|comments?)\b\s*[,•·\-\u2013\u2014]", re.IGNORECASE
)
"""A summary that begins with counts is one that the site has made."""
INVITES = re.compile(r"(?:watch|see|view|смотрите|смотреть|regardez|schau|mira|guarda)\b", re.IGNORECASE)


def without_brand(title: str, brands: Collection[str], headings: Collection[str]) -> str | None:
    """Return a title without what the site adds; None where the site has made all of it.

    Args:
        title: as a page tells it.
        brands: what the site calls itself, lower case.
        headings: what else the page shows as titles.
    """
    if len(title) > MAX_CHARS:
        return title
    if COUNTED.match(title):
        return None
    posted = POSTED.fullmatch(title)
    if posted and posted["site"].casefold() in brands:
        return posted["said"]
    for heading in headings:
        rest = title[len(heading) :].casefold() if title.startswith(heading) else ""
        if re.match(r"\s*[_|]|\s+[-\u2013\u2014·•:]\s", rest) and any(brand in rest for brand in brands):
            return heading
    return cut_at_brand(without_underscored(title, brands), brands)


def without_underscored(title: str, brands: Collection[str]) -> str:
    """Return a title without the site's names after `_` at its end."""
    bare, _, last = title.rpartition("_")
    while bare and last.strip().casefold() in brands:
        title = bare.rstrip()
        bare, _, last = title.rpartition("_")
    return title


def cut_at_brand(title: str, brands: Collection[str]) -> str:
    """Return what stands before the first part of a title that is the site's name, with the slogan after it."""
    for found in SEPARATOR.finditer(title):
        part = SEPARATOR.split(title[found.end() :], maxsplit=1)[0].casefold()
        *before, last = part.split() or [""]
        if part in brands or (before and last in brands and set(before) <= VIDEO_WORDS):
            return title[: found.start()]
    return title


def is_slogan(title: str, brands: Collection[str], headings: Collection[str]) -> bool:
    """Tell whether a title is the site's name and perhaps a slogan: `Site Video`, `Site: the best of the web`."""
    names = "|".join(map(re.escape, brands))
    shape = rf"(?:{names})(?:\s+videos?)?(?:\s*[:|]\s.*|\s+[-\u2013\u2014·•]\s.*)?"
    return title not in headings and bool(brands) and re.fullmatch(shape, title.casefold()) is not None


def is_made_by_site(summary: str, title: str) -> bool:
    """Tell whether a site has put a summary together: of counts, or as an invitation to watch what it names."""
    return bool(COUNTS_FIRST.match(summary)) or (
        INVITES.match(summary) is not None and title.casefold() in summary.casefold()
    )
