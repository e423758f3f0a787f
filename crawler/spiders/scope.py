"""Which of a page's links are followed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from urllib.parse import urlsplit

from crawler.frontier.ledger import is_of_user
from crawler.pages import FALLBACK
from crawler.pages.base import Link, Listing, Page

NOTHING: frozenset[str] = frozenset()


def followed(  # noqa: PLR0913 - all but two are named
    page: Page,
    links: Iterable[Link],
    *,
    scope: str,
    wanted: frozenset[str],
    found: frozenset[str],
    had: frozenset[str] = NOTHING,
) -> Iterator[Link]:
    """Yield the links to follow, each URL once.

    Args:
        page: where they stand.
        links: what the page leads to.
        scope: `seed`, only what makes the wanted records of what was asked for; `host`, all on this host; `web`, all.
        wanted: kinds of records that are asked for.
        found: kinds of records that the page itself gave.
        had: those that pages on the way from the seed gave.
    """
    seen = set()
    listing = page.listing()
    for link in links:
        useful = wanted & leads_to(link, listing)
        if scope == "seed":
            useful -= had if listing is not None else had | found
            if isinstance(page, FALLBACK) and link.kind == "listing":
                continue
        elsewhere = link.outward or bare_host(link.url) != bare_host(page.url)
        if useful and link.url not in seen and (scope == "web" or not elsewhere):
            seen.add(link.url)
            yield link


def leads_to(link: Link, listing: Listing | None = None) -> frozenset[str]:
    """Return the kinds of records that a link leads to; one on a playlist by way of its videos also to their users."""
    kinds: frozenset[str] = frozenset(link.leads_to) if link.kind == "listing" else frozenset({link.kind})
    if listing is None or "video" not in kinds or listing.kind != "video" or listing.whole:
        return kinds
    return kinds if is_of_user(listing.name, listing.kind, whole=listing.whole) else kinds | {"user"}


def bare_host(url: str) -> str:
    """Return host and port of `url` without a leading `www.`."""
    return urlsplit(url).netloc.lower().removeprefix("www.")
