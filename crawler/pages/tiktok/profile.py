"""The page of a user."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property
from typing import ClassVar

from crawler.items import Record, User
from crawler.pages.base import Link, refuse_status
from crawler.pages.embedded import address, first_plain, identifier
from crawler.pages.nodes import Node, dig, node, nodes, words
from crawler.pages.paths import path_in
from crawler.pages.structured import values
from crawler.pages.tiktok import urls
from crawler.pages.tiktok.page import StatePage
from crawler.pages.tiktok.state import Told, refuse, user_told

MOST_LINKS = 1_000
COUNTRY = re.compile(r"[A-Z]{2}")


class Profile(StatePage):
    """A user. The list of their videos is in no page since 2023, only in an API that wants signed requests."""

    path = urls.PROFILE_PATH
    examples = ("https://www.tiktok.com/@kites",)
    record_type = User
    tables: ClassVar = {
        "follower_count": ("stats", "followerCount"),
        "following_count": ("stats", "followingCount"),
        "video_count": ("stats", "videoCount"),
        "like_count": ("stats", "heartCount", "heart"),
    }

    @cached_property
    def told(self) -> Told:
        """What the page tells."""
        return user_told(self.response.text, urls.handle_of(path_in(self.url)) or "")

    @cached_property
    def user(self) -> Node:
        """The user."""
        return node(self.told.thing.get("user"))

    def records(self) -> Iterator[Record]:
        """Yield the user.

        Raises:
            NotARecord: there is none, with the reason.
        """
        refuse_status(self.response.status)
        if not (self.id() and self.username()):
            refuse(self.told, self.response.text, self.url)
        yield from super().records()

    def id(self) -> str:
        """Return the number that no new handle changes."""
        return identifier(self.user.get("id")) or ""

    def canonical_url(self) -> str:
        """Return the address by the handle."""
        return urls.profile_url(self.username() or "")

    def username(self) -> str | None:
        """Return the handle."""
        told = first_plain(self.user, "uniqueId")
        return told if told and urls.HANDLE.fullmatch(told) else None

    def name(self) -> str | None:
        """Return the name."""
        return first_plain(self.user, "nickname")

    def description(self) -> str | None:
        """Return what they say of themselves."""
        return first_plain(self.user, "signature")

    def avatar_url(self) -> str | None:
        """Return the largest picture."""
        told = (self.user.get(name) for name in ("avatarLarger", "avatarMedium", "avatarThumb"))
        return next((found for one in told if (found := address(one, self.response))), None)

    def profile_links(self) -> list[str] | None:
        """Return the link below their words."""
        told = words(dig(self.user, "bioLink", "link"))
        found = address(told if not told or "://" in told else f"https://{told}", self.response)
        return [found] if found else None

    def follower_count(self) -> int | None:
        """Return the followers."""
        return self.count("follower_count")

    def following_count(self) -> int | None:
        """Return the users that this one follows."""
        return self.count("following_count")

    def video_count(self) -> int | None:
        """Return the videos, hidden ones among them."""
        return self.count("video_count")

    def like_count(self) -> int | None:
        """Return the likes of all videos."""
        return self.count("like_count")

    def is_verified(self) -> bool | None:
        """Return whether the site has verified them."""
        told = self.user.get("verified")
        return told if isinstance(told, bool) else None

    def country(self) -> str | None:
        """Return their country."""
        told = first_plain(self.user, "region") or ""
        return told if COUNTRY.fullmatch(told) else None

    def language(self) -> str | None:
        """Return their language."""
        return values.language(first_plain(self.user, "language"))

    def created_at(self) -> str | None:
        """Return when they joined."""
        return values.date(self.user.get("createTime"))

    def links(self) -> Iterator[Link]:
        """Yield those of their videos that the page has: about thirty on pages until 2023."""
        for item in nodes(list(self.told.videos))[:MOST_LINKS]:
            author = item.get("author")
            handle = author if isinstance(author, str) else first_plain(author, "uniqueId")
            video_id = identifier(item.get("id"))
            is_theirs = handle is not None and handle.casefold() == (self.username() or "").casefold()
            if video_id and is_theirs and "imagePost" not in item:
                yield urls.video_link(handle, video_id)
