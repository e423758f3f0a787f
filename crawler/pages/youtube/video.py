"""The page of a video: `/watch`, `/shorts`, `/live`. What its JavaScript lacks, its microdata may tell."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Any

from crawler.errors import NotARecord
from crawler.items import Availability, LiveStatus, MediaType, Record, Video
from crawler.pages.base import Link, RecordPage, Response, refuse_status
from crawler.pages.nodes import Node, dig, node, nodes, whole
from crawler.pages.rows import texts
from crawler.pages.structured import values
from crawler.pages.structured.counts import Count
from crawler.pages.youtube import numbers, refusals, urls
from crawler.pages.youtube.buttons import Buttons
from crawler.pages.youtube.markup import Markup, language_of
from crawler.pages.youtube.state import initial_data, player_response, text_of, widest

ADULT_YEARS = 18
SHORT_MOST_S = 180
"""Seconds of the longest short."""
CREATIVE_COMMONS = "creative_commons"
"""In the address that the licence is explained at, whatever the language of the page."""
MICRODATA, INITIAL_DATA = "microdata", "ytInitialData"
BELOW_THE_PLAYER = frozenset({"dislike_count", "comment_count", "channel_follower_count", "license"})
"""Fields that the page shows below the player, and does not tell the player itself."""
OF_THE_PAGE = frozenset({
    *("published_at", "duration", "uploader_url", "categories", "age_limit", "is_family_friendly"),
    *("availability", "embed_url"),
})  # fmt: skip
"""Fields that search engines are told: in the microdata alone until about 2019."""


class Watch(RecordPage):
    """A video, as its page tells it."""

    site = urls.SITE
    platform = urls.SITE
    hosts = ("youtube.com",)
    path = r"/watch/?|/(?:shorts|live)/[\w-]{11}/?"
    examples = (
        "https://www.youtube.com/watch?v=abcdefghijk",
        "https://www.youtube.com/shorts/abcdefghijk",
        "https://www.youtube.com/live/abcdefghijk",
    )
    record_type = Video
    source = "ytInitialPlayerResponse"

    def __init__(self, response: Response) -> None:
        super().__init__(response)
        self.markup = Markup(response)

    # --- where it stands ---

    @cached_property
    def player(self) -> Node:
        """What the player was told."""
        return player_response(self.response.text)

    @cached_property
    def data(self) -> Node:
        """What the rest of the page is made from."""
        return initial_data(self.response.text, self.id())

    @cached_property
    def details(self) -> Node:
        """The video, as the player was told of it."""
        return node(dig(self.player, "videoDetails"))

    @cached_property
    def about(self) -> Node:
        """The video, as search engines are told of it."""
        return node(dig(self.player, "microformat", "playerMicroformatRenderer"))

    @cached_property
    def contents(self) -> list[Node]:
        """The parts of the page below the player."""
        return nodes(dig(self.data, "contents", "twoColumnWatchNextResults", "results", "results", "contents"))

    @cached_property
    def secondary(self) -> Node:
        """The part that names the owner."""
        found = (dig(part, "videoSecondaryInfoRenderer") for part in self.contents)
        return next((node(one) for one in found if one), {})

    @cached_property
    def owner(self) -> Node:
        """The owner, as that part has it."""
        return node(dig(self.secondary, "owner", "videoOwnerRenderer"))

    @cached_property
    def buttons(self) -> Buttons:
        """What the buttons below the player, or beside a short, say."""
        return Buttons(self.data, self.contents)

    # --- the record ---

    def records(self) -> Iterator[Record]:
        """Yield the video.

        Raises:
            NotARecord: the page is none of a video that can be seen, with the reason.
        """
        refuse_status(self.response.status)
        self.refuse()
        yield from super().records()

    def refuse(self) -> None:
        """Refuse what is no page of a video that can be seen.

        Raises:
            NotARecord: with the reason.
        """
        if self.player:
            refusals.refuse_player(self.player)
            return
        refusals.refuse_consent(self.response.text)
        if not (self.markup.video and self.id()):
            refusals.refuse_alerts(self.data)
            raise NotARecord("shell", f"{self.url} has no player and no description of a video")

    def id(self) -> str:
        """Return the video's id."""
        found = self.details.get("videoId") or self.markup.first("identifier", "videoId")
        return found if isinstance(found, str) and urls.VIDEO_ID.fullmatch(found) else ""

    def canonical_url(self) -> str:
        """Return the page's own address, which of a short is another one, where it names this video."""
        told = urls.absolute(self.markup.canonical)
        return told if told and told.endswith(f"/shorts/{self.id()}") else urls.video_url(self.id())

    def title(self) -> str:
        """Return the title."""
        return str(self.details.get("title") or self.markup.first("name") or "")

    def description(self) -> str | None:
        """Return the whole text; what the microdata has of a long one is only its beginning."""
        whole = self.details.get("shortDescription")
        if isinstance(whole, str):
            return whole
        return text_of(self.about.get("description")) or self.markup.whole("description")

    def published_at(self) -> str | None:
        """Return when it was published, with the zone that the page tells."""
        return values.date(self.about.get("publishDate") or self.markup.first("datePublished", "uploadDate"))

    def duration(self) -> float | None:
        """Return the seconds; the player itself is told up to one less than all others, so it is asked last."""
        if self.live_status() in {"is_live", "is_upcoming"}:
            return None
        told = whole(self.about.get("lengthSeconds")) or values.duration(self.markup.first("duration"))
        found = told or whole(self.details.get("lengthSeconds"))
        return float(found) if found else None

    def view_count(self) -> int | None:
        """Return the views."""
        for told in (self.details.get("viewCount"), self.about.get("viewCount")):
            if (views := whole(told)) is not None:
                return views
        return self.markup.count("WatchAction")

    def like_count(self) -> int | None:
        """Return the likes, where they are told to the digit, and not switched off."""
        if self.details.get("allowRatings") is False:
            return None
        told = whole(self.about.get("likeCount"))
        likes = self.buttons.likes() if told is None else told
        return self.markup.count("LikeAction") if likes is None else likes

    def dislike_count(self) -> int | None:
        """Return the dislikes, which pages had until December 2021."""
        found = self.buttons.dislikes()
        return self.markup.old_button("dislike") if found is None else found

    def comment_count(self) -> int | None:
        """Return the comments, where they are told to the digit."""
        return self.buttons.comments(self.language_of_page)

    @cached_property
    def language_of_page(self) -> str:
        """Language of the page, which says what its commas mean."""
        return language_of(self.response.text)

    # --- whose it is ---

    def uploader(self) -> str | None:
        """Return the channel's name."""
        told = self.details.get("author") or self.about.get("ownerChannelName") or self.markup.author("name")
        return told if isinstance(told, str) else None

    def uploader_id(self) -> str | None:
        """Return the channel's id."""
        told = urls.channel_id(self.details.get("channelId")) or urls.channel_id(self.about.get("externalChannelId"))
        return told or urls.channel_id(self.markup.first("channelId"))

    def uploader_url(self) -> str | None:
        """Return the address that the owner has chosen for the channel."""
        told = self.about.get("ownerProfileUrl") or self.markup.author("url")
        return (urls.absolute(told) if isinstance(told, str) else None) or self.channel_url()

    channel, channel_id = uploader, uploader_id

    def channel_url(self) -> str | None:
        """Return the channel's address by its id."""
        channel_id = self.uploader_id()
        return urls.channel_url(channel_id) if channel_id else None

    @cached_property
    def followers(self) -> Count | None:
        """The subscribers of the channel, as they are printed."""
        printed = text_of(self.owner.get("subscriberCountText")) or self.markup.subscribers
        return numbers.subscribers(printed, self.language_of_page)

    def channel_follower_count(self) -> int | None:
        """Return the subscribers of the channel."""
        return self.followers.value if self.followers else None

    def approximate(self) -> list[str] | None:
        """Return what the page rounds: the subscribers, from a thousand on."""
        return ["channel_follower_count"] if self.followers and self.followers.approximate else None

    # --- what it is like ---

    def thumbnail(self) -> str | None:
        """Return the largest picture."""
        kept = (dig(one, "thumbnail", "thumbnails") for one in (self.about, self.details))
        return widest(*kept) or self.markup.first("thumbnailUrl")

    def tags(self) -> list[str] | None:
        """Return the tags."""
        told = texts(self.details.get("keywords"))
        return self.markup.tags if told is None else told

    def categories(self) -> list[str] | None:
        """Return the category."""
        told = self.about.get("category") or self.markup.first("genre")
        return [told] if isinstance(told, str) else None

    def license(self) -> str | None:
        """Return the licence, which the page names where it is not YouTube's own."""
        rows = dig(self.secondary, "metadataRowContainer", "metadataRowContainerRenderer", "rows")
        for content in (one for row in nodes(rows) for one in nodes(dig(row, "metadataRowRenderer", "contents"))):
            addresses = [
                dig(run, "navigationEndpoint", *path)
                for run in nodes(content.get("runs"))
                for path in (("urlEndpoint", "url"), ("commandMetadata", "webCommandMetadata", "url"))
            ]
            if any(CREATIVE_COMMONS in str(address) for address in addresses):
                return text_of(content)
        return None

    def is_family_friendly(self) -> bool | None:
        """Return whether YouTube thinks that children may see it."""
        told = self.about.get("isFamilySafe")
        return told if isinstance(told, bool) else values.boolean(self.markup.first("isFamilyFriendly"))

    def age_limit(self) -> int | None:
        """Return 18 where a visitor's age is asked for."""
        is_safe = self.is_family_friendly()
        if refusals.needs_age(self.player) or is_safe is False:
            return ADULT_YEARS
        return 0 if is_safe else None

    def live_status(self) -> LiveStatus | None:
        """Return the status in yt-dlp's words; pages before about 2018 do not tell what was a stream."""
        details, broadcast = self.details, node(self.about.get("liveBroadcastDetails"))
        if details.get("isPostLiveDvr") is True:
            return "post_live"
        is_live = details["isLive"] if "isLive" in details else broadcast.get("isLiveNow")
        if is_live is True:
            return "is_live"
        if details.get("isUpcoming") is True:
            return "is_upcoming"
        was_live = details.get("isLiveContent")
        return "was_live" if was_live is True else "not_live" if was_live is False else None

    def media_type(self) -> MediaType | None:
        """Return what kind of a video it is; None where the page does not tell shorts or streams apart."""
        if self.details.get("isLiveContent") is True:
            return "livestream"
        is_short = self.about.get("isShortsEligible")
        if is_short is True or "/shorts/" in self.canonical_url():
            return "short"
        if self.details.get("isLiveContent") is None and self.markup.video.get("publication"):
            return None  # a stream, or a première
        is_longer = (self.duration() or 0) > SHORT_MOST_S
        return "video" if is_short is False or is_longer else None

    def availability(self) -> Availability | None:
        """Return who can see it; None where that takes more than the page tells."""
        unlisted = self.about.get("isUnlisted")
        hidden = unlisted if isinstance(unlisted, bool) else values.boolean(self.markup.first("unlisted"))
        if hidden is not None and self.age_limit() and refusals.needs_age(self.player):
            return "needs_auth"
        if hidden:
            return "unlisted"
        if self.player:
            plays = refusals.said(self.player)[0] in {"OK", "LIVE_STREAM_OFFLINE"}
        else:
            plays = not (self.age_limit() or values.boolean(self.markup.first("paid", "requiresSubscription")))
        return "public" if hidden is False and plays else None

    def width(self) -> int | None:
        """Return the width of the largest file."""
        return self.largest[0]

    def height(self) -> int | None:
        """Return the height of the largest file."""
        return self.largest[1]

    @cached_property
    def largest(self) -> tuple[int | None, int | None]:
        """Width and height of the largest file that the player can choose."""
        found: list[tuple[Any, Any]] = [
            (one.get("width"), one.get("height")) for one in nodes(dig(self.player, "streamingData", "adaptiveFormats"))
        ]
        sizes = [(w, h) for w, h in found if isinstance(w, int) and isinstance(h, int)]
        return max(sizes, key=lambda size: size[0] * size[1]) if sizes else (None, None)

    def embed_url(self) -> str | None:
        """Return the address of the player for other sites."""
        told = dig(self.about, "embed", "iframeUrl") or self.markup.first("embedUrl", "embedURL")
        return told if isinstance(told, str) else None

    # --- where that is from ---

    def sources(self, record: Record) -> dict[str, str]:
        """Return where each field is from: what the player was told, the rest of the page's data, or the microdata."""
        told = super().sources(record)
        if not self.player:
            told = dict.fromkeys(told, MICRODATA)
        if not self.about and self.markup.video:
            told |= dict.fromkeys(OF_THE_PAGE & told.keys(), MICRODATA)
        for name in BELOW_THE_PLAYER & told.keys():
            told[name] = INITIAL_DATA if self.data else MICRODATA
        if "like_count" in told and whole(self.about.get("likeCount")) is None:
            told["like_count"] = MICRODATA if self.buttons.likes() is None else INITIAL_DATA
        return told

    # --- where it leads ---

    def links(self) -> Iterator[Link]:
        """Yield the channel."""
        if channel_id := self.uploader_id():
            yield urls.channel_link(channel_id)
