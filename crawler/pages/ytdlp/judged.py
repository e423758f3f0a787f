"""A page by its structured data, and whether that is enough."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property
from typing import Self

from crawler.errors import NotARecord
from crawler.items import Record, Video
from crawler.pages.structured import sitemaps
from crawler.pages.structured.addresses import is_home
from crawler.pages.structured.document import Document
from crawler.pages.structured.entities import Candidate, candidates, is_other
from crawler.pages.structured.jsonld import types
from crawler.pages.structured.page import StructuredPage

ABOUT = frozenset({"website", "video"})
"""What a page with a player may say that it is, by `og:type` up to the dot."""
PLAYERS = (
    "//video[@src or source][not(@loop and @muted)][not(@autoplay and @muted and not(@controls))]"
    "|//script[contains(., 'jwplayer(') or contains(., 'videojs(') or contains(., 'flowplayer(')"
    " or contains(., 'kt_player(') or contains(., 'flashvars')]"
)
"""What plays a video on a page; not one that only decorates it."""
NEWS = re.compile(r"\w*NewsArticle")
"""Types of pages that are about something else, whichever video they show."""


class JudgedPage(StructuredPage):
    """A page by its structured data, which is also asked whether that is enough.

    Attributes:
        is_told: whether it is told already why there is no record.
    """

    is_told = False

    @classmethod
    def of(cls, page: StructuredPage) -> Self:
        """Return a page with all that it has read or been given."""
        judged = cls(page.response)
        vars(judged).update(vars(page))
        return judged

    def records(self) -> Iterator[Record]:
        """Yield what the structured data tells; read once."""
        yield from self.known if self.is_told else self._found

    @cached_property
    def _found(self) -> list[Record]:
        return list(super().records())

    @cached_property
    def refusal(self) -> NotARecord | None:
        """Why this page is no record by its own words; None where it may be one."""
        try:
            self._found  # noqa: B018 - which reads it
        except NotARecord as refusal:
            return refusal
        return None

    @property
    def known(self) -> list[Record]:
        """The records, or none of a page that is refused."""
        return [] if self.refusal else self._found

    @property
    def is_whole(self) -> bool:
        """Whether the structured data alone gives all that the record of a video has to have.

        That is a title, when it was published, and how long it is, or that it is live.
        """
        video = next((one for one in self.known if isinstance(one, Video)), None)
        if video is None:
            return False
        is_live = video.live_status in {"is_live", "is_upcoming"}
        return video.published_at is not None and (video.duration is not None or is_live)

    @property
    def html(self) -> Document | None:
        """The page as HTML; None where it is none."""
        return self.document if self._is_html else None

    @cached_property
    def _topics(self) -> list[Candidate]:
        """What its structured data names as what it may be about."""
        document = self.html
        graphs = document.graphs if document else []
        return [each for graph in graphs if document for each in candidates(graph, document)]

    @property
    def is_for_extractors(self) -> bool:
        """Whether an extractor that knows its address may be asked: not of a sitemap, nor of news that show a video."""
        is_news = any(NEWS.fullmatch(name) for each in self._topics for name in types(each.entity.node))
        return not (is_news or sitemaps.is_sitemap(self.response))

    @property
    def may_be_a_video(self) -> bool:
        """Whether the page tells of a video, but not enough, or plays one and is about nothing else."""
        if self.known or self.refusal:
            return isinstance(next(iter(self.known), None), Video) and not self.is_whole
        document = self.html
        if document is None or is_home(self.url) or (document.og_type or "website").partition(".")[0] not in ABOUT:
            return False
        return not is_other(self._topics) and len(document.selector.xpath(PLAYERS)[:2]) == 1
