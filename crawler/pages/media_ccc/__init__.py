"""media.ccc.de: the talks of the Chaos Computer Club's conferences and of others, through their public API."""

from __future__ import annotations

from crawler.pages.base import Link, Platform, Response
from crawler.pages.media_ccc import urls


class MediaCcc(Platform):
    """The site, known by its hosts."""

    name = urls.SITE
    hosts = urls.HOSTS

    def recognises(self, response: Response) -> bool:  # noqa: ARG002 - its hosts say so
        """Tell that no page of another host is media.ccc.de's."""
        return False

    def start(self, url: str) -> tuple[Link, ...]:
        """Return the link to what `url` names."""
        return (urls.start_link(url),)


MEDIA_CCC = MediaCcc()
