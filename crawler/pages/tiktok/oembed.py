"""What TikTok's oEmbed service answers: less than the page, but to everybody."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property

from parsel import Selector

from crawler.errors import NotARecord
from crawler.items import Record, Video
from crawler.pages.base import RecordPage
from crawler.pages.embedded import address, first_plain, identifier
from crawler.pages.nodes import Node, node, words
from crawler.pages.tiktok import urls

VIDEO_ID = re.compile(r'data-video-id="(\d{6,20})"')
HTML_CHARS = 20_000
"""As much of the `html` is looked at."""


class OEmbed(RecordPage):
    """A video, as the oEmbed service tells it."""

    site = urls.SITE
    platform = urls.SITE
    hosts = ("tiktok.com",)
    path = urls.OEMBED_PATH
    examples = ("https://www.tiktok.com/oembed?url=https://www.tiktok.com/@kites/video/7000000000000000001",)
    record_type = Video
    source = "oEmbed"

    @cached_property
    def told(self) -> Node:
        """The answer."""
        return node(self.response.json)

    def records(self) -> Iterator[Record]:
        """Yield the video.

        Raises:
            NotARecord: the answer is about none.
        """
        if self.response.status < 400:  # noqa: PLR2004 - HTTP's
            if not self.told or "type" not in self.told:
                raise NotARecord("not_found", f"{self.url} answers: {self.response.text[:200]}")
            if self.told.get("embed_type", "video") != "video" or not self.id():
                raise NotARecord(
                    "no_video", f"{self.url} tells of {self.told.get('embed_type')!r:.100}, not of a video"
                )
        yield from super().records()

    def id(self) -> str:
        """Return the video's id."""
        found = VIDEO_ID.search(self.html)
        asked = urls.video_id_of(urls.split(urls.split(self.url)[2].get("url", ""))[1])
        return identifier(self.told.get("embed_product_id")) or (found[1] if found else "") or asked or ""

    @property
    def html(self) -> str:
        """What other sites show in place of the video."""
        return (words(self.told.get("html")) or "")[:HTML_CHARS]

    @property
    def handle(self) -> str | None:
        """The account's handle."""
        by_address = urls.handle_of(urls.split(words(self.told.get("author_url")) or "")[1])
        told = first_plain(self.told, "author_unique_id") or by_address
        return told if told and urls.HANDLE.fullmatch(told) else None

    def canonical_url(self) -> str:
        """Return the video's address."""
        return urls.video_url(self.handle, self.id())

    def title(self) -> str:
        """Return the caption."""
        return first_plain(self.told, "title") or f"TikTok video #{self.id()}"

    def uploader(self) -> str | None:
        """Return the account's name."""
        return first_plain(self.told, "author_name")

    def uploader_url(self) -> str | None:
        """Return the account's address."""
        return urls.profile_url(self.handle) if self.handle else None

    def tags(self) -> list[str] | None:
        """Return the hashtags of the caption."""
        anchors = Selector(text=self.html or "<p/>", type="html").xpath("//a[contains(@href, '/tag/')]/@title")
        return [tag for tag in anchors.getall() if words(tag)] or None

    def thumbnail(self) -> str | None:
        """Return the cover."""
        return address(self.told.get("thumbnail_url"), self.response)
