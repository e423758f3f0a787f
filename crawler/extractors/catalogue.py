"""Which extractor of yt-dlp knows a URL."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from functools import cache, partial
from typing import Any

from yt_dlp import YoutubeDL
from yt_dlp.extractor import gen_extractor_classes

from crawler.extractors.handler import Quiet
from crawler.pages.ytdlp import GENERIC

BASES = frozenset({"InfoExtractor", "LazyLoadExtractor"})
"""Classes whose way of telling whether a URL is known is to match the pattern."""
NOT_ASKED = frozenset({GENERIC, "KnownDRM", "KnownPiracy", "UnsupportedURL"})
"""Extractors that no URL is given to because it matches: the generic one, and those that only refuse."""


class Catalogue:
    """The extractors that yt-dlp has, its plugins' too."""

    def __init__(self) -> None:
        YoutubeDL({"quiet": True, "logger": Quiet()}, auto_init=False).close()  # which loads the plugins
        classes = [one for one in gen_extractor_classes() if one.ie_key() not in NOT_ASKED and one.working()]
        self.matchers = [(str(one.ie_key()), matcher_of(one)) for one in classes]

    def key_for(self, url: str) -> str | None:
        """Return the key of the extractor that knows a URL as its own; None where only the generic one is left."""
        return next((key for key, matches in self.matchers if matches(url)), None)


@cache
def catalogue() -> Catalogue:
    """Return the extractors that yt-dlp has, which takes a moment the first time."""
    return Catalogue()


def matcher_of(cls: Any) -> Callable[[str], object]:
    """Return what tells whether an extractor knows a URL: its pattern by itself, where it has no more to say."""
    patterns = cls._VALID_URL
    asked = (cls.suitable, cls._match_valid_url)
    if isinstance(patterns, str) and {one.__func__.__qualname__.partition(".")[0] for one in asked} <= BASES:
        with suppress(re.error):
            return re.compile(patterns).match
    return partial(is_suitable, cls)


def is_suitable(cls: Any, url: str) -> bool:
    """Tell whether an extractor says that it knows a URL; one that cannot tell does not."""
    try:
        return bool(cls.suitable(url))
    except Exception:  # noqa: BLE001 - a broken extractor, such as a plugin's, must not keep the others from theirs
        return False
