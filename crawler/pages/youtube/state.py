"""What YouTube's pages hold as JavaScript: the player's response and the page's data, of 2017 to today."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from crawler.pages.embedded import script
from crawler.pages.nodes import Node, assigned, dig, loaded, node, nodes

DATA, PLAYER = "ytInitialData", "ytInitialPlayerResponse"
DATA_SCRIPT = "yt-initial-data"
"""Id of the script that some pages have the data in, instead of a variable."""
CONFIG = "ytplayer.config"
"""Until 2020 the player's response was text inside this object."""
BRANCHES = (dict, list)
MOST_NODES = 200_000
"""Parts of a page's data that are looked at in search of something."""


def player_response(source: str) -> Node:
    """Return what the player was told of the video; empty where the page has no player."""
    found = assigned(source, PLAYER)
    if found:
        return found
    said = dig(assigned(source, CONFIG), "args", "player_response")
    return node(loaded(said) if isinstance(said, str) else said)


def initial_data(source: str, video_id: str = "") -> Node:
    """Return what the rest of the page is made from; empty where it was left out, or is of another video."""
    found = assigned(source, DATA) or script(source, DATA_SCRIPT)
    shown = dig(found, "currentVideoEndpoint", "watchEndpoint", "videoId")
    return {} if video_id and shown and shown != video_id else found


def text_of(value: Any) -> str | None:
    """Return the text of one of the site's text objects: a plain one, one of several runs, or a `content`."""
    if isinstance(value, str):
        return value or None
    for name in ("simpleText", "content"):
        if isinstance(plain := dig(value, name), str):
            return plain or None
    runs = [run.get("text") for run in nodes(dig(value, "runs"))]
    return "".join(run for run in runs if isinstance(run, str)) or None


def page_header(data: Node) -> Node:
    """Return what stands above the tabs of a channel, or beside a playlist, since 2024."""
    return node(dig(data, "header", "pageHeaderRenderer", "content", "pageHeaderViewModel"))


def header_texts(header: Node) -> Iterator[str]:
    """Yield the small print of such a header: the handle, the subscribers, the videos."""
    for row in nodes(dig(header, "metadata", "contentMetadataViewModel", "metadataRows")):
        yield from (text for part in nodes(row.get("metadataParts")) if (text := text_of(part.get("text"))))


def label_of(value: Any) -> str | None:
    """Return what a screen reader is told of a part of the page."""
    for path in (
        ("accessibility", "accessibilityData"),
        ("accessibilityData", "accessibilityData"),
        ("accessibility",),
    ):
        if isinstance(label := dig(value, *path, "label"), str):
            return label
    return None


def all_named(value: Any, *names: str) -> Iterator[tuple[str, Node]]:
    """Yield the objects with one of these names in a tree, in the order in which they stand on the page."""
    waiting, looked_at = [value], 0
    while waiting and looked_at < MOST_NODES:
        looked_at += 1
        current = waiting.pop()
        if isinstance(current, dict):
            for name in names:
                if isinstance(found := current.get(name), dict):
                    yield name, found
            waiting.extend(reversed([one for one in current.values() if type(one) in BRANCHES]))
        elif isinstance(current, list):
            waiting.extend(reversed([one for one in current if type(one) in BRANCHES]))


def first_named(value: Any, *names: str) -> Node:
    """Return the first of `all_named()`; empty where there is none."""
    return next((found for _, found in all_named(value, *names)), {})


def widest(*lists: Any) -> str | None:
    """Return the address of the widest of the pictures in lists; of two the first."""
    pictures = [one for pictures in lists for one in nodes(pictures) if isinstance(one.get("url"), str)]
    if not pictures:
        return None
    best = max(pictures, key=lambda one: one["width"] if isinstance(one.get("width"), int) else 0)
    url: str = best["url"]
    return f"https:{url}" if url.startswith("//") else url
