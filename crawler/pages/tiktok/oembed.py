"""What TikTok's oEmbed service answers: less than the page, but to everybody."""

from __future__ import annotations

import re
from collections.abc import Iterator

from parsel import Selector

from crawler.errors import NotARecord
from crawler.items import Record
from crawler.pages.base import refuse_status
from crawler.pages.embedded import first_plain, identifier
from crawler.pages.nodes import words
from crawler.pages.oembed import OEmbedPage
from crawler.pages.paths import path_in
from crawler.pages.structured.oembed import MAX_HTML_CHARS
from crawler.pages.tiktok import urls

VIDEO_ID = re.compile(r'data-video-id="(\d{6,20})"')


class OEmbed(OEmbedPage):
    """A video, as the oEmbed service tells it."""

    site = urls.SITE
    platform = urls.SITE
    hosts = ("tiktok.com",)
    path = urls.OEMBED_PATH
    examples = ("https://www.tiktok.com/oembed?url=https://www.tiktok.com/@kites/video/7000000000000000001",)

    def records(self) -> Iterator[Record]:
        """Yield the video.

        Raises:
            NotARecord: the answer is about none.
        """
        refuse_status(self.response.status)
        row = self.told.row
        if not row:
            raise NotARecord("not_found", f"{self.url} answers: {self.response.text[:200]}")
        if row.get("embed_type", "video") != "video" or not self.id():
            raise NotARecord("no_video", f"{self.url} tells of {row.get('embed_type')!r:.100}, not of a video")
        yield from super().records()

    @property
    def html(self) -> str:
        """What other sites show in place of the video; half a character of UTF-16 is none of HTML's."""
        told = (words(self.told.row.get("html")) or "")[:MAX_HTML_CHARS]
        return told.encode(errors="replace").decode()

    @property
    def handle(self) -> str | None:
        """The account's handle."""
        by_address = urls.handle_of(path_in(self.told.author_url))
        told = first_plain(self.told.row, "author_unique_id") or by_address
        return told if told and urls.HANDLE.fullmatch(told) else None

    def id(self) -> str:
        """Return the video's id."""
        found = VIDEO_ID.search(self.html)
        asked = urls.video_id_of(path_in(self.told.asked_url))
        return identifier(self.told.row.get("embed_product_id")) or (found[1] if found else "") or asked or ""

    def canonical_url(self) -> str:
        """Return the video's address."""
        return urls.video_url(self.handle, self.id())

    def title(self) -> str:
        """Return the caption; a video without one has its id for a title."""
        return first_plain(self.told.row, "title") or urls.nameless(self.id())

    def uploader_url(self) -> str | None:
        """Return the account's address."""
        return urls.profile_url(self.handle) if self.handle else None

    def tags(self) -> list[str] | None:
        """Return the hashtags of the caption."""
        anchors = Selector(text=self.html or "<p/>", type="html").xpath("//a[contains(@href, '/tag/')]/@title")
        return [tag for tag in anchors.getall() if words(tag)] or None
