"""YouTube: its pages, or with a key its Data API v3 instead."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self

from crawler.pages.base import Link, Platform
from crawler.pages.youtube import urls
from crawler.pages.youtube.urls import join_videos

KEY = "YOUTUBE_API_KEY"
"""Setting that the key is in; the requests get it only on their way out, see `crawler/middlewares/keys.py`."""


class YouTube(Platform):
    """The site, known by its hosts.

    Args:
        uses_api: whether what has a form in the Data API is read there.
    """

    name = urls.SITE
    hosts = (*urls.HOSTS, *urls.PLAYER_HOSTS, urls.CONSENT_HOST, urls.API_HOST)

    batch = urls.BATCH

    def __init__(self, *, uses_api: bool = False) -> None:
        self.uses_api = uses_api

    def configured(self, settings: Mapping[str, Any]) -> Self:
        """Return the site as it is read with a key, where there is one."""
        return type(self)(uses_api=bool(settings.get(KEY)))

    def joined(self, urls: Sequence[str]) -> Link | None:
        """Return one link for several of videos in the Data API."""
        return join_videos(urls)

    def start(self, url: str) -> tuple[Link, ...]:
        """Return the link to what `url` names, in the one form that it has here."""
        return (urls.start_link(url, uses_api=self.uses_api),)


YOUTUBE = YouTube()
