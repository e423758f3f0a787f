"""YouTube's oEmbed answers."""

from __future__ import annotations

import re

from crawler.errors import NotARecord
from crawler.pages.oembed import OEmbedPage
from crawler.pages.paths import path_in, split
from crawler.pages.youtube import urls

IN_THUMBNAIL = re.compile(r"/vi(?:_webp)?/([\w-]{11})/")


class VideoOEmbed(OEmbedPage):
    """A video, as few of its fields as others need to show it."""

    site = urls.SITE
    platform = urls.SITE
    hosts = urls.HOSTS
    path = r"/oembed/?"
    examples = (
        "https://www.youtube.com/oembed?format=json&url=https%3A%2F%2Fwww.youtube.com%2Fwatch%3Fv%3DaBcDeFgHiJk",
    )

    def id(self) -> str:
        """Return the id that the player, the picture and the address asked for agree on.

        Raises:
            NotARecord: they do not, or the answer is of a channel or a playlist.
        """
        # A playlist has a picture, but of its first video.
        named = self.played() if self.told.embed_url else self.asked()
        told = {found for found in (named, self.asked(), self.pictured()) if found}
        if not named or len(told) != 1 or not self.told.is_video:
            raise NotARecord("no_video", f"{self.url} names no one video")
        return told.pop()

    def canonical_url(self) -> str:
        """Return the address of the video's page."""
        return urls.video_url(self.id())

    def uploader_id(self) -> str | None:
        """Return the channel's id, where its address is made of it."""
        return urls.channel_id(path_in(self.told.author_url).removeprefix("/channel/").rstrip("/"))

    channel, channel_id = OEmbedPage.uploader, uploader_id

    def channel_url(self) -> str | None:
        """Return the channel's address by its id."""
        channel_id = self.uploader_id()
        return urls.channel_url(channel_id) if channel_id else None

    def asked(self) -> str | None:
        """Return the id in the address that was asked for."""
        return id_in(self.told.asked_url)

    def played(self) -> str | None:
        """Return the id in the player's address."""
        return id_in(self.told.embed_url)

    def pictured(self) -> str | None:
        """Return the id in the picture's address."""
        found = IN_THUMBNAIL.search(self.told.thumbnail or "")
        return found[1] if found else None


def id_in(url: str | None) -> str | None:
    """Return the id of the video that an address of YouTube names; None for a playlist's player."""
    host, path, query = split(url or "")
    return urls.video_id_of(host, path, query) if host in {*urls.HOSTS, *urls.PLAYER_HOSTS} else None
