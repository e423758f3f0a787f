"""A user of Bilibili: the little that the page tells, and the API's answers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

from crawler.errors import NotARecord
from crawler.items import User
from crawler.pages.bilibili import urls
from crawler.pages.bilibili.refusals import refuse
from crawler.pages.embedded import identifier
from crawler.pages.nodes import Node, dig, node, whole, words
from crawler.pages.parts import PartsPage
from crawler.pages.rows import address
from crawler.pages.structured.schema import Fields

TITLE = re.compile(r"(.{1,60})的个人空间(?:-\1个人主页-哔哩哔哩视频| ?- ?哔哩哔哩.{0,60})")
FACE = "/bfs/face/"
"""In the address of a user's picture."""
PLACE_HOLDERS = ("/bfs/face/member/noface.", "/bfs/space/cb1c3ef50e22b6096fde67febe863494caefebad.")
"""In the addresses of the pictures of users who have chosen none, and of the one above their pages."""
VERIFIED = (0, 1)
"""Kinds of verification, of persons and of organisations; -1 for none."""


class Space(PartsPage):
    """A user's page, which names them in its title; all else is fetched by its scripts."""

    site = urls.SITE
    platform = urls.SITE
    hosts = (urls.SPACE_HOST,)
    path = r"/[1-9]\d*(?:/\w*)?"
    examples = ("https://space.bilibili.com/12",)
    record_type = User
    source = "title"

    def parts(self) -> Iterator[tuple[str, Fields]]:
        """Yield what the page tells.

        Raises:
            NotARecord: it names no user.
        """
        page = self.response.selector
        named = TITLE.fullmatch((page.xpath("//title/text()").get() or "").strip())
        if named is None:
            raise NotARecord("shell", f"{self.url} names no user: its scripts would")
        mid = urlsplit(self.url).path.split("/")[1]
        icon = page.xpath("//link[@rel='apple-touch-icon']/@href").get() or ""
        yield (
            self.source,
            {
                "id": mid,
                "url": urls.user_url(mid),
                "name": named[1],
                "avatar_url": picture(icon.partition("@")[0]) if FACE in icon else None,
            },
        )


class UserAnswer(PartsPage):
    """A user, as the API tells them."""

    site = urls.SITE
    platform = urls.SITE
    hosts = (urls.API_HOST,)
    path = r"/x/(?:space/(?:wbi/)?acc/info|web-interface/card)/?"
    examples = (
        "https://api.bilibili.com/x/space/wbi/acc/info?mid=12",
        "https://api.bilibili.com/x/web-interface/card?mid=12",
    )
    record_type = User
    source = "user API"

    @cached_property
    def data(self) -> Node:
        """What was answered."""
        return node(dig(self.response.json, "data"))

    def parts(self) -> Iterator[tuple[str, Fields]]:
        """Yield what the answer tells.

        Raises:
            NotARecord: there is no such user, with the reason.
        """
        body = node(self.response.json)
        refuse(body.get("code"), body.get("message"))
        is_card = "card" in self.data
        row = node(self.data.get("card")) if is_card else self.data
        mid = identifier(row.get("mid"))
        if mid is None:
            raise NotARecord("no_json" if not body else "not_found", f"{self.url} answered no user")
        kind = dig(row, "official", "type") if "official" in row else dig(row, "official_verify", "type")
        is_told = isinstance(kind, int) and not isinstance(kind, bool)
        yield (
            self.source,
            {
                "id": mid,
                "url": urls.user_url(mid),
                "name": words(row.get("name")),
                "description": words(row.get("sign")),
                "avatar_url": picture(row.get("face")),
                "banner_url": picture(row.get("top_photo")) if not is_card else None,
                "follower_count": self.followers(row) if is_card else None,
                "following_count": whole(row.get("attention")) if is_card else None,
                "video_count": whole(self.data.get("archive_count")) if is_card else None,
                "is_verified": kind in VERIFIED if is_told else None,
            },
        )

    def followers(self, card: Node) -> int | None:
        """Return the followers."""
        told = whole(self.data.get("follower"))
        return whole(card.get("fans")) if told is None else told


def picture(told: Any) -> str | None:
    """Return the address of a picture; None for one of the site's own."""
    found = address(told)
    return None if found and any(one in found for one in PLACE_HOLDERS) else found
