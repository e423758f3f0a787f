"""A video of Vimeo: its page, and its player with the configuration."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property
from itertools import islice
from typing import Any

from crawler.errors import NotARecord
from crawler.items import LiveStatus, Video
from crawler.pages.base import Link
from crawler.pages.nodes import MOST_VALUES, Node, assigned, decoded, dig, node, object_at, values_of, whole
from crawler.pages.parts import PartsPage
from crawler.pages.paths import path_in, split
from crawler.pages.structured import values, videos
from crawler.pages.structured.document import Document
from crawler.pages.structured.jsonld import types
from crawler.pages.structured.schema import Entity, Fields, merged
from crawler.pages.texts import plain
from crawler.pages.vimeo import common, refusals, urls

LD, CLIP, PLAYER, OPEN_GRAPH = "JSON-LD", "clip_page_config", "player configuration", "OpenGraph"
TRACKED = re.compile(r"window\._gtm\s*=\s*(?=\[)")
LIVE: dict[str, LiveStatus] = {
    "pending": "is_upcoming",
    "active": "is_upcoming",
    "started": "is_live",
    "ended": "post_live",
}
"""By the status of the event that a stream belongs to."""
MENTIONS = re.compile(r"/videos?/(\d{1,15})(?:[/?:]|$)|vimeo\.com/(?:[\w-]+/)*(\d{1,15})(?:[/?]|$)")
UPLOADED = "//*[contains(@class, 'clip_info') or contains(@class, 'byline')]//time/@datetime"
OWNER = (
    "//*[contains(@class, 'byline') or contains(@class, 'clip_info')]"
    "//a[@rel='author' or parent::*[contains(@class, 'userlink')]]"
)
"""Where pages of 2010 to 2019 print the time and the owner."""
SHORTENED = ("…", "...")


class VideoPage(PartsPage):
    """The page of a video in any of its forms, `player.vimeo.com/video/ID`, and the player's configuration alone."""

    site = urls.SITE
    platform = urls.SITE
    hosts = ("vimeo.com",)
    path = rf"{urls.VIDEO_PATH}|/video/\d{{1,15}}(?:/config)?/?"
    examples = (
        "https://vimeo.com/123456789",
        "https://vimeo.com/123456789/0123456789",
        "https://vimeo.com/channels/staffpicks/123456789",
        "https://vimeo.com/groups/example/videos/123456789",
        "https://player.vimeo.com/video/123456789",
        "https://player.vimeo.com/video/123456789/config",
    )
    record_type = Video
    source = OPEN_GRAPH

    # --- where it stands ---

    @cached_property
    def document(self) -> Document:
        """The page."""
        return Document(self.response)

    @cached_property
    def clip(self) -> Node:
        """What the page's scripts are told."""
        return assigned(self.response.text, CLIP)

    @cached_property
    def config(self) -> Node:
        """What the player is told: the answer itself, or a script of the player's page."""
        if self.response.body[:50].lstrip()[:1] == b"{":
            return node(self.response.json)
        source = self.response.text
        for name in ("playerConfig", "config"):
            for start in islice(values_of(source, name), MOST_VALUES):
                found = node(object_at(source, start) if source[start] == "{" else None)
                if node(found.get("video")):
                    return found
        return {}

    @cached_property
    def ld(self) -> list[Entity]:
        """The nodes of JSON-LD and microdata that are the video: those with its address, or without any."""
        found = [
            Entity(one, graph, self.document)
            for graph in self.document.graphs
            for top in graph.nodes
            for one in (top, *graph.children(top, "mainEntity"))
            if "VideoObject" in types(one)
        ]
        named = ((one, ids_in(one.url("url"), one.url("embedUrl"), one.page_id)) for one in found)
        return [one for one, ids in named if not ids or self.from_address in ids]

    @property
    def from_address(self) -> str | None:
        """The id in the page's own address."""
        path = path_in(self.url)
        found = urls.VIDEO.fullmatch(path) or urls.PLAYER.fullmatch(path)
        return found[1] if found else None

    @cached_property
    def video_id(self) -> str | None:
        """The id, as the page tells it; that of the address where the page tells that, too, or none."""
        metas = self.document.metas
        told = [common.number(dig(self.clip, "clip", "id")), common.number(dig(self.config, "video", "id"))]
        for one in self.ld:
            told += ids_in(one.url("url"), one.url("embedUrl"), one.page_id)
        told += ids_in(metas.first("al:ios:url"), metas.first("og:video:url"), metas.first("og:url"))
        known = [one for one in told if one]
        return self.from_address if self.from_address in known or not known else known[0]

    @property
    def unlisted_hash(self) -> Any:
        """The part of the address without which a video that is not listed does not open."""
        told = dig(self.clip, "clip", "unlisted_hash") or dig(self.config, "video", "unlisted_hash")
        _, path, query = split(self.url)
        found = urls.VIDEO.fullmatch(path)
        return told or (found[2] if found else query.get("h"))

    # --- the record ---

    def parts(self) -> Iterator[tuple[str, Fields]]:
        """Yield what JSON-LD, the scripts, the player and OpenGraph tell.

        Raises:
            NotARecord: the page is none of a video that can be seen.
        """
        refusals.refuse_config(self.config)
        if not self.config:
            refusals.refuse_page(self.document, self.response.text)
        parts = [(LD, self.of_ld()), (CLIP, self.of_clip()), (PLAYER, self.of_player()), (OPEN_GRAPH, self.of_metas())]
        known = [(name, fields) for name, fields in parts if any(value is not None for value in fields.values())]
        if not any(fields.get("title") for _, fields in known) or not self.video_id:
            refusals.refuse_title(self.document)
            raise NotARecord("shell", f"{self.url} describes no video")
        if not any(fields.get("title") for name, fields in known if name != OPEN_GRAPH):
            refusals.refuse_og_title(self.document)
        known[0][1].update(common.identity(self.video_id, self.unlisted_hash))
        yield from known

    @property
    def is_og_video(self) -> bool:
        """Whether OpenGraph calls the page a video's."""
        return self.document.og_type.startswith("video") and self.document.metas.first("og:title") is not None

    def of_ld(self) -> Fields:
        """Return what JSON-LD says; its description has lost its line breaks, and is often cut."""
        if not self.ld:
            return {}
        best = self.ld[0]
        fields, _ = merged((LD, videos.of_node(entity)) for entity in self.ld)
        for name in ("width", "height"):
            fields[name] = videos.pixels(videos.quantity(best, name))
        for name, printed in (("published_at", ("uploadDate", "datePublished")), ("updated_at", ("dateModified",))):
            local = (values.line(best.first(*printed)) or "").replace("T", " ")
            if common.LOCAL_TIME.fullmatch(local):
                fields[name] = common.home_time(local)
        told, scripts = common.description(fields.get("description")), self.clip_description
        if told and scripts and (told.endswith(SHORTENED) or told.split() == scripts.split()):
            told = None
        return fields | {
            "description": told,
            "thumbnail": common.picture(fields.get("thumbnail")),
            "license": common.licence(fields.get("license")),
            "uploader_url": urls.user_url(fields.get("uploader_url")) or fields.get("uploader_url"),
            "embed_url": None,
            "content_url": None,
        }

    @property
    def clip_description(self) -> str | None:
        """The description with its line breaks, as the scripts have it."""
        return plain(dig(self.clip, "clip", "description"))

    def of_clip(self) -> Fields:
        """Return what the page's scripts are told."""
        clip, owner = node(self.clip.get("clip")), node(self.clip.get("owner"))
        privacy = dig(clip, "privacy", "type")
        is_live = clip.get("is_live") is True
        return {
            "title": values.line(clip.get("title")),
            "description": self.clip_description,
            "published_at": common.home_time(clip.get("uploaded_on")),
            "duration": None if is_live else whole(dig(clip, "duration", "raw")) or None,
            "uploader": values.line(owner.get("display_name")),
            "uploader_id": common.number(owner.get("id")) or common.number(self.tracked.get("creator_id")),
            "uploader_url": urls.user_url(owner.get("url")),
            "thumbnail": common.picture(dig(self.clip, "player", "poster", "url")),
            "categories": self.categories,
            "license": common.licence(self.clip.get("cc_license")),
            "live_status": "is_live" if is_live else None,
            "media_type": "livestream" if is_live else None,
            "availability": common.AVAILABILITY.get(privacy) if isinstance(privacy, str) else None,
        }

    @cached_property
    def tracked(self) -> Node:
        """What the page tells the site's own tracking."""
        told, found = node(self.clip.get("data_layer")), TRACKED.search(self.response.text)
        return told if told or found is None else node(dig(decoded(self.response.text, found.end()), 0))

    @property
    def categories(self) -> list[str] | None:
        """The categories."""
        told = self.tracked.get("video_categories")
        found = [one.strip() for one in told.split(",")] if isinstance(told, str) else []
        return [one for one in found if one] or None

    def of_player(self) -> Fields:
        """Return what the player is told."""
        video, owner = node(self.config.get("video")), node(dig(self.config, "video", "owner"))
        event, privacy = dig(video, "live_event", "status"), video.get("privacy")
        live = LIVE.get(event) if isinstance(event, str) else None
        address = urls.user_url(owner.get("url"))
        return {
            "title": values.line(video.get("title")),
            "duration": None if live in {"is_live", "is_upcoming"} else whole(video.get("duration")) or None,
            "uploader": values.line(owner.get("name")),
            "uploader_id": common.number(owner.get("id")) or urls.number_in(address),
            "uploader_url": address,
            "thumbnail": self.poster(video),
            "live_status": live,
            "media_type": "livestream" if live else None,
            "availability": common.AVAILABILITY.get(privacy) if isinstance(privacy, str) else None,
            "width": whole(video.get("width")) or None,
            "height": whole(video.get("height")) or None,
        }

    def poster(self, video: Node) -> str | None:
        """Return the widest picture that the player is told."""
        thumbs = node(video.get("thumbs"))
        widths = sorted((key for key in thumbs if key.isdecimal()), key=int, reverse=True)
        told = [*(thumbs[key] for key in widths), thumbs.get("base"), video.get("thumbnail_url")]
        return next((url for one in told if (url := common.picture(one))), None)

    def of_metas(self) -> Fields:
        """Return what the `<meta>`s and `<link>`s say."""
        if self.config and not self.document.metas.pairs:
            return {}
        fields = videos.of_metas(self.document)
        rights = self.document.selector.xpath("//link[@rel='license']/@href").get()
        owner = self.document.selector.xpath(OWNER)[:1]
        made = self.document.selector.xpath(UPLOADED).get()
        return {
            "title": fields["title"] if self.is_og_video else None,
            "description": None if self.clip.get("clip") else common.description(fields.get("description")),
            "published_at": zoned(fields.get("published_at") or made),
            "updated_at": zoned(self.document.metas.first("og:updated_time")),
            "duration": fields.get("duration"),
            "thumbnail": common.picture(fields.get("thumbnail")),
            "tags": fields.get("tags"),
            "license": common.licence(rights),
            "uploader": values.line(owner.xpath("string()").get()),
            "uploader_url": urls.user_url(owner.xpath("@href").get()),
        }

    # --- where it leads ---

    def links(self) -> Iterator[Link]:
        """Yield the owner."""
        try:
            fields = [fields for _, fields in self.told]
        except NotARecord:
            return
        name = next((found for one in fields if (found := urls.name_in(one.get("uploader_url")))), None)
        user_id = next((one["uploader_id"] for one in fields if one.get("uploader_id")), None)
        if name:
            yield urls.user_link(name, user_id)


def ids_in(*addresses: str | None) -> list[str]:
    """Return the ids that addresses of videos name."""
    found = (MENTIONS.search(one) for one in addresses if one and len(one) <= values.MAX_URL_CHARS)
    return [match[1] or match[2] for match in found if match]


def zoned(value: str | None) -> str | None:
    """Return a time that says its zone."""
    told = (value or "").strip()
    return values.date(told) if re.search(r"T.*(?:Z|[+-]\d\d:?\d\d)$", told) else None
