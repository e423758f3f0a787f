"""Bilibili: pages and API answers that somebody has; its robots.txt lets only known search engines in."""

from __future__ import annotations

from crawler.pages.base import Link, Platform, Response
from crawler.pages.bilibili import urls


class Bilibili(Platform):
    """The site, known by its hosts."""

    name = urls.SITE
    hosts = urls.HOSTS

    def recognises(self, response: Response) -> bool:  # noqa: ARG002 - its hosts say so
        """Tell that no page of another host is Bilibili's."""
        return False

    def start(self, url: str) -> tuple[Link, ...]:
        """Return the link to what `url` names, in the one form that it has here."""
        return (urls.start_link(url),)


BILIBILI = Bilibili()
