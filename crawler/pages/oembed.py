"""The oEmbed answers of one site as records; any other site's are read with its pages, in `structured`."""

from __future__ import annotations

from typing import ClassVar

from crawler.errors import NotARecord
from crawler.items import Video
from crawler.pages.base import RecordPage, Response
from crawler.pages.structured import values
from crawler.pages.structured.oembed import SOURCE, OEmbed


class OEmbedPage(RecordPage):
    """An oEmbed answer of one site as the record of a video.

    A subclass says `hosts`, `path` and `site`, and by `id()` and `canonical_url()` which video it is.
    """

    record_type = Video
    source: ClassVar[str] = SOURCE

    def __init__(self, response: Response) -> None:
        super().__init__(response)
        self.told = OEmbed.of(response) or OEmbed({}, response.url)

    def id(self) -> str:
        """Return the video's id.

        Raises:
            NotARecord: the answer is none of a video.
        """
        raise NotImplementedError

    def title(self) -> str | None:
        """Return the title.

        Raises:
            NotARecord: there is none.
        """
        if self.told.title is None:
            raise NotARecord("unavailable", f"{self.url} names no title: the video is private, or it is none")
        return self.told.title

    def description(self) -> str | None:
        """Return the description, where it is whole."""
        return values.uncut(self.told.description)

    def duration(self) -> float | None:
        """Return the seconds."""
        return self.told.duration

    def uploader(self) -> str | None:
        """Return the name of who published it."""
        return self.told.author_name

    def uploader_url(self) -> str | None:
        """Return the address of who published it."""
        return self.told.author_url

    def thumbnail(self) -> str | None:
        """Return the picture."""
        return self.told.thumbnail

    def embed_url(self) -> str | None:
        """Return the player."""
        return self.told.embed_url
