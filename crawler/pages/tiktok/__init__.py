"""TikTok: videos, profiles, and what its oEmbed service answers."""

from __future__ import annotations

from crawler.pages.base import Site
from crawler.pages.tiktok import urls

TIKTOK = Site(urls.SITE, (*urls.HOSTS, *urls.SHORT_HOSTS), urls.start_link)
