"""The page of a playlist, and the consent screen."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from crawler.errors import NotARecord
from crawler.items import Record, RecordKey
from crawler.pages.base import Link, Listing, Page, refuse_status
from crawler.pages.nodes import Node, dig, node, nodes
from crawler.pages.paths import parameter
from crawler.pages.structured.counts import Count
from crawler.pages.youtube import listed, numbers, refusals, urls
from crawler.pages.youtube.markup import language_of
from crawler.pages.youtube.state import header_texts, initial_data, page_header, text_of


class Playlist(Page):
    """The first hundred videos of a playlist, as the rest is only in `/youtubei/`, which robots.txt forbids."""

    site = urls.SITE
    platform = urls.SITE
    hosts = ("youtube.com",)
    path = r"/playlist/?"
    examples = ("https://www.youtube.com/playlist?list=PLabcdefghijklmnop",)

    @cached_property
    def data(self) -> Node:
        """What the page is made from."""
        return initial_data(self.response.text)

    def records(self) -> Iterator[Record]:
        """Yield nothing: a playlist is no record.

        Raises:
            NotARecord: there is no playlist here, with the reason.
        """
        refuse_status(self.response.status)
        refusals.refuse_consent(self.response.text)
        if not self.ids:
            refusals.refuse_alerts(self.data)
        if not self.data:
            raise NotARecord("shell", f"{self.url} lists nothing")
        yield from ()

    @cached_property
    def ids(self) -> list[str]:
        """The ids of the videos on this page."""
        tabs = nodes(dig(self.data, "contents", "twoColumnBrowseResultsRenderer", "tabs"))
        return listed.video_ids(dig(tabs, 0, "tabRenderer", "content"))

    def links(self) -> Iterator[Link]:
        """Yield the videos."""
        yield from map(urls.video_link, self.ids)

    def listing(self) -> Listing:
        """Return this playlist."""
        return Listing(f"playlist {parameter(self.url, 'list')}", "video")

    def members(self) -> Iterator[RecordKey]:
        """Yield the keys of the videos."""
        yield from map(urls.video_key, self.ids)

    def total(self) -> int | None:
        """Return the number of videos that the playlist declares, hidden ones among them."""
        header = node(dig(self.data, "header", "playlistHeaderRenderer"))
        sidebar = nodes(dig(self.data, "sidebar", "playlistSidebarRenderer", "items"))
        stats = dig(sidebar, 0, "playlistSidebarPrimaryInfoRenderer", "stats")
        told = [text_of(header.get("numVideosText")), text_of(dig(stats, 0)), *header_texts(page_header(self.data))]
        language = language_of(self.response.text)
        read = (numbers.videos(one, language) for one in told)
        exact: list[Count] = [one for one in read if one and not one.approximate]
        return exact[0].value if exact else None


class Consent(Page):
    """The screen that asks visitors from the European Union about cookies, in place of any page."""

    site = urls.SITE
    platform = urls.SITE
    hosts = (urls.CONSENT_HOST,)
    path = r"/(?:m|ml|d|save)?/?"
    examples = ("https://consent.youtube.com/m?continue=https://www.youtube.com/watch",)

    def records(self) -> Iterator[Record]:
        """Refuse it.

        Raises:
            NotARecord: always.
        """
        yield from ()
        raise refusals.refusal("consent", f"redirected to {self.url}")
