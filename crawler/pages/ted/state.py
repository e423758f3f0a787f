"""What TED's pages hold as JSON: `__NEXT_DATA__` since 2021, the argument of a function before."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from http import HTTPStatus

from crawler.pages.embedded import NEXT_DATA, first_plain, script
from crawler.pages.nodes import Node, decoded, dig, loaded, node, nodes, words
from crawler.pages.structured import values
from crawler.pages.structured.counts import exact

OLD_CALL = 'q("talkPage.init"'
OLD = "talkPage.init"
GONE = ("/404", "/_error")
"""Names of Next.js's pages for what is not there."""


@dataclass(frozen=True)
class Told:
    """What a page tells of its talk.

    Attributes:
        source: part of the page that tells it.
        talk: `videoData`, or the old shape with the same names; empty where it is not there.
        is_gone: whether the page says that there is nothing.
    """

    source: str
    talk: Node
    is_gone: bool = False

    @cached_property
    def player(self) -> Node:
        """What the player was told of the talk."""
        told = self.talk.get("playerData") or self.talk.get("videoPlayerData")
        return node(loaded(told) if isinstance(told, str) else told)


def told_by(source: str) -> Told:
    """Return what a page tells of its talk."""
    state = script(source, NEXT_DATA)
    props = node(dig(state, "props"))
    talk = node(dig(props, "pageProps", "videoData"))
    codes = (props.get("responseCode"), dig(props, "pageProps", "statusCode"))
    is_gone = words(state.get("page")) in GONE or HTTPStatus.NOT_FOUND in codes
    if state:
        return Told(NEXT_DATA, talk, is_gone)
    start = source.find("{", source.find(OLD_CALL)) if OLD_CALL in source else -1
    data = node(decoded(source, start)) if start > 0 else {}
    return Told(OLD, of_before_2021(node(data.get("__INITIAL_DATA__")) or data))


def of_before_2021(data: Node) -> Node:
    """Return a talk of the old shape in today's."""
    talk = next(iter(nodes(data.get("talks"))), {})
    if not talk:
        return {}
    player = next(iter(nodes(talk.get("player_talks"))), {})
    tags = talk.get("tags")
    viewed = data.get("viewed_count")
    return {
        **{name: talk.get(name) for name in ("id", "slug", "title", "description", "duration")},
        "slug": talk.get("slug") or player.get("slug"),
        "presenterDisplayName": first_plain(player, "speaker") or first_plain(talk, "speaker", "speaker_name"),
        "viewedCount": talk.get("viewed_count") if viewed is None else viewed,
        "topics": {"nodes": [{"name": tag} for tag in tags]} if isinstance(tags, list) else None,
        "speakers": talk.get("speakers"),
        "primaryImageSet": [{"url": talk.get("hero")}],
        "playerData": {"resources": talk.get("resources"), **player},
    }


def published(told: Told) -> str | None:
    """Return when a talk was published."""
    epoch = told.player.get("published")
    at = epoch if isinstance(epoch, int) and not isinstance(epoch, bool) else None
    return values.date(words(told.talk.get("publishedAt"))) or values.date(at)


def picture(told: Told) -> str | None:
    """Return the largest picture: as it was before it was made smaller for the page."""
    sets = [first_plain(one, "url") for one in nodes(told.talk.get("primaryImageSet"))]
    found = next((url for url in sets if url), None) or first_plain(told.player, "thumb")
    return found.partition("?")[0] if found else None


def media_file(told: Told) -> str | None:
    """Return the largest file, else the playlist of all."""
    files = nodes(dig(told.player, "resources", "h264"))
    known = [(exact(one.get("bitrate"), "en") or 0, url) for one in files if (url := first_plain(one, "file"))]
    return max(known)[1] if known else first_plain(dig(told.player, "resources", "hls"), "stream")


def speakers(told: Told) -> list[str]:
    """Return the names that the speakers have in addresses."""
    told_speakers = told.talk.get("speakers")
    listed = told_speakers if isinstance(told_speakers, list) else dig(told_speakers, "nodes")
    return [slug for one in nodes(listed) if (slug := first_plain(one, "slug"))]
