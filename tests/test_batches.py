from __future__ import annotations

from typing import Any

from scrapy import Request

from crawler.pages import PLATFORMS
from crawler.pages.base import Link
from crawler.pages.youtube.urls import api_videos, video_link
from crawler.spiders import batches
from crawler.spiders.batches import Batches

SITES = {name: site.configured({"YOUTUBE_API_KEY": "x"}) for name, site in PLATFORMS.items()}


def request(link: Link, meta: dict[str, Any], priority: int = 0) -> Request:
    return Request(link.url, priority=priority, meta={"crawl": meta})


def seed(number: int, *, priority: int = 0, **meta: Any) -> Request:
    return request(api_videos([f"v{number:010d}"]), {"seed": f"seed {number}", **meta}, priority)


def sent(requests: list[Request]) -> list[Request]:
    joined = Batches(SITES, request)
    return [one for given in requests for one in joined.add(given)] + list(joined.rest())


def test_what_cannot_be_joined_goes_on_at_once() -> None:
    page = request(video_link("abcdefghijk"), {"seed": "x"})
    assert list(Batches(SITES, request).add(page)) == [page]


def test_fifty_are_one_request_and_the_rest_is_another() -> None:
    first, rest = sent([seed(number) for number in range(53)])
    assert first.url == api_videos(f"v{number:010d}" for number in range(50)).url
    assert rest.url == api_videos(f"v{number:010d}" for number in range(50, 53)).url
    assert rest.meta["crawl"]["seed"] == "seed 50 and 2 more"


def test_seeds_with_other_data_or_priority_are_not_joined() -> None:
    seeds = [seed(1), seed(2, seed_meta={"a": 1}), seed(3, priority=1), seed(1)]
    assert sorted(one.url for one in sent(seeds)) == sorted(one.url for one in seeds[:3])


def test_no_more_are_kept_back_than_fit_into_memory() -> None:
    joined = Batches(SITES, request)
    seeds = [seed(number, seed_meta={"row": number}) for number in range(batches.MOST_WAITING + 1)]
    assert len([one for given in seeds for one in joined.add(given)]) == len(seeds)
