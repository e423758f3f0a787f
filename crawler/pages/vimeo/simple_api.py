"""Answers of Vimeo's first API, `/api/v2/…`, which it has given up: read where somebody has kept them, never asked."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from crawler.errors import NotARecord
from crawler.items import Record, User, Video
from crawler.pages.base import Link, Page, refuse_status
from crawler.pages.nodes import Node, node, nodes, whole
from crawler.pages.structured import values
from crawler.pages.texts import plain
from crawler.pages.vimeo import common, urls

PORTRAITS = ("portrait_huge", "portrait_large", "portrait_medium", "portrait_small")
THUMBNAILS = ("thumbnail_large", "thumbnail_medium", "thumbnail_small")


class SimpleApi(Page):
    """A list of videos, of which most have one, or a user; no count is ever rounded."""

    site = urls.SITE
    platform = urls.SITE
    hosts = ("vimeo.com",)
    path = r"/api/v2/(?:[\w-]+/){1,3}[\w-]+\.json|/api/v2/[\w-]+\.json"
    examples = ("https://vimeo.com/api/v2/video/123456789.json", "https://vimeo.com/api/v2/examplename/info.json")
    source = "API v2"

    @property
    def rows(self) -> list[Node]:
        """The objects of the answer."""
        return nodes(self.response.json) or [node(self.response.json)]

    def records(self) -> Iterator[Record]:
        """Yield the videos, or the user.

        Raises:
            NotARecord: there is none.
        """
        refuse_status(self.response.status)
        found = [record for row in self.rows if (record := self.record(row))]
        if not found:
            raise NotARecord("shell", f"{self.url} tells no video and no user")
        yield from found

    def record(self, row: Node) -> Record | None:
        """Return what an object tells; None for what is neither a video nor a user."""
        if not (number := common.number(row.get("id"))):
            return None
        if title := values.line(row.get("title")):
            return self.video(row, number, title) if "upload_date" in row else None
        name = values.line(row.get("display_name"))
        return self.user(row, number, name) if name else None

    def video(self, row: Node, number: str, title: str) -> Video:
        """Return a video."""
        address = urls.user_url(row.get("user_url"))
        return Video(
            id=number,
            url=urls.video_url(number),
            embed_url=urls.player_url(number),
            site=self.site,
            fetched_at=self.response.fetched_at,
            fetched_from=self.url,
            title=title,
            description=plain(row.get("description")),
            published_at=common.home_time(row.get("upload_date")),
            duration=whole(row.get("duration")) or None,
            view_count=whole(row.get("stats_number_of_plays")),
            like_count=whole(row.get("stats_number_of_likes")),
            comment_count=whole(row.get("stats_number_of_comments")),
            uploader=values.line(row.get("user_name")),
            uploader_id=common.number(row.get("user_id")) or urls.number_in(address),
            uploader_url=address,
            thumbnail=largest(row, THUMBNAILS),
            tags=tags(row.get("tags")),
            width=whole(row.get("width")) or None,
            height=whole(row.get("height")) or None,
        )

    def user(self, row: Node, number: str, name: str) -> User:
        """Return a user."""
        address = urls.user_url(row.get("profile_url"))
        link = values.http_url(row.get("url"), urls.BASE)
        return User(
            site=self.site,
            id=number,
            url=address or f"{urls.BASE}/user{number}",
            fetched_at=self.response.fetched_at,
            fetched_from=self.url,
            username=urls.name_in(address),
            name=name,
            description=plain(row.get("bio")),
            avatar_url=common.portrait(largest(row, PORTRAITS)),
            links=[link] if link else None,
            video_count=whole(row.get("total_videos_uploaded")),
            created_at=common.home_time(row.get("created_on")),
        )

    def links(self) -> Iterator[Link]:
        """Yield the owners of the videos."""
        owners = {urls.name_in(row.get("user_url")): common.number(row.get("user_id")) for row in self.rows}
        yield from (urls.user_link(name, user_id) for name, user_id in owners.items() if name)


def largest(row: Node, names: tuple[str, ...]) -> str | None:
    """Return the address of the first picture that there is."""
    return next((found for name in names if (found := common.picture(row.get(name)))), None)


def tags(told: Any) -> list[str] | None:
    """Return the tags, which are one text with commas; none where it is empty."""
    return [tag for one in told.split(",") if (tag := one.strip())] if isinstance(told, str) else None
