"""nicovideo: pages of videos and users, thumbnail information in XML, channels, lists."""

from __future__ import annotations

from crawler.pages.base import Link, Platform, Response
from crawler.pages.nicovideo import urls


class Nicovideo(Platform):
    """The site, known by its hosts."""

    name = urls.SITE
    hosts = urls.HOSTS

    def recognises(self, response: Response) -> bool:  # noqa: ARG002 - its hosts say so
        """Tell that no page of another host is nicovideo's."""
        return False

    def start(self, url: str) -> tuple[Link, ...]:
        """Return the link to what `url` names, in the one form that it has here."""
        return (urls.start_link(url),)


NICOVIDEO = Nicovideo()
