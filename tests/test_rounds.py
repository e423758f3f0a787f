from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import Any

import pytest
from scrapy import Request, Spider

from crawler.freshness.policy import Bounds
from crawler.freshness.readings import Reading, digests_of
from crawler.freshness.rounds import Rounds, Verdict
from crawler.freshness.visits import PageState, Visit
from crawler.frontier.frontier import Frontier
from crawler.frontier.ledger import member
from crawler.frontier.revisits import visit_again
from crawler.items import Video, key_of
from tests.frontiers import at_work, crawler_at

VIDEO = Video(
    site="site", id="1", url="https://s/1", fetched_at="2026-01-02T00:00:00Z", fetched_from="https://s/1", title="One"
)
HERE, ELSEWHERE = 1, 2
KNOWN = PageState(visits=3, whole=3)


class Quiet(Spider):
    name = "quiet"


def is_kept(frontier: Frontier, page: int, state: PageState) -> None:
    """Let Redis hold what the last visit of a page has shown, which has read the video."""
    server, keys = frontier.queue.server, frontier.keys
    payload = json.dumps({"v": 1, "u": "https://s/2", "s": "s"}).encode()
    server.hset(keys.revisits, str(page), "id")
    server.hset(keys.requests, "id", visit_again(payload, state.pack(), {}))


def verdict_of(url: str, video: Video, page: int | None, state: PageState = KNOWN) -> Verdict:
    """Judge a video on the page HERE that was read on a page at its third visit; what that shows since is given."""

    async def judge() -> Verdict:
        async with at_work(crawler_at(url, Quiet)) as frontier:
            if page is not None:
                reading = Reading(str(page), 3, digests_of(VIDEO))
                frontier.queue.server.hset(frontier.keys.readings, member(key_of(VIDEO)), reading.pack())
                is_kept(frontier, page, state)
            rounds = Rounds(frontier, 60.0, Bounds())
            return await rounds.judge(Visit(HERE, PageState(), 60.0, Bounds()), video)

    return asyncio.run(judge())


def test_a_video_that_was_never_read_is_new(valkey: str) -> None:
    assert verdict_of(valkey, VIDEO, None) == ("new", [])


def test_a_video_is_compared_with_its_last_reading(valkey: str) -> None:
    assert verdict_of(valkey, VIDEO, HERE) == ("same", [])
    assert verdict_of(valkey, replace(VIDEO, title="Two"), HERE) == ("changed", ["title"])


def test_a_video_is_followed_on_one_page_only(valkey: str) -> None:
    assert verdict_of(valkey, replace(VIDEO, title="Two"), ELSEWHERE) == ("elsewhere", [])


@pytest.mark.parametrize(
    "state",
    [
        pytest.param(
            replace(KNOWN, visits=4, whole=4), id="the page was read since, and the video is not there any more"
        ),
        pytest.param(replace(KNOWN, visits=4, failed=True), id="the page is gone"),
        pytest.param(PageState(), id="the page is not visited any more"),
    ],
)
def test_another_page_takes_over_where_the_first_has_lost_the_video(valkey: str, state: PageState) -> None:
    assert verdict_of(valkey, replace(VIDEO, title="Two"), ELSEWHERE, state) == ("changed", ["title"])


def test_a_page_that_says_it_is_unchanged_keeps_its_videos(valkey: str) -> None:
    assert verdict_of(valkey, VIDEO, ELSEWHERE, replace(KNOWN, visits=9)) == ("elsewhere", [])


def test_without_every_nothing_is_visited_again(valkey: str) -> None:
    async def begin() -> Any:
        async with at_work(crawler_at(valkey, Quiet)) as frontier:
            return Rounds(frontier, None, Bounds()).begin(object(), Request("https://s/1"))

    assert asyncio.run(begin()) is None
