"""Chzzk (NAVER): its open JSON API, as its pages are empty without JavaScript."""

from __future__ import annotations

from crawler.pages.base import Site
from crawler.pages.chzzk import urls

CHZZK = Site(urls.SITE, ("chzzk.naver.com", "m.chzzk.naver.com", urls.API_HOST), urls.start_link)
