"""Lists of nicovideo's videos: those of a user, and what the search API answers."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

from crawler.errors import NotARecord
from crawler.items import Record, RecordKey
from crawler.pages.base import Link, Listing, Page, refuse_code, refuse_status
from crawler.pages.nicovideo import urls
from crawler.pages.nodes import Node, dig, node, nodes, whole
from crawler.pages.paths import parameter, with_parameter

FARTHEST_ROW = {"snapshot.search.nicovideo.jp": 100_000, "api.search.nicovideo.jp": 1_600}
"""The largest `_offset` that each search API accepts."""


class Videos(Page):
    """A list, each of whose rows is a video that its own page tells more of."""

    site = urls.SITE
    platform = urls.SITE

    @cached_property
    def body(self) -> Node:
        """The answer."""
        return node(self.response.json)

    def named(self) -> Iterator[Any]:
        """Yield what the rows have as the ids of their videos."""
        raise NotImplementedError

    @cached_property
    def ids(self) -> list[str]:
        """The ids of the videos."""
        return list(dict.fromkeys(one for one in self.named() if isinstance(one, str) and urls.VIDEO_ID.fullmatch(one)))

    def records(self) -> Iterator[Record]:
        """Yield nothing: a list is no record.

        Raises:
            NotARecord: there is no list here, with the reason.
        """
        refuse_status(self.response.status)
        refuse_code(dig(self.body, "meta", "status"))
        if not self.body:
            raise NotARecord("no_json", f"{self.url} answered no list")
        yield from ()

    def links(self) -> Iterator[Link]:
        """Yield the videos of this page, and the next page."""
        yield from map(urls.video_link, self.ids)

    def members(self) -> Iterator[RecordKey]:
        """Yield the keys of the videos."""
        yield from map(urls.video_key, self.ids)


class VideosOfUser(Videos):
    """A page of a user's videos."""

    hosts = (urls.API_HOST,)
    path = r"/v\d+/users/\d+/videos"
    examples = ("https://nvapi.nicovideo.jp/v1/users/4/videos?page=1&pageSize=100",)

    @property
    def user_id(self) -> str:
        """The user whose videos these are."""
        return urlsplit(self.url).path.split("/")[3]

    def named(self) -> Iterator[Any]:
        """Yield the ids of rows that stand alone or inside of another."""
        for row in nodes(dig(self.body, "data", "items")):
            yield dig(row, "essential", "id") or dig(row, "video", "id") or row.get("id")

    def links(self) -> Iterator[Link]:
        """Yield the videos of this page, and the next page."""
        yield from super().links()
        page, size = (whole(parameter(self.url, name)) for name in ("page", "pageSize"))
        if self.ids and (page or 1) * (size or len(self.ids)) < (self.total() or 0):
            url = with_parameter(self.url, "page", str((page or 1) + 1))
            yield Link(url, "listing", leads_to=frozenset({"video"}), headers=urls.HEADERS)

    def listing(self) -> Listing:
        """Return the user's videos."""
        return Listing(f"videos of {self.user_id}", "video")

    def total(self) -> int | None:
        """Return the number of videos that the site declares."""
        return whole(dig(self.body, "data", "totalCount"))


class Search(Videos):
    """What the search API v2 answers."""

    hosts = urls.SEARCH_HOSTS
    path = r"/api/v2/.*video/contents/search"
    examples = (
        "https://snapshot.search.nicovideo.jp/api/v2/snapshot/video/contents/search?q=x&targets=title&_limit=100",
    )

    def named(self) -> Iterator[Any]:
        """Yield the ids of the rows."""
        yield from (row.get("contentId") for row in nodes(self.body.get("data")))

    def links(self) -> Iterator[Link]:
        """Yield the videos of this page, and the next page."""
        yield from super().links()
        offset, limit = (whole(parameter(self.url, name)) for name in ("_offset", "_limit"))
        following = (offset or 0) + (limit or 10)
        farthest = FARTHEST_ROW.get(urlsplit(self.url).hostname or "", 0)
        if self.ids and following < (self.total() or 0) and following <= farthest:
            url = with_parameter(self.url, "_offset", str(following))
            yield Link(url, "listing", leads_to=frozenset({"video"}))

    def listing(self) -> Listing:
        """Return this search."""
        return Listing(f"search {parameter(self.url, 'q')}", "video")

    def total(self) -> int | None:
        """Return the number of videos that the search has found."""
        return whole(dig(self.body, "meta", "totalCount"))
