"""The page of a talk, in any language."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property

from crawler.errors import NotARecord
from crawler.items import Record, Video
from crawler.pages.base import Link, RecordPage, known_fields, refuse_status
from crawler.pages.embedded import address, first_plain, identifier
from crawler.pages.nodes import dig, nodes
from crawler.pages.paths import path_in
from crawler.pages.structured import StructuredVideoPage, values
from crawler.pages.structured.counts import exact
from crawler.pages.structured.document import Document
from crawler.pages.ted import state, urls
from crawler.pages.ted.state import Told

FROM_JSON_LD = "embed_url"


class TalkByStandards(StructuredVideoPage):
    """A talk whose page has no state: its name in addresses is the id, as its number is told nowhere."""

    site = urls.SITE

    def id(self) -> str:
        """Return the talk's name in addresses.

        Raises:
            NotARecord: the address has none.
        """
        if slug := urls.slug_of(path_in(self.url)):
            return slug
        raise NotARecord("shell", f"{self.url} names no talk")

    def canonical_url(self) -> str:
        """Return the talk's address."""
        return urls.talk_url(self.id())

    def title(self) -> str:
        """Return the title, without the speaker before it."""
        told, speaker = self.structured.title, self.structured.uploader
        return told.removeprefix(f"{speaker}: ") if speaker else told


class Talk(RecordPage):
    """A talk: told by the page's state, and its player by JSON-LD."""

    site = urls.SITE
    platform = urls.SITE
    hosts = (urls.HOME,)
    path = urls.TALK_PATH
    examples = ("https://www.ted.com/talks/ada_kite_why_kites_fly", "https://www.ted.com/talks/lang/de/ada_kite.html")
    record_type = Video

    @cached_property
    def told(self) -> Told:
        """What the page's state tells."""
        return state.told_by(self.response.text)

    @cached_property
    def by_standards(self) -> TalkByStandards:
        """The same page without its state."""
        return TalkByStandards(self.response)

    def records(self) -> Iterator[Record]:
        """Yield the talk.

        Raises:
            NotARecord: there is none, with the reason.
        """
        refuse_status(self.response.status)
        if self.told.is_gone and not self.told.talk:
            raise NotARecord("not_found", f"{self.url} is TED's page for what is not there")
        yield from super().records() if self._has_state else self.by_standards.records()

    def sources(self, record: Record) -> dict[str, str]:
        """Return the state that told the fields, and JSON-LD."""
        if not self._has_state:
            return self.by_standards.sources(record)
        told = dict.fromkeys(known_fields(record), self.told.source)
        return told | ({FROM_JSON_LD: "JSON-LD"} if FROM_JSON_LD in told else {})

    @property
    def _has_state(self) -> bool:
        return bool(self.id() and self._title)

    # --- what it is ---

    def id(self) -> str:
        """Return the talk's number."""
        return identifier(self.told.talk.get("id")) or ""

    @property
    def _slug(self) -> str | None:
        told = first_plain(self.told.talk, "slug")
        return told if told and re.fullmatch(urls.SLUG, told) else urls.slug_of(path_in(self.url))

    def canonical_url(self) -> str:
        """Return the talk's address, one for all languages."""
        return urls.talk_url(self._slug) if self._slug else self.url

    @property
    def _title(self) -> str | None:
        return first_plain(self.told.talk, "title")

    def title(self) -> str:
        """Return the title, in the language of the page."""
        return self._title or ""

    def description(self) -> str | None:
        """Return the description, in the language of the page."""
        return first_plain(self.told.talk, "description")

    def published_at(self) -> str | None:
        """Return when it was published, which can be long after it was recorded."""
        return state.published(self.told)

    def duration(self) -> float | None:
        """Return the seconds of the talk; what the player adds before and after is not in it."""
        told = self.told.talk.get("duration")
        return values.duration(told) if isinstance(told, int | float) else None

    def view_count(self) -> int | None:
        """Return the views."""
        return exact(self.told.talk.get("viewedCount"), "en")

    def tags(self) -> list[str] | None:
        """Return the topics."""
        topics = dig(self.told.talk, "topics", "nodes")
        found = [name for one in nodes(topics) if (name := first_plain(one, "name"))]
        listed = (first_plain(self.told.player.get("targeting"), "tag") or "").split(",")
        return found or [tag for tag in listed if tag] or ([] if topics == [] else None)

    def language(self) -> str | None:
        """Return the language that is spoken, not that of the page."""
        spoken = first_plain(self.told.talk, "audioInternalLanguageCode")
        return values.language(spoken or first_plain(self.told.player, "nativeLanguage"))

    # --- whose it is ---

    def uploader(self) -> str | None:
        """Return the speakers."""
        return first_plain(self.told.talk, "presenterDisplayName") or first_plain(self.told.player, "speaker")

    @property
    def _speaker(self) -> str | None:
        known = state.speakers(self.told)
        return known[0] if len(known) == 1 and re.fullmatch(urls.SLUG, known[0]) else None

    def uploader_id(self) -> str | None:
        """Return the name that the speaker has in addresses, where there is one speaker."""
        return self._speaker

    def uploader_url(self) -> str | None:
        """Return the speaker's page, where there is one speaker."""
        return urls.speaker_url(self._speaker) if self._speaker else None

    # --- pictures and files ---

    def thumbnail(self) -> str | None:
        """Return the largest picture."""
        return address(state.picture(self.told), self.response)

    def content_url(self) -> str | None:
        """Return the largest file, else the playlist."""
        return address(state.media_file(self.told), self.response)

    def embed_url(self) -> str | None:
        """Return the player for other sites, which only JSON-LD names."""
        return address(Document(self.response).video_object.get("embedUrl"), self.response)

    def links(self) -> Iterator[Link]:
        """Yield the speakers."""
        known = (slug for slug in state.speakers(self.told) if re.fullmatch(urls.SLUG, slug))
        yield from map(urls.speaker_link, known)
