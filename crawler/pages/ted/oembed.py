"""What TED's oEmbed service answers of a talk."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property

from parsel import Selector

from crawler.errors import NotARecord
from crawler.items import Record, Video
from crawler.pages.base import RecordPage
from crawler.pages.embedded import address, first_plain
from crawler.pages.nodes import Node, node, words
from crawler.pages.ted import urls

HTML_CHARS = 20_000


class OEmbed(RecordPage):
    """A talk, as the oEmbed service tells it: without its number, so that its name in addresses is the id."""

    site = urls.SITE
    platform = urls.SITE
    hosts = ("ted.com",)
    path = urls.OEMBED_PATH
    examples = ("https://www.ted.com/services/v1/oembed.json?url=https://www.ted.com/talks/ada_kite_why_kites_fly",)
    record_type = Video
    source = "oEmbed"

    @cached_property
    def told(self) -> Node:
        """The answer."""
        return node(self.response.json)

    def records(self) -> Iterator[Record]:
        """Yield the talk.

        Raises:
            NotARecord: the answer is about none.
        """
        if self.response.status < 400:  # noqa: PLR2004 - HTTP's
            if not first_plain(self.told, "title"):
                raise NotARecord("not_found", f"{self.url} answers: {self.response.text[:200]}")
            if self.told.get("type") != "video" or not self.id():
                raise NotARecord("no_video", f"{self.url} tells of no talk")
        yield from super().records()

    def id(self) -> str:
        """Return the talk's name in addresses."""
        said, asked = first_plain(self.told, "url") or "", urls.split(self.url)[1].get("url", "")
        return next((slug for one in (said, asked) if (slug := urls.slug_of(urls.split(one)[0]))), "")

    def canonical_url(self) -> str:
        """Return the talk's address."""
        return urls.talk_url(self.id())

    def title(self) -> str:
        """Return the title, without the speaker before it."""
        told, speaker = first_plain(self.told, "title") or "", self.uploader()
        return told.removeprefix(f"{speaker}: ") or told if speaker else told

    def description(self) -> str | None:
        """Return the description."""
        return first_plain(self.told, "description")

    def uploader(self) -> str | None:
        """Return the speaker."""
        return first_plain(self.told, "author_name")

    @property
    def _speaker(self) -> str | None:
        path = urls.split(first_plain(self.told, "author_url") or "")[0]
        return path.strip("/").partition("/")[2] if re.fullmatch(urls.SPEAKER_PATH, path) else None

    def uploader_id(self) -> str | None:
        """Return the speaker's name in addresses."""
        return self._speaker

    def uploader_url(self) -> str | None:
        """Return the speaker's page."""
        return urls.speaker_url(self._speaker) if self._speaker else None

    def thumbnail(self) -> str | None:
        """Return the picture, as it was before it was made smaller for the answer."""
        told = first_plain(self.told, "thumbnail_url")
        return address(told.partition("?")[0], self.response) if told else None

    def embed_url(self) -> str | None:
        """Return the player for other sites."""
        html = (words(self.told.get("html")) or "")[:HTML_CHARS]
        return address(Selector(text=html or "<p/>", type="html").xpath("//iframe/@src").get(), self.response)
