"""How many videos of each user are taken: with `max_per_user=`, the first of their listing, counted for the fleet."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from crawler.errors import NotARecord
from crawler.frontier.connection import ask
from crawler.frontier.ledger import LIMIT, is_of_user, member
from crawler.frontier.queue import text
from crawler.items import Record, RecordKey, User, Video, key_of
from crawler.pages import FALLBACK
from crawler.pages.base import Link, Listing, Page
from crawler.pages.ytdlp import InfoPage

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

    from crawler.frontier.frontier import Frontier

VIDEOS_ONLY = frozenset({"video"})
CHOSEN = 1
"""The answer for a record that is taken and leaves room for another one."""


@dataclass(slots=True)
class Reading:
    """What is taken of a page: its listing's rows, the links that may be followed, the records."""

    listing: Listing | None
    members: list[RecordKey]
    links: list[Link]
    records: list[Record]


class Quota:
    """Takes no more than so many videos of each user.

    A video that a user's listing shows counts for that user. One that comes from elsewhere, such as a list of the
    whole host, a playlist or a seed, counts for its uploader and its channel, as its record names them.

    Args:
        frontier: where the fleet's counts are.
        most: videos of each user; 0 for all.
    """

    def __init__(self, frontier: Frontier, most: int) -> None:
        self.frontier = frontier
        self.most = most

    @classmethod
    def of_crawl(cls, crawler: Crawler, frontier: Frontier, given: int) -> Quota:
        """Agree with the other instances; blocking, once the crawl was joined.

        Args:
            crawler: whose settings and Redis are used.
            frontier: the crawl.
            given: the argument `max_per_user`; where it is 0, that of the crawl holds.
        """
        server, control = frontier.queue.server, frontier.keys.control
        if given:
            ask(crawler.settings, server, lambda: server.hset(control, LIMIT, given))
            return cls(frontier, given)
        agreed: Any = ask(crawler.settings, server, lambda: server.hget(control, LIMIT))
        return cls(frontier, int(text(agreed)) if agreed else 0)

    async def limit(self, page: Page, reading: Reading, *, scope: str, wanted: frozenset[str]) -> Reading:
        """Return what may be taken of a page.

        Args:
            page: what was read.
            reading: what it gives.
            scope: how far links are followed; only a channel that is a seed is read by its own listing, others by
                that of the account that owns them: else so many of each channel came on top of the account's.
            wanted: kinds of records that are asked for.
        """
        if not self.most:
            return reading
        listing = reading.listing
        if listing is not None and self.applies_to(listing):
            return await self.limit_listing(page, listing, reading)
        members = [key for key in reading.members if key.kind != "video" or not is_whole(listing)]
        is_far = scope != "seed" and "user" in wanted
        owned = is_far and any(isinstance(one, User) and one.owner_id for one in reading.records)
        links = [link for link in reading.links if not (owned and link.leads_to == VIDEOS_ONLY)]
        links = [link for link in links if not is_check(link, wanted)]
        return Reading(listing, members, links, await self.within(page, reading.records))

    def applies_to(self, listing: Listing | None) -> bool:
        """Tell whether a listing is limited as a whole: that of a user's videos, while one of many users is not."""
        return self.most > 0 and listing is not None and is_of_user(listing.name, listing.kind, whole=listing.whole)

    async def refusals(self, told: Sequence[tuple[RecordKey, NotARecord]]) -> list[tuple[RecordKey, NotARecord]]:
        """Return those of refused records that would have been taken: several are asked for at once."""
        if not told:
            return []
        keys = [member(key) for key, _ in told]
        answers = await self.frontier.execute("SMISMEMBER", self.frontier.keys.chosen, *keys)
        return [one for one, is_chosen in zip(told, answers, strict=True) if is_chosen]

    async def limit_listing(self, page: Page, listing: Listing, reading: Reading) -> Reading:
        """Return what may be taken of a page of a user's videos."""
        group = f"{home_of(page)} {listing.name}"
        answers = await self.choose([(key, [group]) for key in reading.members])
        kept = frozenset(key for key, answer in zip(reading.members, answers, strict=True) if answer)
        left_out = frozenset(reading.members) - kept
        is_full = any(answer != CHOSEN for answer in answers)
        is_spent = is_full and not kept
        links = [link for link in reading.links if is_of_use(link, page, kept, is_full=is_full, is_spent=is_spent)]
        records = [record for record in reading.records if key_of(record) not in left_out]
        members = [key for key in reading.members if key in kept]
        return Reading(listing, members, links, await self.within(page, records))

    async def within(self, page: Page, records: list[Record]) -> list[Record]:
        """Return records without the videos that are too many."""
        videos = [record for record in records if isinstance(record, Video)]
        home = home_of(page)
        answers = await self.choose([(key_of(one), [f"{home} {name}" for name in owners(one)]) for one in videos])
        left_out = {id(one) for one, answer in zip(videos, answers, strict=True) if not answer}
        if left_out:  # fetched in vain: what a listing leaves out is not
            self.frontier.crawler.stats.inc_value("records/over_max_per_user", len(left_out))
        return [record for record in records if id(record) not in left_out]

    async def choose(self, wanted: Sequence[tuple[RecordKey, list[str]]]) -> list[int]:
        """Return for each record, with its groups, whether it is one of the first of these: 0, 1, or 2 with the last.

        Raises:
            QueueLost: Redis stays away.
        """
        if not wanted:
            return []
        words = [json.dumps([member(key), *groups]) for key, groups in wanted]
        return list(await self.frontier.execute(*self.frontier.queue.command("choose", self.most, *words)))


def is_check(link: Link, wanted: frozenset[str]) -> bool:
    """Tell whether a link is there to find videos that users' listings did not give: with a limit none is missed."""
    return link.last and (link.kind == "video" or wanted == VIDEOS_ONLY)


def is_of_use(link: Link, page: Page, kept: frozenset[RecordKey], *, is_full: bool, is_spent: bool) -> bool:
    """Tell whether a link on a user's listing is of use.

    Args:
        link: the link.
        page: where it stands.
        kept: the videos of this page that are taken.
        is_full: whether no video of a later page is.
        is_spent: whether none of this page is either.
    """
    if link.kind == "video":
        return link.key in kept if link.key else not is_spent
    if link.kind == "user" or link.leads_to != VIDEOS_ONLY:
        return True
    # The next page of a list has its path; several videos that are asked for at once have another one.
    return not is_spent and not (is_full and urlsplit(link.url).path == urlsplit(page.url).path)


def is_whole(listing: Listing | None) -> bool:
    """Tell whether it is a list of all that a host has: what is left out there is not missing."""
    return listing is not None and listing.whole


def home_of(page: Page) -> str:
    """Return within what the ids of users are told apart: a site, or the host of a page that any site may have."""
    is_of_any = isinstance(page, FALLBACK | InfoPage)
    return (urlsplit(page.url).hostname or "").removeprefix("www.") if is_of_any else page.site


def owners(video: Video) -> list[str]:
    """Return the names of the listings that a video belongs to: its uploader's, and its channel's."""
    ids = [one for one in (video.uploader_id, video.channel_id) if one]
    others = (one for one in (video.uploader_url, video.channel_url, video.uploader, video.channel) if one)
    return [f"videos of {one}" for one in dict.fromkeys(ids or list(others)[:1])]
