"""Vimeo's oEmbed answers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property

from crawler.errors import NotARecord
from crawler.items import Record, Video
from crawler.pages.base import Link, RecordPage, refuse_status
from crawler.pages.nodes import Node, node, whole
from crawler.pages.structured import values
from crawler.pages.texts import first_said, plain
from crawler.pages.vimeo import common, urls

URI = re.compile(r"/videos/(\d{1,15})(?::([\da-f]{6,40}))?", re.ASCII)


class OEmbed(RecordPage):
    """An oEmbed answer; of a video that may only be embedded it tells the player and nothing else."""

    site = urls.SITE
    platform = urls.SITE
    hosts = ("vimeo.com",)
    path = r"/api/oembed(?:\.json)?/?"
    examples = ("https://vimeo.com/api/oembed.json?url=https://vimeo.com/123456789",)
    record_type = Video
    source = "oEmbed"

    @cached_property
    def body(self) -> Node:
        """The object that was answered."""
        return node(self.response.json)

    @cached_property
    def ids(self) -> dict[str, str]:
        """Id, address and player of the video; empty where there is none."""
        told = self.body.get("uri")
        found = URI.fullmatch(told) if isinstance(told, str) else None
        video_id = common.number(self.body.get("video_id")) or (found[1] if found else None)
        return common.identity(video_id, found[2] if found else None) if video_id else {}

    def records(self) -> Iterator[Record]:
        """Yield the video.

        Raises:
            NotARecord: the answer is an error, or tells no more than the player.
        """
        refuse_status(self.response.status)
        if not self.ids:
            said = (self.body.get("error"), self.body.get("message"))
            raise NotARecord("not_found", first_said(*said, otherwise="the oEmbed answer tells no video"))
        if not self.title():
            raise NotARecord("private", "the oEmbed answer tells only the player, as of videos that are not public")
        yield from super().records()

    def id(self) -> str:
        """Return the id."""
        return self.ids["id"]

    def canonical_url(self) -> str:
        """Return the address of the video's page."""
        return self.ids["url"]

    def embed_url(self) -> str:
        """Return the address of the player."""
        return self.ids["embed_url"]

    def title(self) -> str:
        """Return the title."""
        return values.line(self.body.get("title")) or ""

    def description(self) -> str | None:
        """Return the whole text."""
        told = values.text(self.body.get("description"))
        return common.description(plain(told) if told and "<br" in told else told)

    def published_at(self) -> str | None:
        """Return when it was uploaded, which is told in the site's own zone."""
        return common.home_time(self.body.get("upload_date"))

    def duration(self) -> float | None:
        """Return the seconds."""
        return whole(self.body.get("duration")) or None

    def uploader(self) -> str | None:
        """Return the owner's name."""
        return values.line(self.body.get("author_name"))

    def uploader_id(self) -> str | None:
        """Return the owner's id, which is told where their address is made of it."""
        return urls.number_in(self.uploader_url())

    def uploader_url(self) -> str | None:
        """Return the address of the owner's page."""
        return urls.user_url(self.body.get("author_url"))

    def thumbnail(self) -> str | None:
        """Return the picture."""
        return common.picture(self.body.get("thumbnail_url"))

    def links(self) -> Iterator[Link]:
        """Yield the owner."""
        if name := urls.name_in(self.body.get("author_url")):
            yield urls.user_link(name)
