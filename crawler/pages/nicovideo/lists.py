"""Lists of nicovideo's videos: those of a user, and what the search API answers."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

from crawler.errors import NotARecord
from crawler.items import Record, RecordKey
from crawler.pages.base import Link, Listing, Page, refuse_code, refuse_status
from crawler.pages.nicovideo import urls
from crawler.pages.nodes import Node, dig, node, nodes, whole

FARTHEST_ROW = {"snapshot.search.nicovideo.jp": 100_000, "api.search.nicovideo.jp": 1_600}
"""The largest `_offset` that each search API accepts."""


class Videos(Page):
    """A list, each of whose rows is a video that its own page tells more of."""

    @cached_property
    def body(self) -> Node:
        """The answer."""
        return node(self.response.json)

    @cached_property
    def ids(self) -> list[str]:
        """The ids of the videos."""
        return []

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

    site = urls.SITE
    platform = urls.SITE
    hosts = (urls.API_HOST,)
    path = r"/v\d+/users/\d+/videos"
    examples = ("https://nvapi.nicovideo.jp/v1/users/4/videos?page=1&pageSize=100",)

    @property
    def user_id(self) -> str:
        """The user whose videos these are."""
        return urlsplit(self.url).path.split("/")[3]

    @cached_property
    def ids(self) -> list[str]:
        """The ids of the videos, whose rows stand alone or inside of another."""
        rows = nodes(dig(self.body, "data", "items"))
        told = [dig(row, "essential", "id") or dig(row, "video", "id") or row.get("id") for row in rows]
        return list(dict.fromkeys(one for one in told if isinstance(one, str) and urls.VIDEO_ID.fullmatch(one)))

    def links(self) -> Iterator[Link]:
        """Yield the videos of this page, and the next page."""
        yield from super().links()
        page = whole(parse_qs(urlsplit(self.url).query).get("page", ["1"])[0]) or 1
        if self.ids and page * urls.PAGE_SIZE < (self.total() or 0):
            yield urls.videos_link(self.user_id, page + 1)

    def listing(self) -> Listing:
        """Return the user's videos."""
        return Listing(f"videos of {self.user_id}", "video")

    def total(self) -> int | None:
        """Return the number of videos that the site declares."""
        return whole(dig(self.body, "data", "totalCount"))


class Search(Videos):
    """What the search API v2 answers."""

    site = urls.SITE
    platform = urls.SITE
    hosts = urls.SEARCH_HOSTS
    path = r"/api/v2/.*video/contents/search"
    examples = (
        "https://snapshot.search.nicovideo.jp/api/v2/snapshot/video/contents/search?q=x&targets=title&_limit=100",
    )

    @cached_property
    def ids(self) -> list[str]:
        """The ids of the videos."""
        told = [row.get("contentId") for row in nodes(self.body.get("data"))]
        return list(dict.fromkeys(one for one in told if isinstance(one, str) and urls.VIDEO_ID.fullmatch(one)))

    def links(self) -> Iterator[Link]:
        """Yield the videos of this page, and the next page."""
        yield from super().links()
        parts = urlsplit(self.url)
        query = dict(parse_qsl(parts.query))
        following = (whole(query.get("_offset")) or 0) + (whole(query.get("_limit")) or 10)
        farthest = FARTHEST_ROW.get(parts.hostname or "", 0)
        if self.ids and following < (self.total() or 0) and following <= farthest:
            url = parts._replace(query=urlencode(query | {"_offset": following})).geturl()
            yield Link(url, "listing", leads_to=frozenset({"video"}))

    def listing(self) -> Listing:
        """Return this search."""
        return Listing(f"search {dict(parse_qsl(urlsplit(self.url).query)).get('q', '')}", "video")

    def total(self) -> int | None:
        """Return the number of videos that the search has found."""
        return whole(dig(self.body, "meta", "totalCount"))
