"""Dailymotion: read through its open REST API; its pages and oEmbed answers are understood, too."""

from __future__ import annotations

from crawler.pages.base import Link, Platform, Response
from crawler.pages.dailymotion import urls


class Dailymotion(Platform):
    """The site, known by its hosts."""

    name = urls.SITE
    hosts = urls.HOSTS

    def recognises(self, response: Response) -> bool:  # noqa: ARG002 - its hosts say so
        """Tell that no page of another host is Dailymotion's."""
        return False

    def start(self, url: str) -> tuple[Link, ...]:
        """Return the link to what `url` names, in the API."""
        return (urls.start_link(url),)


DAILYMOTION = Dailymotion()
