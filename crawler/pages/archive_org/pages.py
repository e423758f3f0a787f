"""archive.org's pages: of items, in its three shapes, and of searches."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import ClassVar

from crawler.errors import NotARecord
from crawler.items import Record, RecordKey
from crawler.pages.archive_org import urls
from crawler.pages.archive_org.item import Item, refuse_error
from crawler.pages.archive_org.markup import Markup
from crawler.pages.archive_org.records import ACCOUNT, COLLECTION, VIDEO, UserItem, VideoItem
from crawler.pages.base import Link, Listing, Page, known_fields, refuse_status
from crawler.pages.nodes import Node, dig, node, nodes, whole, words
from crawler.pages.paths import parameter, with_parameter
from crawler.pages.structured import values


class ItemPage(Page):
    """A video, a collection or an account, of which the JSON, or the page, tells all in one answer.

    robots.txt lets all robots read `/details/` and `/metadata/`, as far as known.
    """

    site = urls.SITE
    platform = urls.SITE
    hosts = ("archive.org",)
    path = r"/(?:details|metadata)/[^/]+(?:/.*)?"
    examples = (
        "https://archive.org/details/kites_1957",
        "https://archive.org/details/kites_1957?output=json",
        "https://archive.org/metadata/kites_1957",
    )

    source = "metadata API"

    @cached_property
    def markup(self) -> Markup | None:
        """The page, unless the answer is JSON."""
        return None if isinstance(self.response.json, dict | list) else Markup(self.response)

    @cached_property
    def item(self) -> Item:
        """The item.

        Raises:
            NotARecord: there is none, with the reason.
        """
        refuse_status(self.response.status)
        body = self.markup.body if self.markup else self.response.json
        if isinstance(part := dig(body, "result"), dict) and "metadata" not in body:  # of /metadata/ID/metadata
            body = {"metadata": part}
        refuse_error(body, self.url)
        return Item(body)

    @cached_property
    def record(self) -> VideoItem | UserItem:
        """What reads the item.

        Raises:
            NotARecord: it is neither a video nor a user.
        """
        mediatype = self.item.mediatype
        if mediatype == VIDEO:
            return VideoItem(self.response, self.item, self.markup)
        if mediatype in {ACCOUNT, COLLECTION} or (not mediatype and self.item.identifier.startswith("@")):
            return UserItem(self.response, self.item, self.markup)
        raise NotARecord("not_a_video", f"{self.item.identifier} is of the type {mediatype or 'unknown'}")

    def records(self) -> Iterator[Record]:
        """Yield the record."""
        yield from self.record.records()

    def sources(self, record: Record) -> dict[str, str]:
        """Return which of its shapes the answer has; a page may carry JSON, and tells more by itself."""
        if self.markup is None:
            return dict.fromkeys(known_fields(record), self.source if "/metadata/" in self.url else "details JSON")
        if not self.markup.carries:
            return dict.fromkeys(known_fields(record), "HTML")
        told = next(type(self.record)(self.response, self.item, None).records())
        by_json = {name for name in known_fields(told) if getattr(told, name) == getattr(record, name)}
        return {name: "JSON in the page" if name in by_json else "HTML" for name in known_fields(record)}

    def links(self) -> Iterator[Link]:
        """Yield a collection's videos, and for a video its collection and the account that uploaded it."""
        if isinstance(self.record, UserItem):
            if not self.record.is_account:
                yield urls.collection_videos(self.item.identifier)
            rows = self.markup.rows if self.markup else []
            yield from (urls.video_link(one) for one, mediatype in rows if mediatype == VIDEO)
            return
        account = self.record.account
        found = (self.record.channel_id(), account[0] if account else None)
        yield from (urls.user_link(one) for one in found if one)


class Search(Page):
    """A page of what a search finds; the listings of collections are such searches."""

    site = urls.SITE
    platform = urls.SITE
    hosts = ("archive.org",)
    path = r"/services/search/v1/scrape|/advancedsearch\.php"
    examples = (
        "https://archive.org/services/search/v1/scrape?q=collection%3A%28kites%29&count=1000",
        "https://archive.org/advancedsearch.php?q=kites&output=json",
    )
    source = "search API"
    statuses: ClassVar[frozenset[int]] = frozenset({400, 401, 403, 404, 410})

    @cached_property
    def body(self) -> Node:
        """What was answered.

        Raises:
            NotARecord: it is no list.
        """
        body = node(self.response.json)
        if self.response.is_error or "error" in body:
            said = values.line(body.get("error")) or f"HTTP {self.response.status}"
            raise NotARecord("refused", f"archive.org says: {said}")
        if not isinstance(body.get("items", dig(body, "response", "docs")), list):
            raise NotARecord("no_json", f"{self.url} answered no list of items")
        return body

    @cached_property
    def rows(self) -> list[Node]:
        """What was found, videos and others."""
        return nodes(self.body.get("items", dig(self.body, "response", "docs")))

    @property
    def videos(self) -> Iterator[str]:
        """Identifiers of the videos on this page; rows whose type was not asked for are taken for such."""
        named = (words(row.get("identifier")) for row in self.rows if row.get("mediatype", VIDEO) == VIDEO)
        return (one for one in named if one and urls.IDENTIFIER.fullmatch(one))

    def links(self) -> Iterator[Link]:
        """Yield the videos and the next page."""
        yield from map(urls.video_link, self.videos)
        cursor, start = self.body.get("cursor"), whole(dig(self.body, "response", "start"))
        following = None
        if isinstance(cursor, str) and cursor:
            following = with_parameter(self.url, "cursor", cursor)
        elif start is not None and start + len(self.rows) < (self.total() or 0) and self.rows:
            page = whole(parameter(self.url, "page")) or 1
            following = with_parameter(self.url, "page", str(page + 1))
        if following:
            yield Link(following, "listing", leads_to=frozenset({"video"}))

    def listing(self) -> Listing:
        """Return the videos of a collection, or another search by its words."""
        query = parameter(self.url, "q")
        collection = urls.collection_of(query)
        return Listing(f"videos of {collection}" if collection else f"archive.org search {query}", "video")

    def members(self) -> Iterator[RecordKey]:
        """Yield the keys of the videos."""
        yield from map(urls.video_key, self.videos)

    def total(self) -> int | None:
        """Return the number of rows that the site declares."""
        return whole(self.body.get("total", dig(self.body, "response", "numFound")))
