"""archive.org: its items, through the JSON that it has of each."""

from __future__ import annotations

from crawler.pages.archive_org import urls
from crawler.pages.base import Link, Platform, Response


class ArchiveOrg(Platform):
    """The site, known by its hosts."""

    name = urls.SITE
    hosts = urls.HOSTS

    def recognises(self, response: Response) -> bool:  # noqa: ARG002 - its hosts say so
        """Tell that no page of another host is archive.org's."""
        return False

    def start(self, url: str) -> tuple[Link, ...]:
        """Return the link to what `url` names."""
        return (urls.start_link(url),)


ARCHIVE_ORG = ArchiveOrg()
