"""Dailymotion's own pages, as far as they tell anything without JavaScript: player, JSON-LD, OpenGraph."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property

from crawler.errors import NotARecord
from crawler.items import User, Video
from crawler.pages.base import known_fields
from crawler.pages.dailymotion import rows, urls
from crawler.pages.dailymotion.rows import secure
from crawler.pages.nodes import Node, assigned, decoded, node
from crawler.pages.parts import PartsPage
from crawler.pages.paths import path_in, split
from crawler.pages.structured import profiles, values, videos
from crawler.pages.structured.document import Document
from crawler.pages.structured.entities import Subject, subject_of
from crawler.pages.structured.refusals import refuse_by_title
from crawler.pages.structured.schema import Fields, merged

SUFFIX = re.compile(r"\s+[-|\u2013]\s+(?:[^\s-]+\s*)?Dailymotion(?:\s+[^\s-]+)?$", re.IGNORECASE)
"""What the site adds to a title: `- Dailymotion Video`, `- Vidéo Dailymotion`."""
OF_USER = re.compile(r"[\u2019']s? (?:videos|channel)$")
"""What it adds to a user's name."""
BY = r"(?:on|sur|en|auf|su|no|na|op|w|di|på|trên|на)"
AUTOPLAY = re.compile(r"\?autoplay=\d$")
LD, OPEN_GRAPH, PLAYER = "JSON-LD", "OpenGraph", "player metadata"
PLAYER_CONFIGS = ("__PLAYER_CONFIG__", "config")
BUILDS_PLAYER, OLD_INFO = "buildPlayer(", "info"


class VideoHtml(PartsPage):
    """The page of a video."""

    site = urls.SITE
    record_type = Video
    source = OPEN_GRAPH

    @cached_property
    def document(self) -> Document:
        """The page."""
        return Document(self.response)

    def parts(self) -> Iterator[tuple[str, Fields]]:
        """Yield what the player was told, which older pages hold, then JSON-LD, then OpenGraph.

        Raises:
            NotARecord: the page is none of a video.
        """
        if not self.video_id:
            refuse_by_title(self.document, [self.document.metas.first("og:title"), self.document.title])
            raise NotARecord("shell", f"{self.url} names no video in its OpenGraph data")
        identity = {"id": self.video_id, "url": urls.video_url(self.video_id)}
        told = [(PLAYER, self.of_player()), (LD, self.of_ld())]
        if not any(fields.get("title") for _, fields in told):
            refuse_by_title(self.document, [self.title])
        yield from told
        yield OPEN_GRAPH, identity | self.of_metas()

    @cached_property
    def subject(self) -> Subject | None:
        """What the structured data is about."""
        return subject_of(self.document)

    @cached_property
    def video_id(self) -> str | None:
        """The id, as the addresses of the page and of its player tell it; the page's own is no proof of a video."""
        metas = self.document.metas
        told = [player.url for player in metas.players()]
        told += [metas.first("og:url") or "", metas.first("twitter:player") or "", self.document.canonical]
        playing = self.player_row.get("id")
        told += [urls.video_url(playing)] if isinstance(playing, str) else []
        says_video = self.document.og_type.startswith("video") or metas.first("twitter:player")
        is_video = playing or says_video or self.subject
        found = (urls.video_id_of(*split(url)) for url in told) if is_video else iter(())
        return next((one for one in found if one), None)

    @cached_property
    def player_row(self) -> Node:
        """What the player was told, as pages until about 2020 and those for an iframe hold it; empty for none."""
        source = self.response.text
        configs = [assigned(source, name) for name in PLAYER_CONFIGS]
        if (start := source.find(BUILDS_PLAYER)) >= 0:
            configs.append(node(decoded(source, start + len(BUILDS_PLAYER))))
        told = [*(node(config.get("metadata")) for config in configs), assigned(source, OLD_INFO)]
        return next((one for one in told if one.get("id") and one.get("title")), {})

    def of_player(self) -> Fields:
        """Return what the player was told of this video."""
        if self.player_row.get("id") != self.video_id:
            return {}
        try:
            record = rows.video(self.player_row, self.response)
        except NotARecord:
            return {}
        return {name: getattr(record, name) for name in known_fields(record)}

    def of_ld(self) -> Fields:
        """Return what JSON-LD or microdata say."""
        if self.subject is None or self.subject.kind != "video":
            return {}
        return self.cleaned(merged((LD, videos.of_node(entity)) for entity in self.subject.entities)[0])

    def of_metas(self) -> Fields:
        """Return what the `<meta>`s say."""
        metas = self.document.metas
        fields = self.cleaned(videos.of_metas(self.document))
        return fields | {
            "tags": list(metas.all("video:tag", "og:video:tag")) or None,
            "uploader": self.uploader(),
            "uploader_url": secure(values.http_url(metas.first("video:director"), urls.BASE)),
        }

    def cleaned(self, fields: Fields) -> Fields:
        """Return fields without what the site has added: to the title, and a description of its own making."""
        title = SUFFIX.sub("", fields.get("title") or "") or None
        description = fields.get("description")
        if description and (self.is_summary(description) or description == title):
            description = None
        embed_url = fields.get("embed_url")
        return fields | {
            "title": None if (title or "").casefold() == urls.SITE else title,
            "description": description,
            "embed_url": AUTOPLAY.sub("", embed_url) if embed_url else None,
        }

    @cached_property
    def title(self) -> str:
        """The title, as OpenGraph has it, without the suffix."""
        return SUFFIX.sub("", values.line(self.document.metas.first("og:title")) or "")

    def is_summary(self, description: str) -> bool:
        """Tell whether a description is the site's: `Watch TITLE - OWNER on Dailymotion`."""
        words = values.line(description) or ""
        return bool(self.title) and f"{self.title} - " in words and "dailymotion" in words.casefold()

    def uploader(self) -> str | None:
        """Return the owner's name, which the site's own description names behind the title."""
        words = values.line(self.document.metas.first("og:description", "description")) or ""
        before, found, after = words.partition(f"{self.title} - ")
        named = re.fullmatch(rf"(.{{1,100}}) {BY} Dailymotion", after) if found and self.title else None
        return named[1] if named and len(before) <= len("Regardez-la ") * 2 else None

    @property
    def owner_name(self) -> str | None:
        """Name of the owner in addresses."""
        told = next((fields["uploader_url"] for _, fields in self.told if fields.get("uploader_url")), "")
        name = path_in(told).strip("/").removeprefix("user/")
        return name if urls.NAME.fullmatch(name) else None


class UserHtml(PartsPage):
    """The page of a user; it is known by name, as the page does not tell the id."""

    site = urls.SITE
    record_type = User
    source = OPEN_GRAPH

    def parts(self) -> Iterator[tuple[str, Fields]]:
        """Yield JSON-LD, then OpenGraph.

        Raises:
            NotARecord: the page is none of a user.
        """
        document = Document(self.response)
        subject = subject_of(document)
        refuse_by_title(document, [document.metas.first("og:title"), document.title])
        if subject is None or subject.kind != "user":
            raise NotARecord("shell", f"{self.url} tells nothing of a user without JavaScript")
        found = urls.USER.fullmatch(path_in(document.canonical))
        name = found[1] if found else ""
        for entity in subject.entities:
            yield LD, profiles.of_node(entity)
        for entity in subject.pages:
            yield LD, profiles.of_profile_page(entity)
        fields = profiles.of_metas(document)
        shown = OF_USER.sub("", SUFFIX.sub("", fields.get("name") or "")) or None
        yield OPEN_GRAPH, fields | {"id": name, "username": name, "url": f"{urls.BASE}/{name}", "name": shown}
