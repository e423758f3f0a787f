"""`ext.nicovideo.jp/api/getthumbinfo/…`: the one answer in XML, unchanged since 2008."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from parsel import Selector

from crawler.errors import NotARecord
from crawler.items import Video
from crawler.pages.base import Link
from crawler.pages.nicovideo import states, urls
from crawler.pages.nodes import whole
from crawler.pages.parts import PartsPage
from crawler.pages.rows import address, far_east_time, texts
from crawler.pages.structured import values
from crawler.pages.structured.schema import Fields

REASONS = {"DELETED": "deleted", "NOT_FOUND": "not_found", "COMMUNITY": "members", "INTERNAL_ERROR": "unavailable"}
"""Why there is no video, by the site's code."""
NO_GENRE = "未設定"
"""What the site calls a genre that was not chosen."""


class ThumbInfo(PartsPage):
    """A video in short: without likes."""

    site = urls.SITE
    platform = urls.SITE
    hosts = (urls.EXT_HOST,)
    path = r"/api/getthumbinfo/\w+/?"
    examples = ("https://ext.nicovideo.jp/api/getthumbinfo/sm9",)
    record_type = Video
    source = "getthumbinfo"

    @cached_property
    def xml(self) -> Selector:
        """The answer."""
        return Selector(text=self.response.text or "<nothing/>", type="xml")

    def text_at(self, name: str) -> str | None:
        """Return the text of one element."""
        return self.xml.xpath(f"/nicovideo_thumb_response/thumb/{name}/text()").get()

    def parts(self) -> Iterator[tuple[str, Fields]]:
        """Yield what the answer tells.

        Raises:
            NotARecord: there is no such video, with the reason.
        """
        status = self.xml.xpath("/nicovideo_thumb_response/@status").get()
        if status != "ok":
            code = self.xml.xpath("/nicovideo_thumb_response/error/code/text()").get() or ""
            raise NotARecord(REASONS.get(code, "unavailable" if status else "no_xml"), f"getthumbinfo says {code!r}")
        yield self.source, self.read()

    def read(self) -> Fields:
        """Return the fields."""
        genre = self.text_at("genre")
        return {
            **states.common(self.text_at("video_id"), embeddable=self.text_at("embeddable") == "1"),
            "title": self.text_at("title"),
            "description": self.text_at("description"),
            "published_at": far_east_time(self.text_at("first_retrieve")),
            "duration": values.duration(self.text_at("length")),
            "view_count": whole(self.text_at("view_counter")),
            "comment_count": whole(self.text_at("comment_num")),
            "thumbnail": address(self.text_at("thumbnail_url")),
            "tags": self.tags(),
            "categories": [genre] if genre and genre != NO_GENRE else None,
            **self.publisher(),
        }

    def tags(self) -> list[str] | None:
        """Return the tags of the site's own language: those of others are another list, of other people."""
        lists = self.xml.xpath("/nicovideo_thumb_response/thumb/tags")
        own = lists.xpath("self::*[@domain='jp']") or lists
        return texts(own[0].xpath("tag/text()").getall()) if own else None

    def publisher(self) -> Fields:
        """Return who published it."""
        if self.text_at("ch_id"):
            return states.channel(self.text_at("ch_id"), self.text_at("ch_name"))
        return states.owner(self.text_at("user_id"), self.text_at("user_nickname"))

    def links(self) -> Iterator[Link]:
        """Yield who published it."""
        if uploader_id := self.publisher().get("uploader_id"):
            yield urls.uploader_link(uploader_id)
