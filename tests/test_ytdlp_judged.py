"""Which pages are enough by themselves, and which an extractor is asked about."""

from __future__ import annotations

import pytest

from crawler.pages.base import Response
from crawler.pages.structured import StructuredPage
from crawler.pages.ytdlp import JudgedPage
from tests.films import JSON_LD, PLAYER, URL, VIDEO, judged


def test_a_page_is_whole_with_a_date_and_a_duration_or_while_it_is_live() -> None:
    dated = f'{VIDEO}, "uploadDate": "2024-05-01"'
    assert judged(JSON_LD.format(kind="VideoObject", more=f'{dated}, "duration": "PT9M"')).is_whole
    live = '"publication": {"@type": "BroadcastEvent", "isLiveBroadcast": true, "startDate": "2026-01-02T03:00:00Z"}'
    assert judged(JSON_LD.format(kind="VideoObject", more=f"{dated}, {live}")).is_whole
    thin = judged(JSON_LD.format(kind="VideoObject", more=dated))
    assert not thin.is_whole
    assert thin.may_be_a_video


@pytest.mark.parametrize(
    ("head", "body", "may"),
    [
        ("", PLAYER, True),
        ("", "<video controls><source src='/kites.mp4'></video>", True),
        ("", "<script>jwplayer('a').setup({file: '/kites.mp4'})</script>", True),
        ("", "", False),
        ("", "<video></video>", False),
        ("", PLAYER * 2, False),
        ("", "<video autoplay loop muted src='/sea.mp4'></video>", False),
        ("", "<video autoplay muted src='/sea.mp4'></video>", False),
        ('<meta property="og:type" content="article">', PLAYER, False),
        ('<meta property="og:type" content="video.other">', PLAYER, True),
        (JSON_LD.format(kind="NewsArticle", more='"headline": "Kites"'), PLAYER, False),
        (JSON_LD.format(kind="Product", more='"name": "Kite"'), PLAYER, False),
        (JSON_LD.format(kind="WebSite", more='"name": "Films"'), PLAYER, True),
    ],
)
def test_a_page_may_be_a_video_where_it_has_one_player_and_is_about_nothing_else(
    head: str,
    body: str,
    may: bool,  # noqa: FBT001 - a column of the table
) -> None:
    assert judged(head, body).may_be_a_video is may


def test_an_extractor_is_not_asked_about_news_that_show_a_video_nor_about_a_sitemap() -> None:
    assert judged(JSON_LD.format(kind="WebSite", more='"name": "Films"'), PLAYER).is_for_extractors
    assert not judged(JSON_LD.format(kind="NewsArticle", more='"headline": "Kites"'), PLAYER).is_for_extractors
    sitemap = b'<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"></urlset>'
    assert not JudgedPage(Response(URL, sitemap, 200, {"content-type": "application/xml"})).is_for_extractors


def test_a_page_is_judged_with_all_that_it_has_been_given() -> None:
    page = StructuredPage(judged().response)
    vars(page)["more"] = 1
    assert vars(JudgedPage.of(page))["more"] == 1


def test_a_home_page_with_a_player_is_no_video() -> None:
    assert not judged(body=PLAYER, url="https://films.example/").may_be_a_video
