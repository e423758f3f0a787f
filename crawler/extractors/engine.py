"""Decides which pages yt-dlp reads: those that no page class knows, and that do not tell enough by themselves."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from crawler.errors import NotARecord, Unextracted
from crawler.extractors.choice import INSTALL, Choice, is_installed
from crawler.extractors.running import Runner
from crawler.pages.base import Page
from crawler.pages.structured.page import StructuredPage
from crawler.pages.ytdlp import GENERIC, InfoPage, JudgedPage

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

    from crawler.extractors.catalogue import Catalogue
    from crawler.extractors.running import Instance

logger = logging.getLogger(__name__)

FILLED_BY_SCRIPTS = "shell"
"""Reason of the one refusal by structured data that an extractor may know better about."""
UNTOLD = frozenset({"unsupported"})
"""Failures that say only that there is no video."""


class Extractors:
    """Asks yt-dlp where that is wanted, and tells more than the page itself does.

    Args:
        crawler: whose settings and downloader are used.
        instance: tells when to end.
    """

    def __init__(self, crawler: Crawler, instance: Instance) -> None:
        self.crawler = crawler
        self.choice = Choice.from_settings(crawler.settings)
        self.runner = Runner(crawler, instance)
        self.loading: asyncio.Task[Catalogue | None] | None = None

    async def better(
        self, page: Page, *, wanted: frozenset[str], follows: bool
    ) -> tuple[Page, NotARecord | Unextracted | None]:
        """Return a page as an extractor reads it, where that tells more than the page itself does.

        Args:
            page: what would be read without yt-dlp.
            wanted: kinds of records that are asked for.
            follows: whether the hyperlinks of the page are wanted too.

        Returns:
            The page to read, and why no extractor could read it, where one should have.

        Raises:
            GivenBack: this instance is about to end.
            QueueLost: Redis stays away.
        """
        mode = self.choice.of(urlsplit(page.url).hostname or "")
        if type(page) is not StructuredPage or mode == "never" or page.response.is_error:
            return page, None
        judged = JudgedPage.of(page)
        if "video" not in wanted or (mode == "auto" and judged.is_whole):
            return judged, None
        if judged.refusal is not None and judged.refusal.reason != FILLED_BY_SCRIPTS:
            return judged, None
        if (catalogue := await self.catalogue()) is None:
            return judged, None
        known = catalogue.key_for(page.url) if judged.is_for_extractors else None
        key = known or (GENERIC if judged.may_be_a_video else None)
        return (judged, None) if key is None else await self.read(judged, key, follows=follows)

    async def read(self, page: JudgedPage, key: str, *, follows: bool) -> tuple[Page, NotARecord | Unextracted | None]:
        """Return a page as the extractor `key` reads it, or as it is with the reason why that has failed."""
        count = self.crawler.stats.inc_value
        try:
            info = await self.runner.extract(page.response, key)
        except Unextracted as exc:
            count(f"ytdlp/failed/{key}/{exc.reason}")
            logger.debug("%s", exc)
            page.is_told = exc.reason not in UNTOLD
            return page, exc if page.is_told and not page.known else None
        except NotARecord as exc:
            count(f"ytdlp/refused/{key}/{exc.reason}")
            page.is_told = True
            return page, None if page.known else exc
        count(f"ytdlp/read/{key}")
        if stopped := info.get("stopped"):
            count(f"ytdlp/failed/{key}/incomplete")
            logger.warning("The list at %s is not read to its end by yt-dlp's %s: %s", page.url, key, stopped)
        return InfoPage(page, info, follows=follows), None

    async def catalogue(self) -> Catalogue | None:
        """Return the extractors that there are; None where yt-dlp is not installed, which is said once."""
        if self.loading is None:
            self.loading = asyncio.ensure_future(asyncio.to_thread(load))
        return await asyncio.shield(self.loading)


def load() -> Catalogue | None:
    """Import yt-dlp, which takes a moment; None where it is not there."""
    if not is_installed():
        logger.info("yt-dlp is not installed: pages of the sites that only it knows are not read (%s)", INSTALL)
        return None
    try:
        from crawler.extractors.catalogue import catalogue  # noqa: PLC0415 - which imports yt-dlp

        return catalogue()
    except Exception:
        logger.exception("yt-dlp is installed and cannot be used, so it is left out: %s", INSTALL)
        return None
