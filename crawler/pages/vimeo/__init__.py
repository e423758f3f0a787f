"""Vimeo: read through its pages, its player and its oEmbed answers."""

from __future__ import annotations

from crawler.pages.base import Site
from crawler.pages.vimeo import urls

VIMEO = Site(urls.SITE, urls.HOSTS, urls.start_link)
