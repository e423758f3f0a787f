"""nicovideo: pages of videos and users, thumbnail information in XML, channels, lists."""

from __future__ import annotations

from crawler.pages.base import Site
from crawler.pages.nicovideo import urls

NICOVIDEO = Site(urls.SITE, urls.HOSTS, urls.start_link)
