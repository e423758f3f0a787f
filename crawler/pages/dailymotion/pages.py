"""Dailymotion's API and pages: one video, one user, the videos of a user or playlist; oEmbed."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from functools import cached_property

from crawler.errors import NotARecord
from crawler.items import Record, RecordKey, Video
from crawler.pages.base import Link, Listing, Page, known_fields, refuse_status
from crawler.pages.dailymotion import rows, urls
from crawler.pages.dailymotion.html import PLAYER, UserHtml, VideoHtml
from crawler.pages.nodes import Node, node, nodes, whole
from crawler.pages.oembed import OEmbedPage
from crawler.pages.paths import path_in, split

HOSTS = ("dailymotion.com",)
API_SOURCE = "REST API"


class Reader(Page):
    """What stands at one address as JSON of the API, and as a page on the site's own host."""

    site = urls.SITE
    platform = urls.SITE
    hosts = HOSTS
    source = API_SOURCE

    @property
    def is_json(self) -> bool:
        """Whether the answer is the API's."""
        return self.response.host == urls.API_HOST or self.response.body[:100].lstrip()[:1] in {b"{", b"["}

    @property
    def body(self) -> Node:
        """The object that was answered.

        Raises:
            NotARecord: it is an error, or no object.
        """
        rows.refuse_error(self.response.json)
        refuse_status(self.response.status)
        return node(self.response.json)


class VideoPage(Reader):
    """A video: `api.dailymotion.com/video/ID`, the page `/video/ID`, the player's metadata."""

    path = r"/(?:(?:embed|crawler|player/metadata)/)?video/[^/]+/?"
    examples = (
        "https://api.dailymotion.com/video/x7abcde",
        "https://www.dailymotion.com/video/x7abcde",
        "https://www.dailymotion.com/player/metadata/video/x7abcde",
    )

    @cached_property
    def html(self) -> VideoHtml:
        """The page as HTML."""
        return VideoHtml(self.response)

    def records(self) -> Iterator[Record]:
        """Yield the video."""
        yield from [rows.video(self.body, self.response)] if self.is_json else self.html.records()

    def sources(self, record: Record) -> dict[str, str]:
        """Return which part told each field."""
        if not self.is_json:
            return self.html.sources(record)
        return dict.fromkeys(known_fields(record), API_SOURCE if self.response.host == urls.API_HOST else PLAYER)

    def links(self) -> Iterator[Link]:
        """Yield the owner."""
        with contextlib.suppress(NotARecord):
            found = rows.owner_id(self.body) if self.is_json else self.html.owner_name
            if found:
                yield urls.user_link(found, is_id=self.is_json)


class UserPage(Reader):
    """A user: `api.dailymotion.com/user/ID`, or the page `/NAME`."""

    path = rf"/user/[^/]+/?|/(?!(?i:{'|'.join(map(re.escape, sorted(urls.NO_USERS)))})/?$)[\w.-]+/?"
    examples = ("https://api.dailymotion.com/user/x1abcd", "https://www.dailymotion.com/example-name")

    @cached_property
    def html(self) -> UserHtml:
        """The page as HTML."""
        return UserHtml(self.response)

    def records(self) -> Iterator[Record]:
        """Yield the user."""
        yield from [rows.user(self.body, self.response)] if self.is_json else self.html.records()

    def sources(self, record: Record) -> dict[str, str]:
        """Return which part told each field."""
        return super().sources(record) if self.is_json else self.html.sources(record)

    def links(self) -> Iterator[Link]:
        """Yield their videos."""
        with contextlib.suppress(NotARecord):
            found = self.body.get("id") if self.is_json else None
            if isinstance(found, str) and urls.USER_ID.fullmatch(found):
                yield urls.list_link("user", found)


class Videos(Reader):
    """The videos of a user or a playlist, 100 on a page.

    A list ends at 1,000 rows; one of a user goes on from the last of them, by the time of its creation.
    """

    path = r"/(?:(?:user|playlist|channel)/[^/]+/)?videos/?"
    examples = (
        "https://api.dailymotion.com/user/x1abcd/videos?limit=100&page=1",
        "https://api.dailymotion.com/playlist/x2abcd/videos?limit=100&page=1",
    )

    @property
    def named(self) -> tuple[str, str]:
        """`user` or `playlist`, and whose or which; nothing for a list without an end."""
        _, kind, name, *_ = [*path_in(self.url).split("/"), ""]
        return (kind, name) if kind in {"user", "playlist"} else ("", "")

    @property
    def query(self) -> dict[str, str]:
        """Parameters of the request."""
        return split(self.url)[2]

    @cached_property
    def rows(self) -> list[Node]:
        """The objects of the list."""
        return nodes(self.body.get("list"))

    @cached_property
    def videos(self) -> list[Video]:
        """Those videos that the rows tell enough of."""
        found = []
        for row in self.rows:
            with contextlib.suppress(NotARecord):
                found.append(rows.video(row, self.response))
        return found

    def records(self) -> Iterator[Record]:
        """Yield the videos."""
        yield from self.videos

    def links(self) -> Iterator[Link]:
        """Yield the videos that are no records here, the next page, and of a playlist the owners."""
        there = {video.id for video in self.videos}
        yield from (urls.video_link(key.id) for key in self.members() if key.id not in there)
        if self.named[0] == "playlist":
            owners = {owner for row in self.rows if (owner := rows.owner_id(row))}
            yield from (urls.user_link(owner, is_id=True) for owner in sorted(owners))
        if self.rows and self.named[0] and self.body.get("has_more") is True:
            yield from self.following()

    def following(self) -> Iterator[Link]:
        """Yield the next page, or behind the last that the API shows the first one of what is older."""
        kind, name = self.named
        page = whole(self.query.get("page")) or 1
        before = whole(self.query.get("created_before"))
        if (page + 1) * urls.PAGE_SIZE <= urls.MOST_ROWS:
            yield urls.list_link(kind, name, page + 1, before)
            return
        times = [one for row in self.rows if (one := whole(row.get("created_time")))]
        oldest = min(times, default=0) + 1  # others of the same second may stand behind it
        if kind == "user" and oldest > 1 and (before is None or oldest < before):
            yield urls.list_link(kind, name, 1, oldest)

    def listing(self) -> Listing | None:
        """Return the list, which goes by one name whatever part of it this is; a user's by their id."""
        kind, name = self.named
        if not kind:
            return None
        owner = next(filter(None, map(rows.owner_id, self.rows)), name)
        return Listing(f"videos of {owner}" if kind == "user" else f"playlist {name}", "video")

    def members(self) -> Iterator[RecordKey]:
        """Yield the keys of the rows."""
        ids = (row.get("id") for row in self.rows)
        yield from (urls.video_key(one) for one in ids if isinstance(one, str) and urls.VIDEO_ID.fullmatch(one))

    def total(self) -> int | None:
        """Return the number of videos, which is right only for lists that end before the API does."""
        declared = whole(self.body.get("total"))
        if declared is None or declared >= urls.MOST_ROWS or "created_before" in self.query:
            return None
        return declared


class OEmbed(OEmbedPage):
    """An oEmbed answer: the title, the author's name and address, a picture."""

    site = urls.SITE
    platform = urls.SITE
    hosts = HOSTS
    path = r"/services/oembed/?"
    examples = ("https://www.dailymotion.com/services/oembed?url=https://www.dailymotion.com/video/x7abcde",)

    def records(self) -> Iterator[Record]:
        """Yield the video.

        Raises:
            NotARecord: the answer is an error, or tells no video.
        """
        rows.refuse_error(self.response.json)
        refuse_status(self.response.status)
        if not (self.id() and self.told.title):
            raise NotARecord("shell", "the oEmbed answer tells no video")
        yield from super().records()

    def id(self) -> str:
        """Return the id, which stands in the player's address."""
        return urls.video_id_of(*split(self.told.embed_url or "")) or ""

    def canonical_url(self) -> str:
        """Return the address of the video's page."""
        return urls.video_url(self.id())

    def uploader_url(self) -> str | None:
        """Return the address of the owner's page."""
        return rows.secure(self.told.author_url)

    def embed_url(self) -> str:
        """Return the address of the player."""
        return (self.told.embed_url or "").rstrip("&?")

    def links(self) -> Iterator[Link]:
        """Yield the owner."""
        name = path_in(self.uploader_url()).strip("/")
        if urls.NAME.fullmatch(name):
            yield urls.user_link(name)
