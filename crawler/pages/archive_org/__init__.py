"""archive.org: its items, through the JSON that it has of each."""

from __future__ import annotations

from crawler.pages.archive_org import urls
from crawler.pages.base import Site

ARCHIVE_ORG = Site(urls.SITE, urls.HOSTS, urls.start_link)
