"""PeerTube's REST API: the routes, the parameters they refuse, paging."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

from tests.site.answers import JSON, Answer, Asked, bad_parameter, json_answer, problem
from tests.site.catalogue import START
from tests.site.instance import DRIFTING, VIDEO_SORTS, Instance, Scope
from tests.site.model import READABLE, Account, Video
from tests.site.quirks import Quirks
from tests.site.shapes import Json, Shapes, remote_base, stamp

LARGEST_PAGE = 100
PASSWORD_CODE = "video_requires_password"  # noqa: S105 - an error code
ACTOR_SORTS: dict[str, Callable[[Account], Any]] = {
    "createdAt": lambda actor: actor.created,
    "updatedAt": lambda actor: actor.updated,
    "id": lambda actor: actor.id,
}
NSFW = {"both": None, "true": True, "false": False}
A = TypeVar("A", bound=Account)
Row = TypeVar("Row")


class Api:
    """Answers for paths below `/api/v1`."""

    def __init__(self, instance: Instance, shapes: Shapes, quirks: Quirks) -> None:
        self.instance, self.shapes, self.quirks = instance, shapes, quirks
        catalogue = instance.catalogue
        self.account_named = self.by_handle(instance.accounts)
        self.channel_named = self.by_handle(catalogue.channels)
        self.routes: list[tuple[re.Pattern[str], Callable[..., Answer]]] = [
            (re.compile(path), method)
            for path, method in (
                (r"/config", self.config),
                (r"/server/stats", self.stats),
                (r"/server/(following|followers)", self.follows),
                (r"/accounts", self.accounts),
                (r"/accounts/([^/]+)", self.account),
                (r"/accounts/([^/]+)/videos", self.account_videos),
                (r"/accounts/([^/]+)/video-channels", self.account_channels),
                (r"/video-channels", self.channels),
                (r"/video-channels/([^/]+)", self.channel),
                (r"/video-channels/([^/]+)/videos", self.channel_videos),
                (r"/videos", self.videos),
                (r"/videos/([\w-]+)", self.video),
            )
        ]

    def answer(self, asked: Asked) -> Answer:
        path = asked.path.removeprefix("/api/v1")
        for pattern, method in self.routes:
            if match := pattern.fullmatch(path):
                return method(asked, *match.groups())
        return Answer("", 400, JSON)

    def by_handle(self, actors: Iterable[A]) -> dict[str, A]:
        """Actors by `name@host` and, at home, by `name`; in lower case."""
        named = {f"{actor.name}@{self.shapes.host_of(actor)}".lower(): actor for actor in actors}
        return named | {actor.name.lower(): actor for actor in named.values() if actor.host is None}

    def config(self, _asked: Asked) -> Answer:
        about = {"name": "Sample site", "shortDescription": "Generated for tests.", "defaultNSFWPolicy": "do_not_list"}
        return json_answer({"instance": about, "serverVersion": f"{self.quirks.api_version}.0.0"})

    def stats(self, _asked: Asked) -> Answer:
        catalogue = self.instance.catalogue
        local = sum(video.is_local for video in self.instance.videos)
        body = {
            "totalUsers": len(catalogue.local_accounts),
            "totalLocalVideos": local,
            "totalVideos": len(self.instance.videos),
            "totalLocalVideoChannels": len(catalogue.local_channels),
            "totalInstanceFollowers": 1,
            "totalInstanceFollowing": 1,
        }
        return json_answer(body)

    def follows(self, _asked: Asked, which: str) -> Answer:
        """One other instance, both ways."""
        here = self.shapes.actor(self.instance.catalogue.instance_actor, f"{self.shapes.base}/accounts/peertube")
        host = self.instance.catalogue.remote_host
        there = here | {"url": f"{remote_base(host)}/accounts/peertube", "host": host, "id": 100_000}
        follower, following = (here, there) if which == "following" else (there, here)
        times = {"createdAt": stamp(START), "updatedAt": stamp(START)}
        row = {"id": 1, "follower": follower, "following": following, "score": 20, "state": "accepted", **times}
        return json_answer({"total": 1, "data": [row]})

    def accounts(self, asked: Asked) -> Answer:
        """All accounts but the hidden ones. The total counts an account once an avatar: it is wrong on purpose."""
        if self.quirks.closed_accounts:
            return problem(403, "Forbidden")
        rows = [account for account in self.instance.accounts if not account.hidden]
        total = sum(max(1, len(account.avatars)) for account in rows)
        return self.actors(asked, rows, self.shapes.account, total)

    def account(self, _asked: Asked, name: str) -> Answer:
        account = self.account_named.get(name.lower())
        return json_answer(self.shapes.account(account)) if account else problem(404, "Account not found")

    def account_videos(self, asked: Asked, name: str) -> Answer:
        account = self.account_named.get(name.lower())
        return self.videos(asked, ("account", account.id)) if account else problem(404, "Account not found")

    def account_channels(self, asked: Asked, name: str) -> Answer:
        account = self.account_named.get(name.lower())
        if account is None:
            return problem(404, "Account not found")
        rows = [channel for channel in self.instance.catalogue.channels if channel.owner is account]
        return self.actors(asked, rows, self.shapes.channel, len(rows))

    def channels(self, asked: Asked) -> Answer:
        rows = self.instance.catalogue.channels
        return self.actors(asked, rows, self.shapes.channel, len(rows))

    def channel(self, _asked: Asked, name: str) -> Answer:
        channel = self.channel_named.get(name.lower())
        return json_answer(self.shapes.channel(channel)) if channel else problem(404, "Video channel not found")

    def channel_videos(self, asked: Asked, name: str) -> Answer:
        channel = self.channel_named.get(name.lower())
        return self.videos(asked, ("channel", channel.id)) if channel else problem(404, "Video channel not found")

    def videos(self, asked: Asked, scope: Scope = None) -> Answer:
        sort, nsfw = asked.query.get("sort", "-publishedAt"), asked.query.get("nsfw", "false")
        if sort.removeprefix("-") not in VIDEO_SORTS.keys() | DRIFTING:
            return bad_parameter("sort", sort, "Invalid value")
        if nsfw not in NSFW:
            return bad_parameter("nsfw", nsfw, "Should have a valid nsfw attribute")
        local = {"true": True, "false": False}.get(asked.query.get("isLocal", ""))
        rows = self.instance.listed(scope, sort, nsfw=NSFW[nsfw], local=local)
        answer = paged(asked, rows, self.shapes.video_row, len(rows) + (self.quirks.overstated if scope else 0))
        self.instance.walked()
        return answer

    def video(self, _asked: Asked, key: str) -> Answer:
        video = self.instance.by_id.get(key)
        if video is None or video.fate == "deleted":
            return problem(404, "Video not found")
        if video.fate == "password":
            detail = "Please provide a password to access this password protected video"
            return problem(403, detail, code=PASSWORD_CODE, type=f"https://docs.joinpeertube.org/#{PASSWORD_CODE}")
        if not self.readable(video):
            return problem(401, "Not authenticated")
        return json_answer(self.shapes.video(video))

    def readable(self, video: Video) -> bool:
        return video.fate in READABLE and video.uuid not in self.instance.hidden

    def actors(self, asked: Asked, rows: Sequence[A], shape: Callable[[A], Json], total: int) -> Answer:
        sort = asked.query.get("sort", "-createdAt")
        column = ACTOR_SORTS.get(sort.removeprefix("-"))
        if column is None or (shape == self.shapes.account and sort.removeprefix("-") != "createdAt"):
            return bad_parameter("sort", sort, "Invalid value")
        ordered = sorted(sorted(rows, key=lambda actor: actor.id), key=column, reverse=sort.startswith("-"))
        return paged(asked, ordered, shape, total)


def paged(asked: Asked, rows: Sequence[Row], shape: Callable[[Row], Json], total: int) -> Answer:
    """Answer with the rows from `start`, `count` of them, 15 unless told, at most 100."""
    start, count = asked.query.get("start", "0"), asked.query.get("count", "15")
    if not start.isdecimal():
        return bad_parameter("start", start, "Should have a number start")
    if not count.isdecimal() or int(count) > LARGEST_PAGE:
        return bad_parameter("count", count, f"Should have a number count (max: {LARGEST_PAGE})")
    page = {"data": [shape(row) for row in rows[int(start) : int(start) + int(count)]]}
    return json_answer(page if asked.query.get("skipCount") == "true" else {"total": total, **page})
