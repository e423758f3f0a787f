"""Bilibili: pages and API answers that somebody has; its robots.txt lets only known search engines in."""

from __future__ import annotations

from crawler.pages.base import Site
from crawler.pages.bilibili import urls

BILIBILI = Site(urls.SITE, urls.HOSTS, urls.start_link)
