"""Where a web page leads to, on its own host."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from crawler.pages.base import Link, LinkKind
from crawler.pages.structured.addresses import is_home
from crawler.pages.structured.document import Document
from crawler.pages.structured.entities import PERSONS, VIDEOS
from crawler.pages.structured.jsonld import Graph, Node, types
from crawler.pages.structured.values import http_url

MAX_LINKS = 1_000
"""Links of a page that are followed."""
MAX_ANCHORS = 20_000
SITEMAP_PRIORITY = -10
BINARY = re.compile(
    r"\.(?:jpe?g|png|gif|webp|avif|svg|ico|bmp|tiff?|mp[34]|m4[av]|webm|mov|avi|mkv|ogg|og[av]|wav|flac|aac|ts|m3u8|mpd|vtt|srt"
    r"|zip|gz|bz2|xz|7z|rar|tar|pdf|docx?|xlsx?|pptx?|epub|exe|dmg|apk|msi|iso|css|js|mjs|json|woff2?|ttf|otf|eot|torrent)$",
    re.IGNORECASE,
)
SESSION = re.compile(
    r"(?:^|/)(?:log[-_]?(?:in|out)|sign[-_]?(?:in|out|up|off)|register|logoff|oauth2?|password[-_]?reset)(?:/|\.\w+$|$)",
    re.IGNORECASE,
)
UNFOLLOWED = {"nofollow", "alternate"}
ANCHORS = "(//a[@href] | //link[@href][@rel='next' or @rel='prev' or @rel='author'])[position() <= $most]"
LISTS = ("itemListElement", "item", "mainEntity", "hasPart", "video", "author", "creator", "actor", "about")
MAX_DEPTH = 6


def links(document: Document) -> Iterator[Link]:
    """Yield the links of a page, those of known kind first, each address once."""
    robots = (document.metas.first("robots") or "").casefold()
    if "nofollow" in robots or "none" in robots.split():
        return
    seen = {document.response.url.partition("#")[0]}
    for url, kind in (*told(document), *anchors(document)):
        if len(seen) > MAX_LINKS:
            return
        if url not in seen:
            seen.add(url)
            yield Link(url, kind)
    if is_home(document.response.url):
        yield Link(document.response.base + "/sitemap.xml", "listing", priority=SITEMAP_PRIORITY, optional=True)


def told(document: Document) -> Iterator[tuple[str, LinkKind]]:
    """Yield the addresses of the videos and accounts that the structured data names."""
    for graph in document.graphs:
        waiting = [(node, MAX_DEPTH) for node in reversed(graph.nodes)]
        read: set[int] = set()
        while waiting:
            node, depth = waiting.pop()
            if id(node) in read:
                continue
            read.add(id(node))
            yield from named(node, graph, document)
            children = graph.children(node, *LISTS) if depth else []
            waiting.extend((child, depth - 1) for child in reversed(children))


def named(node: Node, graph: Graph, document: Document) -> Iterator[tuple[str, LinkKind]]:
    """Yield the addresses that `node` names."""
    kind: LinkKind = "video" if types(node) & VIDEOS else "user" if types(node) & PERSONS else "listing"
    values: list[Any] = [graph.first(node, "url")]
    if types(node) & {"ListItem"}:
        values += [item for item in graph.values(node, "item") if isinstance(item, str)]
    if kind != "listing" or not types(node):
        identifier = node.get("@id")
        values.append(None if isinstance(identifier, str) and "#" in identifier else identifier)
    for value in values:
        if isinstance(value, str) and (url := followed(value, document)):
            yield url, kind


def anchors(document: Document) -> Iterator[tuple[str, LinkKind]]:
    """Yield the addresses of `<a>`, and of `<link>`s to further pages and to the author."""
    found = document.selector.xpath(ANCHORS, most=MAX_ANCHORS)
    for element in (each.root for each in found):
        relations = set((element.get("rel") or "").casefold().split())
        if relations & UNFOLLOWED:
            continue
        if url := followed(element.get("href"), document):
            yield url, "user" if "author" in relations else "listing"


def followed(address: str, document: Document) -> str | None:
    """Return the absolute address without its fragment, or None when it is not followed."""
    if address.lstrip().startswith("#"):
        return None
    url = (http_url(address, document.base) or "").partition("#")[0]
    if not url:
        return None
    parts = urlsplit(url)
    own = document.response.host.removeprefix("www.")
    elsewhere = parts.netloc.casefold().removeprefix("www.") != own
    refused = elsewhere or BINARY.search(parts.path) or SESSION.search(parts.path)
    return None if refused else parts._replace(path=parts.path or "/").geturl()
