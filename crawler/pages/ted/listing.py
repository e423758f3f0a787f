"""The pages of playlists and series."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from crawler.errors import NotARecord
from crawler.items import Record, RecordKey
from crawler.pages.base import Link, Listing, Page, refuse_status
from crawler.pages.embedded import NEXT_DATA, identifier, script
from crawler.pages.nodes import Node, dig, node, nodes
from crawler.pages.paths import path_in
from crawler.pages.ted import urls


class Talks(Page):
    """The talks of a playlist or a series, all on one page."""

    site = urls.SITE
    platform = urls.SITE
    hosts = (urls.HOME,)
    path = urls.LISTING_PATH
    examples = ("https://www.ted.com/playlists/171/kites", "https://www.ted.com/series/small_kites")
    source = NEXT_DATA

    @cached_property
    def props(self) -> Node:
        """What the page is made from."""
        return node(dig(script(self.response.text, NEXT_DATA), "props", "pageProps"))

    def records(self) -> Iterator[Record]:
        """Yield nothing: a list is no record.

        Raises:
            NotARecord: there is no list here, with the reason.
        """
        refuse_status(self.response.status)
        if not self.talks:
            raise NotARecord("shell", f"{self.url} lists no talks")
        yield from ()

    @cached_property
    def talks(self) -> dict[str, RecordKey | None]:
        """Address and key of each talk that is listed; what is on another site is left out."""
        lists = [node(self.props.get("playlist")), *nodes(self.props.get("seasons"))]
        videos = [video for one in lists for video in nodes(dig(one, "videos", "nodes"))]
        found = {}
        for video in videos:
            slug = urls.slug_of(path_in(video.get("canonicalUrl")))
            if slug:
                talk_id = identifier(video.get("id"))
                found[urls.talk_url(slug)] = RecordKey("video", self.site, talk_id) if talk_id else None
        return found

    def links(self) -> Iterator[Link]:
        """Yield the talks."""
        yield from (Link(url, "video", key=key) for url, key in self.talks.items())

    def listing(self) -> Listing:
        """Return this list."""
        return Listing(path_in(self.url).strip("/").replace("/", " "), "video")

    def members(self) -> Iterator[RecordKey]:
        """Yield the keys of the talks."""
        yield from (key for key in self.talks.values() if key)
