"""TikTok: videos, profiles, and what its oEmbed service answers."""

from __future__ import annotations

from crawler.pages.base import Link, Platform, Response
from crawler.pages.tiktok import urls


class TikTok(Platform):
    """The site, known by its hosts."""

    name = urls.SITE
    hosts = (*urls.HOSTS, *urls.SHORT_HOSTS)

    def recognises(self, response: Response) -> bool:  # noqa: ARG002 - its hosts say so
        """Tell that no page of another host is TikTok's."""
        return False

    def start(self, url: str) -> tuple[Link, ...]:
        """Return the link to what `url` names."""
        return (urls.start_link(url),)


TIKTOK = TikTok()
