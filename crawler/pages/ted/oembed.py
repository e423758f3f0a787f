"""What TED's oEmbed service answers of a talk."""

from __future__ import annotations

from collections.abc import Iterator

from crawler.errors import NotARecord
from crawler.items import Record
from crawler.pages.base import refuse_status
from crawler.pages.oembed import OEmbedPage
from crawler.pages.paths import path_in
from crawler.pages.ted import urls


class OEmbed(OEmbedPage):
    """A talk, as the oEmbed service tells it: without its number, so that its name in addresses is the id."""

    site = urls.SITE
    platform = urls.SITE
    hosts = (urls.HOME,)
    path = urls.OEMBED_PATH
    examples = ("https://www.ted.com/services/v1/oembed.json?url=https://www.ted.com/talks/ada_kite_why_kites_fly",)

    def records(self) -> Iterator[Record]:
        """Yield the talk.

        Raises:
            NotARecord: the answer is about none.
        """
        refuse_status(self.response.status)
        if self.told.title is None:
            raise NotARecord("not_found", f"{self.url} answers: {self.response.text[:200]}")
        if not self.told.is_video or not self.id():
            raise NotARecord("no_video", f"{self.url} tells of no talk")
        yield from super().records()

    def id(self) -> str:
        """Return the talk's name in addresses."""
        named = (self.told.page_url, self.told.asked_url)
        return next((slug for url in named if (slug := urls.slug_of(path_in(url)))), "")

    def canonical_url(self) -> str:
        """Return the talk's address."""
        return urls.talk_url(self.id())

    def title(self) -> str | None:
        """Return the title, without the speaker before it."""
        told, speaker = super().title() or "", self.uploader()
        return told.removeprefix(f"{speaker}: ") or told if speaker else told

    def uploader_id(self) -> str | None:
        """Return the speaker's name in addresses."""
        return urls.speaker_of(path_in(self.told.author_url))

    def uploader_url(self) -> str | None:
        """Return the speaker's page."""
        return urls.speaker_url(speaker) if (speaker := self.uploader_id()) else None

    def thumbnail(self) -> str | None:
        """Return the picture, as it was before it was made smaller for the answer."""
        told = self.told.thumbnail
        return told.partition("?")[0] if told else None
