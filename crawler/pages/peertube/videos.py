"""The videos of an account or channel: its list and its ActivityPub outbox, read together.

A list row has the likes and lacks the tags and the whole description; the outbox has these and lacks
the likes. Together they make 50 whole videos of about two requests, where the details would take 50.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from crawler.errors import NotARecord
from crawler.items import Record, RecordKey
from crawler.pages.base import Link, Listing, Response
from crawler.pages.nodes import Node, node, nodes
from crawler.pages.peertube import records, urls
from crawler.pages.peertube.api import ListingPage
from crawler.pages.peertube.records import whole

OUTBOX = "ActivityPub outbox"
OF_OUTBOX = frozenset({"description", "tags", "width", "height", "content_url"})
"""What a row of the list lacks, or has shortened."""
ACTIVITY_JSON = {"Accept": "application/activity+json"}
MOST_OUTBOX_PAGES = 6
"""Outbox pages read for one page of a list; what they lack is read one by one."""


class ActorVideos(ListingPage):
    """A page of the videos of an account or channel, newest first."""

    path = r"/api/v1/(?:accounts|video-channels)/[^/]+/videos/?"
    examples = (
        "https://peertube.example/api/v1/accounts/alice/videos",
        "https://peertube.example/api/v1/video-channels/alice_channel/videos",
    )
    leads_to = frozenset({"video"})

    def __init__(self, response: Response) -> None:
        super().__init__(response)
        self.activities: dict[str, Node] = {}
        self.had = set(response.carry.get("had", ()))
        self.outbox_page = int(response.carry.get("outbox_page", 1))
        self.standing_on: dict[str, int] = {}
        self.outbox_pages_read = 0
        self.outbox_ended = False

    def listing(self) -> Listing:
        """Return the videos of this account or channel."""
        name = f"videos of {self.host_name(urlsplit(self.url).path)}"
        return Listing(name, "video", within=f"videos of {self.response.host}")

    def members(self) -> Iterator[RecordKey]:
        """Yield the keys of the videos."""
        yield from (records.video_key(row) for row in self.local_rows())

    def total(self) -> int | None:
        """Return the total, which is right here."""
        return whole(self.body().get("total"))

    def wants(self) -> Link | None:
        """Return the next page of the outbox while rows lack their other half."""
        if self.outbox_ended or self.outbox_pages_read >= MOST_OUTBOX_PAGES or not self.lacks_any():
            return None
        actor = urlsplit(self.url).path.removeprefix("/api/v1").removesuffix("/").removesuffix("/videos")
        query = f"page={self.outbox_page}&size={urls.OUTBOX_SIZE}"
        return Link(f"{self.response.base}{actor}/outbox?{query}", "listing", headers=ACTIVITY_JSON)

    def add(self, response: Response | None) -> None:
        """Take a page of the outbox; hidden videos in it and shares of others' are left out by the list."""
        self.outbox_pages_read += 1
        body = response.json if response is not None and response.status == HTTPStatus.OK else None
        items = body.get("orderedItems") if isinstance(body, Mapping) else None
        if not isinstance(items, list):
            self.outbox_ended = True
            return
        for item in nodes(items):
            activity = node(item.get("object"))
            if activity.get("uuid"):
                self.activities[str(activity["uuid"])] = activity
                self.standing_on[str(activity["uuid"])] = self.outbox_page
        self.outbox_ended = len(items) < urls.OUTBOX_SIZE
        self.outbox_page += 1

    def lacking(self) -> list[Node]:
        """Return the rows whose other half has not been read."""
        return [
            row
            for row in self.local_rows()
            if str(row.get("uuid")) not in self.activities and str(row.get("uuid")) not in self.had
        ]

    def lacks_any(self) -> bool:
        """Tell whether a further response is of use; of an answer that is no list, `records()` says why."""
        try:
            return bool(self.lacking())
        except NotARecord:
            return False

    def records(self) -> Iterator[Record]:
        """Yield the videos of which both halves are there."""
        for row in self.local_rows():
            if activity := self.activities.get(str(row.get("uuid"))):
                yield records.video(row, self.response, activity)

    def sources(self, record: Record) -> dict[str, str]:
        """Return which half told each field: the list, or the outbox."""
        told = super().sources(record)
        return {name: OUTBOX if name in OF_OUTBOX else of for name, of in told.items()}

    def links(self) -> Iterator[Link]:
        """Yield the videos that only their own page tells whole."""
        yield from super().links()
        for row in self.lacking():
            if row.get("uuid"):
                yield urls.video_link(self.response.base, str(row["uuid"]))

    def carry(self) -> Mapping[str, Any]:
        """Return which rows the next page need not look for again, and where in the outbox the others begin."""
        overlap = [str(row.get("uuid")) for row in self.local_rows()[-urls.OVERLAP :]]
        pages = [self.standing_on[uuid] for uuid in overlap if uuid in self.standing_on]
        return {**super().carry(), "had": overlap, "outbox_page": max(pages, default=max(1, self.outbox_page - 1))}
