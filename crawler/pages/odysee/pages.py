"""Odysee's answers: of the API, and of the pages, which name what they show to search engines only."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import ClassVar

from crawler.errors import NotARecord
from crawler.items import Record, RecordKey
from crawler.pages.base import Link, Listing, Page, refuse_status
from crawler.pages.nodes import Node, dig, node, whole
from crawler.pages.odysee import urls
from crawler.pages.odysee.claims import ChannelClaim, ClaimRecord, VideoClaim, claim_of_file, record_of
from crawler.pages.structured import values


class Answer(Page):
    """An answer of the API, to `resolve` or `claim_search`: claims, each whole."""

    site = urls.SITE
    platform = urls.SITE
    hosts = ("odysee.com", "lbry.tv")
    path = r"/api/v\d/proxy/?"
    examples = ("https://api.na-backend.odysee.com/api/v1/proxy?m=resolve",)
    source = "SDK API"
    statuses: ClassVar[frozenset[int]] = frozenset({400, 401, 403, 404, 410})

    @cached_property
    def result(self) -> Node:
        """What was answered.

        Raises:
            NotARecord: it is an error.
        """
        refuse_status(self.response.status)
        body = node(self.response.json)
        if body.get("error"):
            raise NotARecord("api_error", f"Odysee says: {values.line(dig(body, 'error', 'message')) or 'an error'}")
        if not isinstance(body.get("result"), dict):
            raise NotARecord("no_json", f"{self.url} answered no claims")
        return node(body["result"])

    @property
    def is_search(self) -> bool:
        """Whether it is a page of a list."""
        return isinstance(self.result.get("items"), list)

    @cached_property
    def claims(self) -> list[ClaimRecord]:
        """What reads each of the claims.

        Raises:
            NotARecord: one claim was asked for, and it is none.
        """
        rows = self.result["items"] if self.is_search else list(self.result.values())
        if "claim_name" in self.result:
            rows = [claim_of_file(self.result)]
        found, refused = [], []
        for row in rows:
            try:
                found.append(record_of(self.response, row))
            except NotARecord as exc:
                refused.append(exc)
        if not self.is_search and not found:
            raise refused[0] if refused else NotARecord("not_found", "Odysee answered no claim")
        return found

    def records(self) -> Iterator[Record]:
        """Yield the videos and channels."""
        for claim in self.claims:
            yield from claim.records()

    def links(self) -> Iterator[Link]:
        """Yield the next page of a list, a channel's videos, and a video's channel."""
        page, pages = whole(self.result.get("page")), whole(self.result.get("total_pages"))
        if self.is_search and self.channel and page and pages and page < pages:
            yield urls.channel_videos(self.channel, page + 1)
        for claim in self.claims:
            if isinstance(claim, ChannelClaim):
                yield urls.channel_videos(claim.id())
        yield from signers(self.claims)

    @property
    def channel(self) -> str:
        """The channel whose videos are listed; empty where the list is of something else."""
        return str(self.response.carry.get("channel") or "")

    def listing(self) -> Listing | None:
        """Return the channel's videos."""
        if not self.is_search:
            return None
        return Listing(f"videos of {self.channel}" if self.channel else "claims of a search", "video")

    def members(self) -> Iterator[RecordKey]:
        """Yield the keys of the videos."""
        yield from (RecordKey("video", self.site, one.id()) for one in self.claims if isinstance(one, VideoClaim))

    def total(self) -> int | None:
        """Return the number of rows; the API counts no further than to 1,000."""
        told = whole(self.result.get("total_items")) if self.is_search else None
        return told if told is not None and told < MOST_COUNTED else None


MOST_COUNTED = 1_000


def signers(claims: list[ClaimRecord]) -> Iterator[Link]:
    """Yield the links to the channels of videos, each once."""
    known = {claim.id() for claim in claims if isinstance(claim, ChannelClaim)}
    for claim in claims:
        channel_id = claim.channel_id() if isinstance(claim, VideoClaim) else None
        address = claim.signer.get("canonical_url") if isinstance(claim, VideoClaim) else None
        if channel_id and isinstance(address, str) and channel_id not in known:
            known.add(channel_id)
            yield urls.channel_link(address, channel_id)
