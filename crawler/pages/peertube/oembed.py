"""PeerTube's oEmbed: what an instance tells of one of its videos to those who want to show it elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property
from urllib.parse import urlsplit

from crawler.errors import NotARecord
from crawler.items import Record
from crawler.pages import oembed
from crawler.pages.base import refuse_status
from crawler.pages.peertube import urls
from crawler.pages.peertube.bodies import VIDEO_PATH, author


class Embedding(oembed.OEmbedPage):
    """A video's oEmbed. A crawl asks the REST API instead, which tells all of this."""

    site = urls.SITE
    platform = urls.SITE
    path = r"/services/oembed/?"
    examples = (
        "https://peertube.example/services/oembed?url=https%3A%2F%2Fpeertube.example%2Fw%2Fq6rcyvgNheq69riucSYo6w",
    )

    @cached_property
    def named(self) -> str:
        """The id in the address of the player, short or not; empty where there is none."""
        found = urls.VIDEO.fullmatch(urlsplit(self.embed_url() or "").path)
        return found[1] if found and urls.long_uuid(found[1]) else ""

    def records(self) -> Iterator[Record]:
        """Yield the video.

        Raises:
            NotARecord: there is none, or it is a playlist.
        """
        refuse_status(self.response.status)
        if "/video-playlists/" in (self.embed_url() or ""):
            raise NotARecord("playlist", f"{self.url} is of a playlist")
        by = author(self.told.author_name, self.told.author_url)
        yield from (replace(record, **by) for record in super().records())

    def id(self) -> str:
        """Return the UUID.

        Raises:
            NotARecord: the answer does not tell it.
        """
        found = urls.long_uuid(self.named) if self.named else None
        if found is None:
            raise NotARecord("unnamed", f"{self.url} does not tell which video it is of")
        return found

    def canonical_url(self) -> str:
        """Return the address that was asked about, where it is the video's, or else the one that its id makes."""
        asked = (self.told.asked_url or "").partition("?")[0]
        found = VIDEO_PATH.fullmatch(urlsplit(asked).path)
        player = urlsplit(self.embed_url() or "")
        if found and urls.long_uuid(found[1]) == self.id() and urlsplit(asked).netloc == player.netloc:
            return asked
        path = "videos/watch" if "-" in self.named else "w"
        return f"{player.scheme}://{player.netloc}/{path}/{self.named}"

    def embed_url(self) -> str | None:
        """Return the player, without the place in the video where it is to begin."""
        return (self.told.embed_url or "").partition("?")[0] or None
