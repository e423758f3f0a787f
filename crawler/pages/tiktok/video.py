"""The page of a video, and its player for other sites."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Any, ClassVar

from crawler.errors import NotARecord
from crawler.items import Availability, Record, RecordKey, Video
from crawler.pages.base import Link, refuse_status
from crawler.pages.embedded import address, first_plain, identifier
from crawler.pages.nodes import Node, dig, node, nodes, whole, words
from crawler.pages.paths import path_in
from crawler.pages.rows import texts
from crawler.pages.structured import values
from crawler.pages.tiktok import urls
from crawler.pages.tiktok.page import StatePage
from crawler.pages.tiktok.state import Told, refuse, video_told

UNPLAYABLE = "bytevc2"
"""A codec that no browser plays."""


class VideoPage(StatePage):
    """A video, as its page tells it; a post of pictures is none."""

    path = urls.VIDEO_PATH
    examples = (
        "https://www.tiktok.com/@kites/video/7000000000000000001",
        "https://m.tiktok.com/v/7000000000000000001.html",
    )
    record_type = Video
    tables: ClassVar = {
        "view_count": ("stats", "playCount"),
        "like_count": ("stats", "diggCount"),
        "comment_count": ("stats", "commentCount"),
        "repost_count": ("stats", "shareCount"),
        "channel_follower_count": ("authorStats", "followerCount"),
    }

    @cached_property
    def told(self) -> Told:
        """What the page tells."""
        return video_told(self.response.text, self._named_id)

    @cached_property
    def item(self) -> Node:
        """The video."""
        return self.told.thing

    @cached_property
    def author(self) -> Node:
        """Its account."""
        return node(self.item.get("author"))

    @property
    def _named_id(self) -> str:
        return urls.video_id_of(path_in(self.url)) or ""

    def records(self) -> Iterator[Record]:
        """Yield the video.

        Raises:
            NotARecord: there is none, with the reason.
        """
        refuse_status(self.response.status)
        if not self.item or not self.id():
            refuse(self.told, self.response.text, self.url)
        if isinstance(self.item.get("imagePost"), dict):
            raise NotARecord("no_video", f"{self.url} is a post of pictures")
        if not node(self.item.get("video")):
            if self.item.get("isContentClassified") is True:
                raise NotARecord("login", f"{self.url} is shown to visitors with an account only")
            refuse(self.told, self.response.text, self.url)
        yield from super().records()

    # --- what it is ---

    def id(self) -> str:
        """Return the video's id."""
        return identifier(self.item.get("id")) or self._named_id

    def canonical_url(self) -> str:
        """Return the video's address."""
        return urls.video_url(self.handle or urls.handle_of(path_in(self.url)), self.id())

    def title(self) -> str:
        """Return the caption; where it is empty, what the site calls the page."""
        return self.description() or self.told.title or urls.nameless(self.id())

    def description(self) -> str | None:
        """Return the caption."""
        return words(self.item.get("desc"))

    def published_at(self) -> str | None:
        """Return when it was published."""
        return values.date(self.item.get("createTime"))

    def duration(self) -> int | None:
        """Return its length in seconds."""
        return whole(dig(self.item, "video", "duration")) or None

    def tags(self) -> list[str] | None:
        """Return the hashtags."""
        parts = (self.item, *nodes(self.item.get("contents")))
        told = [
            *(one.get("title") for one in nodes(self.item.get("challenges"))),
            *(one.get("hashtagName") for part in parts for one in nodes(part.get("textExtra"))),
        ]
        found: dict[str, str] = {}
        for tag in (tag for one in told if (tag := words(one))):
            found.setdefault(tag.casefold(), tag)
        says_so = any(isinstance(part.get(name), list) for part in parts for name in ("challenges", "textExtra"))
        return list(found.values()) if found or says_so else None

    def categories(self) -> list[str] | None:
        """Return the categories."""
        return texts(self.item.get("diversificationLabels")) or None

    def is_family_friendly(self) -> bool | None:
        """Return False where it is marked as not for everybody."""
        return False if self.item.get("isContentClassified") is True else None

    def availability(self) -> Availability | None:
        """Return who can see it, where the page says so."""
        hidden = [self.item.get("secret"), self.item.get("forFriend"), self.author.get("privateAccount")]
        hidden += [self.told.status != 0, whole(self.item.get("takeDown")) not in {None, 0}]
        if self.item.get("privateItem") is True:
            return "private"
        return "public" if self.item.get("privateItem") is False and True not in hidden else None

    # --- counts ---

    def view_count(self) -> int | None:
        """Return the views."""
        return self.count("view_count")

    def like_count(self) -> int | None:
        """Return the likes."""
        return self.count("like_count")

    def comment_count(self) -> int | None:
        """Return the comments."""
        return self.count("comment_count")

    def repost_count(self) -> int | None:
        """Return how often it was shared."""
        return self.count("repost_count")

    def channel_follower_count(self) -> int | None:
        """Return the account's followers."""
        return self.count("channel_follower_count")

    # --- whose it is ---

    @property
    def handle(self) -> str | None:
        """The account's handle, without the `@`."""
        told = first_plain(self.author, "uniqueId")
        return told if told and urls.HANDLE.fullmatch(told) else None

    def uploader(self) -> str | None:
        """Return the account's name."""
        return first_plain(self.author, "nickname")

    def uploader_id(self) -> str | None:
        """Return the account's id, which no new handle changes."""
        return identifier(self.author.get("id"))

    def uploader_url(self) -> str | None:
        """Return the account's address."""
        return urls.profile_url(self.handle) if self.handle else None

    # --- pictures and files ---

    def thumbnail(self) -> str | None:
        """Return the cover."""
        told = (dig(self.item, "video", name) for name in ("cover", "originCover"))
        return next((found for one in told if (found := address(one, self.response))), None)

    @cached_property
    def largest(self) -> tuple[int | None, int | None, str | None]:
        """Width, height and address of the largest file."""
        video = node(self.item.get("video"))
        files: list[tuple[Any, Any, Any]] = [(video.get("width"), video.get("height"), video.get("playAddr"))]
        others = (node(one.get("PlayAddr")) for one in nodes(video.get("bitrateInfo")))
        playable = (one for one in others if UNPLAYABLE not in str(one.get("UrlKey"))[:200])
        files += [(one.get("Width"), one.get("Height"), dig(one, "UrlList", 0)) for one in playable]
        known = [(whole(width) or 0, whole(height) or 0, address(url, self.response)) for width, height, url in files]
        width, height, url = max(known, key=lambda file: file[0] * file[1])
        return width or None, height or None, url

    def width(self) -> int | None:
        """Return the width of the largest file."""
        return self.largest[0]

    def height(self) -> int | None:
        """Return the height of the largest file."""
        return self.largest[1]

    def content_url(self) -> str | None:
        """Return the largest file, at an address that is good for some hours."""
        return self.largest[2]

    def links(self) -> Iterator[Link]:
        """Yield the account."""
        if address_of_user := self.uploader_url():
            user_id = self.uploader_id()
            yield Link(address_of_user, "user", key=RecordKey("user", self.site, user_id) if user_id else None)
