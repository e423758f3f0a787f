"""A PeerTube's changing state: what its lists show now, and in which order."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

from tests.site.catalogue import Catalogue
from tests.site.model import IN_OUTBOX, Account, Share, Video
from tests.site.quirks import Quirks

Scope = tuple[str, int] | None
"""Whose videos: ("account" or "channel", id), None for all."""
FUTURE = datetime(2035, 1, 1, tzinfo=UTC)
DRIFTING = frozenset({"trending", "hot", "best"})
VIDEO_SORTS: dict[str, Callable[[Video], Any]] = {
    "name": lambda video: video.name,
    "duration": lambda video: video.duration,
    "createdAt": lambda video: video.created,
    "publishedAt": lambda video: video.published,
    "originallyPublishedAt": lambda video: (video.originally is not None, video.originally),
    "views": lambda video: video.views,
    "likes": lambda video: video.likes,
}


class Instance:
    """Holds a catalogue while it is served. `hidden` and `grown` tell what the quirks changed so far, by UUID."""

    def __init__(self, catalogue: Catalogue, quirks: Quirks) -> None:
        self.catalogue = catalogue
        self.accounts = [catalogue.instance_actor, *catalogue.accounts]
        self.random = Random(catalogue.seed)  # noqa: S311 - sample data, no secret
        self.by_id = {key: video for video in catalogue.videos for key in (video.uuid, video.short, str(video.id))}
        self.groups: defaultdict[tuple[str, int], list[Video]] = defaultdict(list)
        for video in catalogue.videos:
            for scope in scopes(video):
                self.groups[scope].append(video)
        self.videos = catalogue.listed_videos
        local = [video for video in self.videos if video.is_local]
        self.to_hide = local[: quirks.hide]
        self.to_grow = (
            [newer(local[-1 - number % len(local)], number) for number in range(quirks.grow)] if local else []
        )
        self.hidden: dict[str, Video] = {}
        self.grown: dict[str, Video] = {}
        self.sorted: dict[tuple[Scope, str, bool | None, bool | None], list[Video]] = {}

    def walked(self) -> None:
        """A list of videos was read: hide the next one, publish the next one."""
        if self.to_hide:
            video = self.to_hide.pop(0)
            self.hidden[video.uuid] = video
            self.videos = [other for other in self.videos if other is not video]
            self.sorted.clear()
        if self.to_grow:
            video = self.to_grow.pop(0)
            self.grown[video.uuid] = video
            self.videos = [*self.videos, video]
            self.by_id |= {video.uuid: video, video.short: video, str(video.id): video}
            self.sorted.clear()

    def listed(self, scope: Scope, sort: str, *, nsfw: bool | None, local: bool | None) -> list[Video]:
        """Return the rows of a list; `nsfw` and `local` None mean both. Some sorts have no unique order and drift."""
        key = (scope, sort, nsfw, local)
        column = sort.removeprefix("-")
        if column in DRIFTING:
            rows = self.listed(scope, "createdAt", nsfw=nsfw, local=local)
            return sorted(rows, key=lambda video: (-(video.views // 50), self.random.random()))
        if key not in self.sorted:
            rows = [video for video in self.of(scope) if nsfw in {None, video.nsfw} and local in {None, video.is_local}]
            rows.sort(key=lambda video: video.id)
            self.sorted[key] = sorted(rows, key=VIDEO_SORTS[column], reverse=sort.startswith("-"))
        return self.sorted[key]

    def of(self, scope: Scope) -> list[Video]:
        """The videos that lists show now, in no order."""
        if scope is None:
            return self.videos
        group = [video for video in self.groups[scope] if video.fate == "listed" and video.uuid not in self.hidden]
        return group + [video for video in self.grown.values() if scope in scopes(video)]

    def entries(self, account: Account) -> list[Video | Share]:
        """What an account's outbox holds, newest first."""
        grown = [video for video in self.grown.values() if video.account is account]
        videos = [video for video in self.groups["account", account.id] if video.fate in IN_OUTBOX] + grown
        shown = [video for video in reversed(videos) if video.uuid not in self.hidden]
        return [*(share for share in self.catalogue.shares if share.account is account), *shown]


def scopes(video: Video) -> tuple[tuple[str, int], tuple[str, int]]:
    """The lists that a video is in beside the one of all."""
    return ("account", video.account.id), ("channel", video.channel.id)


def newer(model: Video, number: int) -> Video:
    """A copy of a video that was published after all others."""
    created = FUTURE + timedelta(seconds=number)
    uuid = str(UUID(int=UUID(model.uuid).int ^ (number + 1), version=4))
    return replace(model, id=9_000_000 + number, uuid=uuid, created=created, published=created, updated=created)
