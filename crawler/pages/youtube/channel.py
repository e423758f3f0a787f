"""The pages of a channel, by handle, id or old name: the channel itself, and the tabs that list its videos."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from functools import cached_property

from crawler.errors import NotARecord
from crawler.items import Record, RecordKey, User, Video
from crawler.pages.base import Link, Listing, Page, RecordPage, Response, known_fields, refuse_status
from crawler.pages.nodes import Node, dig, node, nodes
from crawler.pages.paths import path_in, split
from crawler.pages.structured import values
from crawler.pages.structured.counts import Count, count
from crawler.pages.youtube import listed, numbers, refusals, urls
from crawler.pages.youtube.channel_markup import ChannelMarkup
from crawler.pages.youtube.markup import language_of
from crawler.pages.youtube.state import all_named, first_named, header_texts, initial_data, page_header, text_of, widest
from crawler.pages.youtube.video import MICRODATA, Watch

VERIFIED_STYLES = frozenset({"BADGE_STYLE_TYPE_VERIFIED", "BADGE_STYLE_TYPE_VERIFIED_ARTIST"})
VERIFIED_PICTURES = frozenset({"CHECK_CIRCLE_FILLED", "AUDIO_BADGE"})
ABOUT = ("aboutChannelViewModel", "channelAboutFullMetadataRenderer")
"""Where the numbers of the whole channel are, since 2023 and before."""
MOST_KEYWORDS_CHARS = 5_000
"""Ten times what the site lets a channel have."""
NAME = r"/(?:channel|user|c)/[^/]+|/@[^/]+"
OTHER_TABS = "featured|home|about|community|posts|discussion|playlists|podcasts|releases|courses|channels|store|live"
"""Tabs that list no videos: what they tell is the channel."""


class Channel(RecordPage):
    """A channel, as its home page tells it."""

    site = urls.SITE
    platform = urls.SITE
    hosts = ("youtube.com",)
    path = rf"(?:{NAME})(?:/(?:{OTHER_TABS}))?/?|{urls.SHORT_NAME}"
    examples = (
        "https://www.youtube.com/@handle",
        "https://www.youtube.com/channel/UCabcdefghijklmnopqrstuv",
        "https://www.youtube.com/user/name/about",
        "https://www.youtube.com/c/name",
        "https://www.youtube.com/name",
    )
    record_type = User
    source = "ytInitialData"

    # --- where it stands ---

    @cached_property
    def language_of_page(self) -> str:
        """Language of the page, which says what its commas mean."""
        return language_of(self.response.text)

    @cached_property
    def data(self) -> Node:
        """What the page is made from."""
        return initial_data(self.response.text)

    @cached_property
    def metadata(self) -> Node:
        """The channel, as search engines are told of it."""
        return node(dig(self.data, "metadata", "channelMetadataRenderer"))

    @cached_property
    def old_header(self) -> Node:
        """What stood above the tabs until 2024."""
        return node(dig(self.data, "header", "c4TabbedHeaderRenderer"))

    @cached_property
    def new_header(self) -> Node:
        """What stands there since."""
        return page_header(self.data)

    @cached_property
    def header_texts(self) -> list[str]:
        """The small print of the new header: the handle, the subscribers, the videos."""
        return list(header_texts(self.new_header))

    @cached_property
    def about(self) -> Node:
        """What the channel tells of itself, where the page has it."""
        if not any(name in self.response.text for name in ABOUT):  # a look at all of its data would take the longest
            return {}
        return first_named([self.data.get("onResponseReceivedEndpoints"), self.data.get("contents")], *ABOUT)

    @cached_property
    def markup(self) -> ChannelMarkup | None:
        """The HTML of the page, where no JavaScript tells of the channel."""
        return None if self.data else ChannelMarkup(self.response)

    @cached_property
    def watch(self) -> Watch:
        """The page as that of a video, which `/live` is while a stream runs."""
        return Watch(self.response)

    # --- the record ---

    def records(self) -> Iterator[Record]:
        """Yield the channel; of `/live` the video that is shown there, if one is.

        Raises:
            NotARecord: the page is none of a channel, with the reason.
        """
        refuse_status(self.response.status)
        if not self.id():
            if watch := self.live():
                yield from watch.records()
                return
            self.refuse()
        yield from super().records()

    def live(self) -> Watch | None:
        """Return the page of the running stream, which is what `/live` shows instead of the channel."""
        if not path_in(self.url).rstrip("/").endswith("/live"):
            return None
        return self.watch if self.watch.details else None

    def refuse(self) -> None:
        """Say why this is no page of a channel.

        Raises:
            NotARecord: with the reason.
        """
        refusals.refuse_consent(self.response.text)
        refusals.refuse_alerts(self.data)
        raise NotARecord("shell", f"{self.url} has no description of a channel")

    def id(self) -> str:
        """Return the channel's id."""
        if self.markup:
            return self.markup.id
        return (
            urls.channel_id(self.metadata.get("externalId")) or urls.channel_id(self.old_header.get("channelId")) or ""
        )

    def sources(self, record: Record) -> dict[str, str]:
        """Return which part of the page told each field; of a running stream its own page knows."""
        if isinstance(record, Video):
            return self.watch.sources(record)
        return dict.fromkeys(known_fields(record), MICRODATA) if self.markup else super().sources(record)

    def canonical_url(self) -> str:
        """Return the address by its id: the one that no change of its name makes wrong."""
        return urls.channel_url(self.id())

    def username(self) -> str | None:
        """Return the handle, or the user name that channels had before."""
        owner_urls = self.metadata.get("ownerUrls")
        told = [self.metadata.get("vanityChannelUrl"), *(owner_urls if isinstance(owner_urls, list) else ())]
        told += self.markup.addresses if self.markup else []
        paths = [path_in(one) for one in told]
        handles = [path.removeprefix("/@") for path in paths if path.startswith("/@")]
        handles += [one.removeprefix("@") for one in self.handles_printed() if one.startswith("@")]
        users = [path.removeprefix("/user/") for path in paths if path.startswith("/user/")]
        return next((name for name in handles + users if name and "/" not in name), None)

    def handles_printed(self) -> list[str]:
        """Return what may be the handle in the header."""
        return [text_of(self.old_header.get("channelHandleText")) or "", *self.header_texts]

    def name(self) -> str | None:
        """Return the name."""
        if self.markup:
            return self.markup.name
        told = self.metadata.get("title") or self.old_header.get("title")
        return told if isinstance(told, str) else None

    def description(self) -> str | None:
        """Return the whole text."""
        if self.markup:
            return self.markup.description
        told = self.metadata.get("description")
        return told if isinstance(told, str) else None

    def avatar_url(self) -> str | None:
        """Return the largest avatar."""
        if self.markup:
            return self.markup.avatar_url
        kept = (dig(one, "avatar", "thumbnails") for one in (self.metadata, self.old_header))
        return widest(*kept)

    def banner_url(self) -> str | None:
        """Return the largest banner."""
        new = dig(self.new_header, "banner", "imageBannerViewModel", "image", "sources")
        return widest(dig(self.old_header, "banner", "thumbnails"), new)

    def profile_links(self) -> list[str] | None:
        """Return where the profile links to, where the page has all of these."""
        old = node(dig(self.old_header, "headerLinks", "channelHeaderLinksRenderer"))
        found = [link for name in ("primaryLinks", "secondaryLinks") for link in nodes(old.get(name))]
        addresses = [dig(link, "navigationEndpoint", "urlEndpoint", "url") for link in found]
        for link in nodes(self.about.get("links")):
            runs = dig(link, "channelExternalLinkViewModel", "link", "commandRuns")
            addresses.append(dig(runs, 0, "onTap", "innertubeCommand", "urlEndpoint", "url"))
        absolute = (values.http_url(target(one), urls.BASE) for one in addresses if isinstance(one, str))
        return [one for one in absolute if one] or None

    def account_type(self) -> str:
        """Return what it is."""
        return "channel"

    @cached_property
    def followers(self) -> Count | None:
        """The subscribers, as they are printed."""
        told = [text_of(one.get("subscriberCountText")) for one in (self.old_header, self.about)]
        told += [self.markup.subscribers] if self.markup else []
        read = (numbers.subscribers(one, self.language_of_page) for one in [*told, *self.header_texts])
        return next((one for one in read if one), None)

    @cached_property
    def uploads(self) -> Count | None:
        """The number of videos, as it is printed; where it is told twice, the exact one."""
        told = [text_of(self.about.get("videoCountText")), text_of(self.old_header.get("videosCountText"))]
        read = [one for text in [*told, *self.header_texts] if (one := numbers.videos(text, self.language_of_page))]
        return min(read, key=lambda one: one.approximate, default=None)

    def follower_count(self) -> int | None:
        """Return the subscribers."""
        return self.followers.value if self.followers else None

    def video_count(self) -> int | None:
        """Return the number of videos."""
        return self.uploads.value if self.uploads else None

    def view_count(self) -> int | None:
        """Return the views of all videos, which only the page `about` tells."""
        views = count(text_of(self.about.get("viewCountText")), self.language_of_page)
        return views.value if views and not views.approximate else None

    def approximate(self) -> list[str] | None:
        """Return what the page rounds."""
        told = {"follower_count": self.followers, "video_count": self.uploads}
        return [name for name, one in told.items() if one and one.approximate] or None

    def is_verified(self) -> bool | None:
        """Return True where the page shows a badge; False where the header that shows it has none."""
        styles = {str(dig(badge, "metadataBadgeRenderer", "style")) for badge in nodes(self.old_header.get("badges"))}
        title = dig(self.new_header, "title", "dynamicTextViewModel", "text", "attachmentRuns")
        pictures = {str(one.get("imageName")) for _, one in all_named(title, "clientResource")}
        if styles & VERIFIED_STYLES or pictures & VERIFIED_PICTURES:
            return True
        return False if self.old_header else None

    def tags(self) -> list[str] | None:
        """Return the keywords; those of several words are in quotation marks."""
        if self.markup:
            return self.markup.tags
        told = self.metadata.get("keywords")
        return keywords(told) if isinstance(told, str) else None

    def created_at(self) -> str | None:
        """Return the day of its creation, which only the page `about` tells, read in English alone."""
        return numbers.joined(text_of(self.about.get("joinedDateText")))

    # --- where it leads ---

    def links(self) -> Iterator[Link]:
        """Yield the tabs that list its videos."""
        channel_id = self.id()
        if not channel_id:
            yield from self.watch.links()
            return
        tabs = set(self.tabs())
        for tab in urls.TABS:
            if tab in tabs:
                url = f"{urls.channel_url(channel_id)}/{tab}"
                yield Link(url, "listing", leads_to=frozenset({"video"}), carry={"has_user": True})

    def tabs(self) -> Iterator[str]:
        """Yield the tabs that the channel has, by the last part of their addresses."""
        for tab in nodes(dig(self.data, "contents", "twoColumnBrowseResultsRenderer", "tabs")):
            url = dig(tab, "tabRenderer", "endpoint", "commandMetadata", "webCommandMetadata", "url")
            yield path_in(url).rpartition("/")[2]


class ChannelVideos(Page):
    """A tab of a channel: the first videos of it, as the rest is only in `/youtubei/`, which robots.txt forbids."""

    site = urls.SITE
    platform = urls.SITE
    hosts = ("youtube.com",)
    path = rf"(?:{NAME})/(?:videos|shorts|streams)/?"
    examples = (
        "https://www.youtube.com/@handle/videos",
        "https://www.youtube.com/channel/UCabcdefghijklmnopqrstuv/streams",
    )

    def __init__(self, response: Response) -> None:
        super().__init__(response)
        self.channel = Channel(response)

    def records(self) -> Iterator[Record]:
        """Yield the channel, unless who led here has it."""
        found = list(self.channel.records())
        yield from () if self.response.carry.get("has_user") else found

    def sources(self, record: Record) -> dict[str, str]:
        """Return which part of the page told each field of the channel."""
        return self.channel.sources(record)

    @cached_property
    def ids(self) -> list[str]:
        """The ids of the videos on this page."""
        for tab in nodes(dig(self.channel.data, "contents", "twoColumnBrowseResultsRenderer", "tabs")):
            one = node(dig(tab, "tabRenderer"))
            url = dig(one, "endpoint", "commandMetadata", "webCommandMetadata", "url")
            if one.get("selected") is True and path_in(url).rpartition("/")[2] in urls.TABS:
                return listed.video_ids(one.get("content"))
        return []

    def links(self) -> Iterator[Link]:
        """Yield the videos."""
        yield from map(urls.video_link, self.ids)

    def listing(self) -> Listing:
        """Return the videos of this channel, all tabs together."""
        return Listing(f"videos of {self.channel.id()}", "video")

    def members(self) -> Iterator[RecordKey]:
        """Yield the keys of the videos."""
        yield from map(urls.video_key, self.ids)

    def total(self) -> int | None:
        """Return the number of videos that the channel declares, where it is not rounded."""
        uploads = self.channel.uploads
        return uploads.value if uploads and not uploads.approximate else None


def target(url: str) -> str:
    """Return where a link leads to that goes by way of YouTube's own redirect."""
    _, path, query = split(url)
    return query.get("q", url) if path == "/redirect" else url


def keywords(text: str) -> list[str]:
    """Return keywords that are separated by blanks, those of several words in quotation marks."""
    lexer = shlex.shlex(text[:MOST_KEYWORDS_CHARS], posix=True)
    lexer.whitespace_split, lexer.commenters, lexer.quotes, lexer.escape = True, "", '"', ""
    try:
        return list(lexer)
    except ValueError:  # a quotation mark that nothing closes
        return text[:MOST_KEYWORDS_CHARS].replace('"', " ").split()
