"""The page of a video: `/watch/sm9`, also as JSON with `?responseType=json`, and the API that its player asks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property
from urllib.parse import urlsplit

from crawler.errors import NotARecord
from crawler.items import Video
from crawler.pages.base import Link, known_fields
from crawler.pages.nicovideo import states, urls
from crawler.pages.nodes import Node, dig, loaded, node
from crawler.pages.parts import PartsPage
from crawler.pages.structured import StructuredPage
from crawler.pages.structured.schema import Fields

REASONS = {
    "ADMINISTRATOR_DELETE_VIDEO": "deleted",
    "RIGHT_HOLDER_DELETE_VIDEO": "deleted",
    "DELETED_VIDEO": "deleted",
    "DELETED_CHANNEL_VIDEO": "deleted",
    "DELETED_COMMUNITY_VIDEO": "deleted",
    "HIDDEN_VIDEO": "private",
    "CHANNEL_MEMBER_ONLY": "members",
    "PREMIUM_ONLY": "login",
    "PPV_VIDEO": "login",
    "HARMFUL_VIDEO": "age",
    "DOMESTIC_VIDEO": "country",
    "HIGH_RISK_COUNTRY_VIDEO": "country",
    "NOT_FOUND": "not_found",
    "INVALID_PARAMETER": "not_found",
    "FORBIDDEN": "forbidden",
    "UNAUTHORIZED": "login",
    "MAINTENANCE": "maintenance",
}
"""Why there is no video, by the site's code."""
CODES = (
    *(("data", "response", "reasonCode"), ("data", "response", "errorCode")),
    *(("data", "reasonCode"), ("meta", "errorCode")),
)
"""Where that code may stand."""
STATES: tuple[tuple[str, str], ...] = (
    ("server-response", "//meta[@name='server-response']/@content"),
    ("data-api-data", "//*[@id='js-initial-watch-data']/@data-api-data"),
    ("watchAPIDataContainer", "//*[@id='watchAPIDataContainer']/text()"),
)
"""Where the page's data may stand."""


class Watch(PartsPage):
    """A video, as its page tells it."""

    site = urls.SITE
    platform = urls.SITE
    hosts = ("nicovideo.jp",)
    # `lv` and `mg` are broadcasts and comics, on hosts below
    path = r"/(?:watch|shorts|api/watch/v\d+(?:_guest)?)/(?:(?!lv|mg)[a-z]{2})?\d+/?"
    examples = (
        "https://www.nicovideo.jp/watch/sm9",
        "https://www.nicovideo.jp/watch/1173108780",
        "https://www.nicovideo.jp/shorts/ss12",
        "https://www.nicovideo.jp/api/watch/v3_guest/sm9",
    )
    record_type = Video

    @cached_property
    def state(self) -> tuple[str, Node]:
        """The page's data, and where it stands; empty where there is none."""
        if self.response.body.lstrip()[:1] == b"{":
            return "JSON", node(self.response.json)
        for name, path in STATES:
            told = self.response.selector.xpath(path).get()
            if told and (found := node(loaded(told))):
                return name, found
        return "", {}

    @property
    def data(self) -> Node:
        """The video's part of that."""
        told = node(self.state[1].get("data"))
        return node(told.get("response")) or (told if "video" in told else self.state[1])

    @cached_property
    def read(self) -> Fields:
        """What the page tells of the video; empty where its data does not."""
        video = dig(self.data, "video")
        reader: Callable[[Node], Fields] | None = None
        if isinstance(video, dict):
            reader = states.today if "count" in video or "registeredAt" in video else states.of_2017
        elif isinstance(dig(self.data, "videoDetail"), dict):
            reader = states.of_flash
        return reader(self.data) if reader else {}

    def parts(self) -> Iterator[tuple[str, Fields]]:
        """Yield what the page's data tells, or its structured data where it has none.

        Raises:
            NotARecord: it tells of no video, with the reason.
        """
        said = (dig(self.state[1], *path) for path in CODES)
        code = next((code for code in said if isinstance(code, str) and code), None)
        if dig(self.data, "video", "isDeleted") is True or dig(self.data, "videoDetail", "isDeleted") is True:
            raise NotARecord("deleted", f"{self.url} says that the video is deleted")
        if code and not self.read:
            raise NotARecord(REASONS.get(code, "unavailable"), f"{self.url} says {code}")
        if self.read or self.state[1]:
            yield self.state[0], self.read
        else:
            yield "structured data", self.structured()

    def structured(self) -> Fields:
        """Return what the page's structured data tells.

        Raises:
            NotARecord: it tells of no video.
        """
        named = urls.WATCH.fullmatch(urlsplit(self.url).path)
        fields = states.common(named[1] if named else None)
        found = [one for one in StructuredPage(self.response).records() if isinstance(one, Video)]
        if not found or not fields:
            raise NotARecord("shell", f"{self.url} tells of no video")
        told = {name: getattr(found[0], name) for name in known_fields(found[0])}
        user = urls.USER.fullmatch(urlsplit(told.get("uploader_url") or "").path)
        told["uploader_id"] = user[1] if user else None
        return told | fields

    def links(self) -> Iterator[Link]:
        """Yield who published it."""
        if isinstance(uploader_id := self.read.get("uploader_id"), str):
            yield urls.uploader_link(uploader_id)
