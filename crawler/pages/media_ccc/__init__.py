"""media.ccc.de: the talks of the Chaos Computer Club's conferences and of others, through their public API."""

from __future__ import annotations

from crawler.pages.base import Site
from crawler.pages.media_ccc import urls

MEDIA_CCC = Site(urls.SITE, urls.HOSTS, urls.start_link)
