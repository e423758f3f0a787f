"""A channel as the HTML of its page tells it: all that pages before 2017 have, and those whose scripts are left out."""

from __future__ import annotations

import re
from functools import cached_property

from crawler.pages.base import Response
from crawler.pages.structured import values
from crawler.pages.youtube import urls
from crawler.pages.youtube.markup import SHORTENED, Markup

APP_LINK = re.compile(r"UC[\w-]{22}", re.ASCII)
"""The id, in the address that opens the site's app."""


class ChannelMarkup:
    """The `<meta>`s and `<link>`s of a channel's page; empty for a video's."""

    def __init__(self, response: Response) -> None:
        self.response = response
        self.subscribers = Markup(response).subscribers

    def all(self, query: str) -> list[str]:
        """Return what a query finds, without what is empty."""
        return [one for one in self.response.selector.xpath(query).getall() if one.strip()]

    def first(self, *queries: str) -> str | None:
        """Return the first that one of the queries finds."""
        return next((found for query in queries for found in self.all(query)), None)

    @cached_property
    def id(self) -> str:
        """The channel's id; empty where there is none."""
        if (self.first("//meta[@property='og:type']/@content") or "").startswith("video"):
            return ""
        told = self.all("//meta[@itemprop='channelId' or @itemprop='identifier']/@content")
        in_app = APP_LINK.search(self.first("//meta[@property='al:ios:url']/@content") or "")
        told += [in_app[0]] if in_app else []
        return next((one for one in told if urls.CHANNEL_ID.fullmatch(one)), "")

    @property
    def addresses(self) -> list[str]:
        """The addresses by which the page calls itself."""
        return self.all("//link[@itemprop='url' or @rel='canonical']/@href")

    @property
    def name(self) -> str | None:
        """The name."""
        return self.first("//meta[@itemprop='name']/@content", "//meta[@property='og:title']/@content")

    @property
    def description(self) -> str | None:
        """The whole text; None where it was cut."""
        told = self.first("//meta[@itemprop='description']/@content")
        return None if told is None or told.endswith(SHORTENED) else told

    @property
    def avatar_url(self) -> str | None:
        """The picture."""
        found = self.first("//link[@itemprop='thumbnailUrl']/@href", "//meta[@property='og:image']/@content")
        return values.http_url(found, urls.BASE)

    @property
    def tags(self) -> list[str] | None:
        """The keywords."""
        return self.all("//meta[@property='og:video:tag']/@content") or None
