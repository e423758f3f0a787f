"""A video of Bilibili: its page, and the API's answers of it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Any

from crawler.errors import NotARecord
from crawler.items import Video
from crawler.pages.base import Link
from crawler.pages.bilibili import urls
from crawler.pages.bilibili.refusals import refuse
from crawler.pages.embedded import identifier
from crawler.pages.nodes import Node, assigned, dig, node, whole, words
from crawler.pages.parts import PartsPage
from crawler.pages.rows import address, texts
from crawler.pages.structured import values
from crawler.pages.structured.schema import Fields

STATE = "__INITIAL_STATE__"
TURNED = 1
"""What `rotate` is where width and height are to be exchanged."""


class Viewed(PartsPage):
    """A video, as a row tells it."""

    site = urls.SITE
    platform = urls.SITE
    record_type = Video

    @cached_property
    def row(self) -> Node:
        """The video."""
        raise NotImplementedError

    def links(self) -> Iterator[Link]:
        """Yield who published it."""
        if mid := identifier(dig(self.row, "owner", "mid")):
            yield urls.user_link(mid)


class VideoPage(Viewed):
    """A video, as its page tells it."""

    hosts = ("bilibili.com",)
    path = r"/video/(?:BV\w{10}|[aA][vV]\d+)/?"
    examples = ("https://www.bilibili.com/video/BV17x411w7KC", "https://www.bilibili.com/video/av170001")
    source = STATE

    @cached_property
    def state(self) -> Node:
        """What the page is made from."""
        return assigned(self.response.text, STATE)

    @cached_property
    def row(self) -> Node:
        """The video, which pages for phones keep elsewhere."""
        return node(self.state.get("videoData")) or node(dig(self.state, "video", "viewInfo"))

    def parts(self) -> Iterator[tuple[str, Fields]]:
        """Yield what the page's data tells.

        Raises:
            NotARecord: there is no such video, with the reason.
        """
        if not self.row:
            for name in ("trueCode", "code"):
                refuse(dig(self.state, "error", name), dig(self.state, "error", "message"))
        yield self.source, of_view(self.row, self.state.get("tags"))
        card = self.state.get("upData")
        yield "upData", of_uploader(card, dig(card, "fans"), self.row)


class ViewAnswer(Viewed):
    """A video, as the API tells it."""

    hosts = (urls.API_HOST,)
    path = r"/x/web-interface/(?:wbi/)?view(?:/detail)?/?"
    examples = (
        "https://api.bilibili.com/x/web-interface/view?bvid=BV17x411w7KC",
        "https://api.bilibili.com/x/web-interface/view/detail?aid=170001",
    )
    source = "view API"

    @cached_property
    def data(self) -> Node:
        """What was answered."""
        return node(dig(self.response.json, "data"))

    @cached_property
    def row(self) -> Node:
        """The video, which `view/detail` answers beside others."""
        return node(self.data.get("View")) or self.data

    def parts(self) -> Iterator[tuple[str, Fields]]:
        """Yield what the answer tells.

        Raises:
            NotARecord: there is no such video, with the reason.
        """
        body = node(self.response.json)
        refuse(body.get("code"), body.get("message"))
        if not self.row:
            raise NotARecord("no_json" if not body else "not_found", f"{self.url} answered no video")
        yield self.source, of_view(self.row, self.data.get("Tags"))
        card = self.data.get("Card")
        yield "Card", of_uploader(dig(card, "card"), dig(card, "follower"), self.row)


def of_view(row: Node, tags: Any) -> Fields:
    """Return what a row and the tags beside it tell of a video; `dislike` is 0 there, whatever it is."""
    aid, told = identifier(row.get("aid")), row.get("bvid")
    is_bvid = isinstance(told, str) and urls.BVID.fullmatch(told)
    bvid = told if is_bvid else urls.bvid_of(int(aid)) if aid else None
    if bvid is None:
        return {}
    stat, mid = node(row.get("stat")), identifier(dig(row, "owner", "mid"))
    category = words(row.get("tname")) or words(row.get("tname_v2"))
    return {
        "id": bvid,
        "url": urls.video_url(bvid),
        "title": words(row.get("title")),
        "description": description(row),
        "published_at": values.date(row.get("pubdate")) if whole(row.get("pubdate")) else None,
        "duration": whole(row.get("duration")) or None,
        "view_count": whole(stat.get("view")),
        "like_count": whole(stat.get("like")),
        "comment_count": whole(stat.get("reply")),
        "repost_count": whole(stat.get("share")),
        "uploader": words(dig(row, "owner", "name")),
        "uploader_id": mid,
        "uploader_url": urls.user_url(mid) if mid else None,
        "thumbnail": address(row.get("pic")),
        "tags": texts(tags, "tag_name") or None,
        "categories": [category] if category else None,
        **size(row.get("dimension")),
    }


def description(row: Node) -> str | None:
    """Return the text; `-` stands for none."""
    told = words(row.get("desc"))
    return None if told is None or told.strip() == "-" else told


def size(dimension: Any) -> Fields:
    """Return width and height as they are seen."""
    told = node(dimension)
    width, height = whole(told.get("width")) or None, whole(told.get("height")) or None
    if told.get("rotate") == TURNED:
        width, height = height, width
    return {"width": width, "height": height} if width and height else {}


def of_uploader(card: Any, followers: Any, row: Node) -> Fields:
    """Return what stands beside the video of who published it, and not of another who took part."""
    mid = identifier(dig(row, "owner", "mid"))
    return {"channel_follower_count": whole(followers) if mid and identifier(dig(card, "mid")) == mid else None}
