"""Vimeo's oEmbed answers."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from crawler.errors import NotARecord
from crawler.items import Record
from crawler.pages.base import Link, refuse_status
from crawler.pages.nodes import dig, whole
from crawler.pages.oembed import OEmbedPage
from crawler.pages.structured import values
from crawler.pages.texts import first_said, plain
from crawler.pages.vimeo import common, urls


class OEmbed(OEmbedPage):
    """An oEmbed answer; of a video that may only be embedded it tells the player and nothing else."""

    site = urls.SITE
    platform = urls.SITE
    hosts = ("vimeo.com",)
    path = r"/api/oembed(?:\.json)?/?"
    examples = ("https://vimeo.com/api/oembed.json?url=https://vimeo.com/123456789",)

    @cached_property
    def ids(self) -> dict[str, str]:
        """Id, address and player of the video; empty where there is none."""
        found = common.matched(common.VIDEO_URI, self.told.row.get("uri"))
        video_id = common.number(self.told.row.get("video_id")) or (found[1] if found else None)
        return common.identity(video_id, found[2] if found else None) if video_id else {}

    def records(self) -> Iterator[Record]:
        """Yield the video.

        Raises:
            NotARecord: the answer is an error, or tells no more than the player.
        """
        refuse_status(self.response.status)
        if not self.ids:
            said = (dig(self.response.json, name) for name in ("error", "message"))
            raise NotARecord("not_found", first_said(*said, otherwise="the oEmbed answer tells no video"))
        if not self.told.title:
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

    def description(self) -> str | None:
        """Return the whole text."""
        told = values.text(self.told.row.get("description"))
        return common.description(plain(told) if told and "<br" in told else told)

    def published_at(self) -> str | None:
        """Return when it was uploaded, which is told in the site's own zone."""
        return common.home_time(self.told.row.get("upload_date"))

    def duration(self) -> float | None:
        """Return the seconds, also of a video of more than a day."""
        return whole(self.told.row.get("duration")) or None

    def uploader_id(self) -> str | None:
        """Return the owner's id, which is told where their address is made of it."""
        return urls.number_in(self.uploader_url())

    def uploader_url(self) -> str | None:
        """Return the address of the owner's page."""
        return urls.user_url(self.told.author_url)

    def thumbnail(self) -> str | None:
        """Return the picture."""
        return common.picture(self.told.thumbnail)

    def links(self) -> Iterator[Link]:
        """Yield the owner."""
        if name := urls.name_in(self.told.author_url):
            yield urls.user_link(name)
