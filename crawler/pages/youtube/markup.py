"""The microdata of YouTube's pages, and what pages before 2018 told nowhere else."""

from __future__ import annotations

import re
from functools import cached_property
from typing import Any

from crawler.pages.base import Response
from crawler.pages.nodes import Node, dig, node, nodes, whole
from crawler.pages.structured import microdata, values
from crawler.pages.youtube import numbers

LANGUAGE = re.compile(r"<html[^>]*?\slang=[\"']([\w-]+)")
HEAD_CHARS = 5_000
TAG = "og:video:tag"
SHORTENED = "..."
"""At the end of a description: only its beginning is there."""
VIDEO_TYPE, LIKE = "VideoObject", "LikeAction"
OLD_SUBSCRIBERS = (
    "//*[@id='owner-sub-count']/@aria-label"
    " | //*[contains(@class, 'yt-subscription-button-subscriber-count-branded-horizontal')]/@aria-label"
)
OLD_SUBSCRIBERS_SIGNS = ('"owner-sub-count"', "subscriber-count-branded-horizontal")
OLD_BUTTON = (
    "//button[contains(@class, $button) and contains(@class, '-unclicked')]"
    "//*[contains(@class, 'yt-uix-button-content')]/text()"
    " | //*[contains(@class, 'video-extras-likes-dislikes')]//*[@class = $printed]/text()"
)
OLD_BUTTON_SIGNS = ("yt-uix-button-content", "video-extras-likes-dislikes")
"""What a page that has one of these holds: to look for them in vain would cost a parse."""


def language_of(source: str) -> str:
    """Return the language that a page is written in, BCP 47; empty where it is not told."""
    found = LANGUAGE.search(source, 0, HEAD_CHARS)
    return found[1] if found else ""


class Markup:
    """The HTML of a page, read only where it is asked."""

    def __init__(self, response: Response) -> None:
        self.response = response

    @cached_property
    def canonical(self) -> str | None:
        """The page's own address."""
        found = re.search(r"<link rel=\"canonical\" href=\"([^\"]{1,2000})\"", self.response.text)
        return found[1] if found else None

    @cached_property
    def video(self) -> Node:
        """The video, as the microdata tells it; empty where there is none."""
        if VIDEO_TYPE not in self.response.text:
            return {}
        items = microdata.items(self.response.selector, self.response.url)
        return next((item for item in items if any(VIDEO_TYPE in str(one) for one in item.get("@type", ()))), {})

    def first(self, *names: str) -> str | None:
        """Return the first text of the first of these properties that has one."""
        told = (value for name in names for value in self.video.get(name, ()) if isinstance(value, str))
        return next((value for value in told if value), None)

    @property
    def tags(self) -> list[str] | None:
        """The tags; None where there are none, as pages of some years name none of a video that has some."""
        if TAG not in self.response.text:
            return None
        told = self.response.selector.xpath(f"//meta[@property='{TAG}']/@content").getall()
        return [one for one in told if one.strip()] or None

    def whole(self, name: str) -> str | None:
        """Return a text that is all there; None where it was cut."""
        told = self.first(name)
        return None if told is None or told.endswith(SHORTENED) else told

    def author(self, name: str) -> str | None:
        """Return what is told of the author: their name, their address."""
        author = node(dig(self.video.get("author"), 0))
        return next((value for value in author.get(name, ()) if isinstance(value, str) and value), None)

    def count(self, action: str) -> int | None:
        """Return a count: views as `interactionCount` until 2024, then both as `interactionStatistic`."""
        for counter in nodes(self.video.get("interactionStatistic")):
            kind = str(dig(counter.get("interactionType"), 0))
            if kind.endswith(f"/{action}"):
                return whole(dig(counter.get("userInteractionCount"), 0))
        return self.old_button("like") if action == LIKE else whole(self.first("interactionCount"))

    def old_button(self, name: str) -> int | None:
        """Return the number on the button for likes or dislikes that pages had until 2020, or below it until 2014."""
        if not any(sign in self.response.text for sign in OLD_BUTTON_SIGNS):
            return None
        button, printed = f"like-button-renderer-{name}-button", f"{name}s-count"
        found: Any = self.response.selector.xpath(OLD_BUTTON, button=button, printed=printed).get()
        return numbers.only_number(values.line(found))

    @property
    def subscribers(self) -> str | None:
        """The subscribers, as they are printed where no JavaScript tells them."""
        if not any(sign in self.response.text for sign in OLD_SUBSCRIBERS_SIGNS):
            return None
        return self.response.selector.xpath(OLD_SUBSCRIBERS).get()
