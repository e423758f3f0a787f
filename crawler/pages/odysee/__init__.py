"""Odysee, and the LBRY network behind it: through the API that resolves its names."""

from __future__ import annotations

from crawler.pages.base import Link, Platform, Response
from crawler.pages.odysee import urls


class Odysee(Platform):
    """The site, known by its hosts."""

    name = urls.SITE
    hosts = urls.HOSTS

    def recognises(self, response: Response) -> bool:  # noqa: ARG002 - its hosts say so
        """Tell that no page of another host is Odysee's."""
        return False

    def start(self, url: str) -> tuple[Link, ...]:
        """Return the link to what `url` names."""
        return (urls.start_link(url),)


ODYSEE = Odysee()
