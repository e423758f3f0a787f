"""OpenGraph, Twitter cards and plain `<meta>`: all of the page, also those that a site writes into its body."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import Self

from parsel import Selector

from crawler.pages.structured.values import line

MAX_METAS = 2_000
OPENGRAPH, CARD, PLAIN = "OpenGraph", "Twitter card", "meta"
OF_OPENGRAPH = ("og:", "video:", "profile:")
VIDEO_ADDRESSES = {"og:video", "og:video:url", "og:video:secure_url"}


@dataclass(slots=True)
class Player:
    """One of the `og:video`s of a page.

    Attributes:
        url: a media file, or a page with a player.
        media_type: such as `video/mp4`; `text/html` for a player.
        width: in pixels, as written.
        height: in pixels, as written.
    """

    url: str = ""
    media_type: str = ""
    width: str = ""
    height: str = ""

    @property
    def is_file(self) -> bool:
        """Whether it is a media file."""
        return self.media_type.startswith("video/") or "mpegurl" in self.media_type

    @property
    def is_page(self) -> bool:
        """Whether it is a page for an iframe."""
        return self.media_type == "text/html"


class Metas:
    """The `<meta>`s of a page, by name in lower case; empty ones are left out."""

    def __init__(self, pairs: list[tuple[str, str]]) -> None:
        self.pairs = pairs
        self._values: dict[str, list[str]] = {}
        for name, value in pairs:
            self._values.setdefault(name, []).append(value)

    @classmethod
    def of(cls, selector: Selector) -> Self:
        """Read the `<meta>`s of a page."""
        told = (meta for meta in selector.root.iter("meta") if meta.get("content"))
        named = (
            ((meta.get("property") or meta.get("name", "")).strip().casefold(), meta.get("content"))
            for meta in islice(told, MAX_METAS)
        )
        return cls([(name, content) for name, content in named if name and line(content)])

    def all(self, *names: str) -> list[str]:
        """Return the values of the first of `names` that has any."""
        return next((values for name in names if (values := self._values.get(name))), [])

    def first(self, *names: str) -> str | None:
        """Return the first of `all()`."""
        return next(iter(self.all(*names)), None)

    def source(self, *names: str) -> str | None:
        """Return what `all()` comes from, as `provenance=1` names it: OpenGraph, the Twitter card, or another meta."""
        name = next((name for name in names if self._values.get(name)), None)
        if name is None:
            return None
        return OPENGRAPH if name.startswith(OF_OPENGRAPH) else CARD if name.startswith("twitter:") else PLAIN

    def players(self) -> list[Player]:
        """Return the page's `og:video`s that have an address."""
        videos = [(name, value.strip()) for name, value in self.pairs if name.startswith("og:video")]
        if len({value.partition(":")[2] for name, value in videos if name in VIDEO_ADDRESSES}) <= 1:
            videos.sort(key=lambda pair: pair[0] not in VIDEO_ADDRESSES)  # of one video, in whatever order
        players: list[Player] = []
        for name, value in videos:
            opens = name in {"og:video", "og:video:url"}
            same = bool(players) and players[-1].url.partition(":")[2] == value.partition(":")[2]
            if opens and not same:
                players.append(Player(url=value))
            elif name == "og:video:secure_url":
                players = players or [Player()]
                players[-1].url = value
            elif players:
                set_property(players[-1], name, value)
        return [player for player in players if player.url]


def set_property(player: Player, name: str, value: str) -> None:
    """Set the property of `player` that the `<meta>` called `name` tells."""
    match name:
        case "og:video:type":
            player.media_type = value.partition(";")[0].strip().casefold()
        case "og:video:width":
            player.width = value
        case "og:video:height":
            player.height = value
