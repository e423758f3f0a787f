"""Dailymotion: read through its open REST API; its pages and oEmbed answers are understood, too."""

from __future__ import annotations

from crawler.pages.base import Site
from crawler.pages.dailymotion import urls

DAILYMOTION = Site(urls.SITE, urls.HOSTS, urls.start_link)
