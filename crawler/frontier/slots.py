"""Which host's pace a request keeps: its slot, a name that survives retries, redirects and the queue."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scrapy.utils.httpobj import urlparse_cached

if TYPE_CHECKING:
    from scrapy import Request

FLEET_SLOT = "fleet"
"""The one slot of Scrapy's downloader that requests pass through, where DOWNLOAD_SLOTS sets no delay of a process."""
DOWNLOAD_SLOT = "download_slot"
"""Scrapy's key of `meta`. Whoever makes a request may give it a name, for several hosts that are paced as one."""
PACE_SLOT = "pace_slot"
"""Key of `meta` for the name that was given, once the downloader's own stands in its place."""


def slot_of(request: Request) -> str:
    """Return the slot that `request` was given, else the host of its URL; "" where it has none, as `data:` URLs."""
    return given_slot(request) or urlparse_cached(request).hostname or ""


def given_slot(request: Request) -> str:
    """Return the slot that whoever made `request` named, "" where it follows its URL.

    A redirect copies `meta`: a name that was given goes with it to another host, one that comes from the URL must not.
    """
    given = request.meta.get(DOWNLOAD_SLOT)
    if given in (None, FLEET_SLOT):
        given = request.meta.get(PACE_SLOT)
    return str(given or "")


def enter_fleet(request: Request) -> None:
    """Send `request` through the downloader's slot without delays, and keep the name that it was given."""
    if given := given_slot(request):
        request.meta[PACE_SLOT] = given
    request.meta[DOWNLOAD_SLOT] = FLEET_SLOT
