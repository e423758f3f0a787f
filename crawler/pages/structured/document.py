"""A web page with what is needed to judge it: its structured data, its titles, its canonical address."""

from __future__ import annotations

from codecs import BOM_UTF8
from datetime import UTC, tzinfo
from functools import cached_property
from itertools import islice
from typing import Any
from urllib.parse import urlsplit

from parsel import Selector
from w3lib.encoding import html_to_unicode

from crawler.pages.base import Response
from crawler.pages.structured import microdata
from crawler.pages.structured.addresses import are_one_site, same_page_is_possible, without_tracking
from crawler.pages.structured.jsonld import Graph, Node, blocks, types, unescaped
from crawler.pages.structured.metas import OPENGRAPH, Metas
from crawler.pages.structured.titles import ALIASES, SEPARATOR, without_brand
from crawler.pages.structured.values import CHINA, KOREA_AND_JAPAN, http_url, line

MAX_BODY_BYTES = 20 * 2**20
MAX_HEADINGS = 20
MAX_TITLES = 100
"""Titles of pictures before that of the page."""
OEMBED = "application/json+oembed"


class Document:
    """A web page."""

    def __init__(self, response: Response) -> None:
        self.response = response
        self.selector = selector_of(response)
        self.root: Any = self.selector.root
        self.base = base_of(self.root, response.url)

    @cached_property
    def metas(self) -> Metas:
        """OpenGraph, Twitter card and plain `<meta>`."""
        return Metas.of(self.selector)

    @cached_property
    def graphs(self) -> list[Graph]:
        """JSON-LD, then microdata."""
        return [self.jsonld, Graph(microdata.items(self.selector, self.base), "microdata")]

    @cached_property
    def jsonld(self) -> Graph:
        """JSON-LD alone, where a site's microdata is of no use."""
        return Graph(blocks(self.selector))

    @cached_property
    def video_object(self) -> Node:
        """The first `VideoObject` of the JSON-LD; empty where there is none."""
        return next((one for one in self.jsonld.nodes if "VideoObject" in types(one)), {})

    @cached_property
    def title(self) -> str | None:
        """The `<title>` of the head."""
        titles = islice(self.root.iter("title"), MAX_TITLES)
        found = (title for title in titles if next(title.iterancestors("svg"), None) is None)
        first = next(found, None)
        return None if first is None else line("".join(first.itertext()))

    @cached_property
    def headings(self) -> list[str]:
        """The texts of the `<h1>`s."""
        found = islice(self.root.iter("h1"), MAX_HEADINGS)
        return [text for heading in found if (text := line("".join(heading.itertext())[:1000]))]

    @cached_property
    def language(self) -> str:
        """Language of the page, BCP 47; empty where it is not told."""
        return line(self.selector.xpath("string(/html/@lang)").get()) or ""

    @cached_property
    def site_name(self) -> str | None:
        """The site's own name for itself."""
        return line(self.metas.first("og:site_name"))

    @cached_property
    def og_type(self) -> str:
        """`og:type`, lower case; empty where it is not told."""
        return (line(self.metas.first("og:type")) or "").casefold()

    @property
    def zone(self) -> tzinfo:
        """The zone of a time without one: Korea's, Japan's or China's on their sites, else UTC."""
        host, spoken = urlsplit(self.response.url).hostname or "", self.language.casefold()
        if host.endswith((".kr", ".jp")) or spoken.startswith(("ko", "ja")):
            return KOREA_AND_JAPAN
        return CHINA if host.endswith((".cn", ".tw", ".hk")) or spoken.startswith("zh") else UTC

    @property
    def canonical(self) -> str:
        """The page's own address: `<link rel=canonical>`, else `og:url`, else the response's; without tracking."""
        return self.address[0]

    @cached_property
    def address(self) -> tuple[str, str]:
        """The page's own address, and what told it."""
        links = [link.get("href", "") for link in self.root.iter("link") if "canonical" in link.get("rel", "")][:5]
        told = [
            *((url, "link rel=canonical") for url in links),
            *((url, OPENGRAPH) for url in self.metas.all("og:url")[:5]),
        ]
        urls = ((http_url(url, self.base), source) for url, source in told)
        found = ((url, source) for url, source in urls if url and same_page_is_possible(url, self.response.url))
        url, source = next(found, (self.response.url, "URL"))
        return without_tracking(url.partition("#")[0]), source

    @property
    def picture(self) -> str | None:
        """The picture that OpenGraph names."""
        return http_url(self.metas.first("og:image:secure_url", "og:image"), self.base)

    @cached_property
    def oembed_url(self) -> str | None:
        """The address of what the site tells of this page in oEmbed; None where that is another site's."""
        links = [link for link in self.root.iter("link") if link.get("type", "").strip().casefold() == OEMBED][:5]
        urls = (http_url(link.get("href"), self.base) for link in links)
        return next((url for url in urls if url and are_one_site(url, self.response.url)), None)

    @cached_property
    def brands(self) -> set[str]:
        """What the site calls itself, lower case: its name, the parts of it, its host."""
        host = (urlsplit(self.response.url).hostname or "").removeprefix("www.").removeprefix("m.")
        names = {host, *(SEPARATOR.split(self.site_name) if self.site_name else ()), self.site_name or ""}
        label = host.split(".")[-2] if host.count(".") and not host.replace(".", "").isdecimal() else ""
        names |= {label, *ALIASES.get(label, ())}
        return {name.casefold() for name in names if len(name) > 2}  # noqa: PLR2004 - "tv" is in many a title

    def without_site(self, title: str | None) -> str | None:
        """Return `title` without what the site adds to it, where that surely is the site's; None where all of it is.

        Surely: it is the site's name, or it ends with it and the page elsewhere tells the title without it.
        """
        bare = without_brand(self._as_shown(title), self.brands, self.headings) if title else None
        *rest, suffix = SEPARATOR.split(bare or "")
        if bare is None or not rest or not suffix or not any(suffix.casefold().endswith(one) for one in self.brands):
            return bare
        shorter = bare[: bare.rindex(suffix)].rstrip(" -|\u2013\u2014·•:")
        return shorter if shorter and self._tells(shorter, instead_of=bare) else bare

    def _as_shown(self, title: str) -> str:
        """Return `title`, unescaped once more where the page also shows it so; a title may be about HTML."""
        bare = unescaped(title)
        if bare == title:
            return title
        shown = [*self.headings, self.title, *map(line, self.metas.all("og:title")[:1])]
        return bare if any(one and one.startswith(bare) for one in shown) else title

    def _tells(self, bare: str, instead_of: str) -> bool:
        summary = line(self.metas.first("og:description", "description")) or ""
        return bare in self.headings or (bare in summary and instead_of not in summary)


def selector_of(response: Response) -> Selector:
    """Parse the body: as it is where it surely is UTF-8, which spares half of the time of a page in other scripts."""
    body = response.body[:MAX_BODY_BYTES]
    encoding, text = html_to_unicode(response.headers.get("content-type"), body, default_encoding="utf-8")
    if encoding == "utf-8" and "\ufffd" not in text and not body.startswith(BOM_UTF8) and body.strip():
        return Selector(body=body, encoding="utf-8", type="html", base_url=response.url)
    return Selector(text=text or "<html/>", type="html", base_url=response.url)


def base_of(root: Any, url: str) -> str:
    """Return the address that the page's relative ones are joined to."""
    told = next((base.get("href") for base in root.iter("base") if base.get("href")), None)
    return http_url(told, url) or url
