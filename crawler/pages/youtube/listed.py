"""The videos that a part of a page lists, in whatever boxes the years have put them."""

from __future__ import annotations

from typing import Any

from crawler.pages.nodes import Node, dig
from crawler.pages.youtube.state import all_named
from crawler.pages.youtube.urls import VIDEO_ID

RENDERERS = ("videoRenderer", "gridVideoRenderer", "playlistVideoRenderer", "reelItemRenderer")
"""Boxes until 2024, each with a `videoId`."""
SHORT, LOCKUP = "shortsLockupViewModel", "lockupViewModel"
"""Boxes since."""
VIDEO_TYPE = "LOCKUP_CONTENT_TYPE_VIDEO"


def video_ids(part: Any) -> list[str]:
    """Return the ids of the videos in a part of a page, each once, in their order."""
    boxes = all_named(part, *RENDERERS, SHORT, LOCKUP)
    found = (video_id_in(name, box) for name, box in boxes)
    return list(dict.fromkeys(one for one in found if isinstance(one, str) and VIDEO_ID.fullmatch(one)))


def video_id_in(name: str, box: Node) -> Any:
    """Return the id of the video in a box."""
    if name == SHORT:
        return dig(box, "onTap", "innertubeCommand", "reelWatchEndpoint", "videoId")
    if name == LOCKUP:
        return box.get("contentId") if box.get("contentType") == VIDEO_TYPE else None
    return box.get("videoId")
