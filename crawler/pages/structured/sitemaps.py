"""XML sitemaps and sitemap indexes, also gzipped."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from urllib.parse import urlsplit

from parsel import Selector

from crawler.pages.base import Link, Response
from crawler.pages.structured.values import http_url

MAX_LINKS = 50_000
"""Addresses of a sitemap, as its standard has it."""
MAX_BYTES = 50 * 2**20
"""Of an unpacked sitemap, as its standard has it."""
ROOTS = "/*[local-name() = 'urlset' or local-name() = 'sitemapindex']"
LOCATIONS = f"{ROOTS}/*[local-name() = 'url' or local-name() = 'sitemap']/*[local-name() = 'loc']/text()"
"""The pages' addresses; a picture's `loc` stands a level deeper."""
GZIP_MAGIC = b"\x1f\x8b"
GZIP_WINDOW = 31
BLANKS = b"\xef\xbb\xbf \t\r\n"


def is_sitemap(response: Response) -> bool:
    """Tell whether a response may be a sitemap: its path says so, or it is XML."""
    content_type = response.headers.get("content-type", "").casefold()
    named = "sitemap" in urlsplit(response.url).path.casefold()
    xml = "xml" in content_type and "html" not in content_type
    start = response.body[:200].lstrip(BLANKS)
    return xml or (named and start.startswith((b"<?xml", b"<urlset", b"<sitemapindex", GZIP_MAGIC)))


def links(response: Response) -> Iterator[Link]:
    """Yield the addresses of a sitemap that are on its own host."""
    try:
        # Entities are not expanded, and nothing is loaded: parsel sees to both.
        selector = Selector(body=unpacked(response.body), type="xml", huge_tree=False)
        locations = selector.xpath(LOCATIONS).getall()
    except (ValueError, zlib.error):
        return
    seen = {response.url}
    for location in locations[:MAX_LINKS]:
        url = (http_url(location, response.url) or "").partition("#")[0]
        if url and url not in seen and urlsplit(url).netloc.casefold() == response.host:
            seen.add(url)
            yield Link(url, "listing")


def unpacked(body: bytes) -> bytes:
    """Return the XML of a sitemap; of one that unpacks to more than it may, the beginning."""
    if not body.startswith(GZIP_MAGIC):
        return body[:MAX_BYTES]
    return zlib.decompressobj(wbits=GZIP_WINDOW).decompress(body, MAX_BYTES)
