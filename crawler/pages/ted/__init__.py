"""TED: talks, their speakers, playlists and series, and what its oEmbed service answers."""

from __future__ import annotations

from crawler.pages.base import Link, Platform, Response
from crawler.pages.ted import urls


class TED(Platform):
    """The site, known by its hosts."""

    name = urls.SITE
    hosts = (*urls.HOSTS, *urls.PLAYER_HOSTS)

    def recognises(self, response: Response) -> bool:  # noqa: ARG002 - its hosts say so
        """Tell that no page of another host is TED's."""
        return False

    def start(self, url: str) -> tuple[Link, ...]:
        """Return the link to what `url` names."""
        return (urls.start_link(url),)


PLATFORM = TED()
