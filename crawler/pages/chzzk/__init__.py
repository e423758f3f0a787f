"""Chzzk (NAVER): its open JSON API, as its pages are empty without JavaScript."""

from __future__ import annotations

from crawler.pages.base import Link, Platform, Response
from crawler.pages.chzzk import urls


class Chzzk(Platform):
    """The site, known by its hosts."""

    name = urls.SITE
    hosts = ("chzzk.naver.com", "m.chzzk.naver.com", urls.API_HOST)

    def recognises(self, response: Response) -> bool:  # noqa: ARG002 - its hosts say so
        """Tell that no page of another host is Chzzk's."""
        return False

    def start(self, url: str) -> tuple[Link, ...]:
        """Return the link to what `url` names, in the API."""
        return (urls.start_link(url),)


CHZZK = Chzzk()
