"""Fetches what a URL names, the way a crawl would begin with it, and reads that."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from crawler.errors import CrawlerError, NotARecord, Unextracted
from crawler.explaining.answers import Answer, Refusal, fault, read
from crawler.explaining.visit import NoAnswerError, Visitor, visit
from crawler.extractors.choice import INSTALL, is_installed
from crawler.extractors.engine import Extractors
from crawler.extractors.exchange import ROBOTS
from crawler.pages import FALLBACK, configured, page_class, page_for
from crawler.pages.base import EVERY_KIND, Link, Response
from crawler.pages.ytdlp import JudgedPage
from crawler.seeds import Seed

if TYPE_CHECKING:
    from scrapy.crawler import CrawlerProcessBase

WANTED_MOST = 20
"""Further pages that are fetched for one, at most."""


def explain(process: CrawlerProcessBase, seed: Seed, settings: Mapping[str, Any]) -> Answer:
    """Fetch what a URL names, and what its page wants besides, and read it; blocking, once a process."""
    answers: list[Answer] = []

    async def errand(visitor: Visitor) -> None:
        answers.append(await Explainer(visitor, settings).explain(seed))

    visit(process, errand)
    return answers[0]


class Explainer:
    """Follows a URL to the page that tells its record."""

    def __init__(self, visitor: Visitor, settings: Mapping[str, Any]) -> None:
        self.visitor = visitor
        self.sites = configured(settings)
        self.extractors = Extractors(visitor.crawler, visitor)

    async def explain(self, seed: Seed) -> Answer:
        """Return what a crawl would get."""
        blank = Answer(seed.url)
        try:
            url = await self.visitor.url_of(seed)
            blank = Answer(url)
            return await self.answer(url, blank)
        except NotARecord as exc:
            return replace(blank, refused=Refusal.of(exc))
        except NoAnswerError as exc:
            return replace(blank, refused=Refusal(exc.reason, exc.sentence))
        except CrawlerError:
            raise
        except Exception as exc:  # noqa: BLE001 - a fault of a page class is told as such
            return replace(blank, refused=fault(exc))

    async def answer(self, url: str, blank: Answer) -> Answer:
        """Return what a crawl would get of `url`."""
        response = None
        platform = self.visitor.hosts.known(Response(url, b"").host)
        if not platform:
            response = await self.visitor.fetch(Link(url, "listing"))
            platform = await self.visitor.hosts.identify(response)
            url = response.url
        links = self.begin(url, platform) if platform else ()
        if len(links) > 1:
            return replace(blank, read=url, links=list(links))
        link = links[0] if links else Link(url, "listing")
        if response is None or link.body or response.url != link.url:
            response = await self.fetch(link)
        return await self.read(response, platform, blank)

    def begin(self, url: str, platform: str) -> tuple[Link, ...]:
        """Return where a crawl begins for `url`; for what is no beginning, as a page of a listing, that itself.

        Raises:
            NotARecord: nothing can be read there.
        """
        try:
            return self.sites[platform].start(url)
        except NotARecord:
            if page_class(url, platform) is FALLBACK:
                raise
            return (Link(url, "listing"),)

    async def fetch(self, link: Link) -> Response:
        """Fetch a link, or what is to be read instead where it is not there."""
        response = await self.visitor.fetch(link)
        if link.otherwise and response.status in {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}:
            return await self.visitor.fetch(Link(link.otherwise, link.kind))
        return response

    async def read(self, response: Response, platform: str | None, blank: Answer) -> Answer:
        """Read a response, with all that its page wants besides; where yt-dlp tells more of it, by that."""
        page = page_for(response, platform or None)
        for _ in range(WANTED_MOST):
            if (wanted := page.wants()) is None:
                break
            page.add(await self.visitor.fetch_if_there(wanted))
        blank, why = replace(blank, read=response.url), None
        if not platform:
            page, why = await self.extractors.better(page, wanted=EVERY_KIND, follows=True)
        answer = read(page, blank)
        if why is not None:
            return replace(answer, refused=refusal_of(why))
        if answer.refused and isinstance(page, JudgedPage) and not is_installed():
            detail = f"{answer.refused.detail}; yt-dlp may know the site, and is not installed: {INSTALL}"
            return replace(answer, refused=replace(answer.refused, detail=detail))
        return answer


def refusal_of(error: NotARecord | Unextracted) -> Refusal:
    """Return why an extractor has not read a page."""
    if isinstance(error, NotARecord):
        return Refusal.of(error)
    return Refusal("robots_txt" if error.reason == ROBOTS else error.reason, str(error))
