"""Odysee, and the LBRY network behind it: through the API that resolves its names."""

from __future__ import annotations

from crawler.pages.base import Site
from crawler.pages.odysee import urls

ODYSEE = Site(urls.SITE, urls.HOSTS, urls.start_link)
