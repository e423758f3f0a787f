"""Recordings of real pages that lie beside the project: what is made of each; skipped where they do not."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import pytest

from crawler.explaining.saved import Saved, explain
from tests.test_recorded_pages import FOLDER, ROWS

LIMIT = 20 * 2**20

READ: dict[str, tuple[str, int, str, int, str]] = {
    "youtube/watch_php-embed.html": ("youtube.video.Watch", 1, "eiHXASgRTcA", 0, ""),
    "youtube/watch_srtMWzyqdp8.html": ("youtube.video.Watch", 1, "srtMWzyqdp8", 0, ""),
    "youtube/watch_fJ9rUzIMcZQ.html": ("youtube.video.Watch", 1, "fJ9rUzIMcZQ", 0, ""),
    "youtube/channel_UCzxQk-rZGowoqMBKxGD5jSA.html": ("youtube.channel.Channel", 1, "UCzxQk-rZGowoqMBKxGD5jSA", 0, ""),
    "youtube/channel_UCuZeHD5SGecQomz2pVDHGzg_2020.html": (
        "youtube.channel.Channel",
        1,
        "UCuZeHD5SGecQomz2pVDHGzg",
        0,
        "",
    ),
    "youtube/dataapi_videos_single.json": ("youtube.api.Answer", 1, "D-lhorsDlUQ", 0, ""),
    "youtube/dataapi_videos_chart_p1.json": ("youtube.api.Answer", 5, "hDeuSfo_Ys0", 0, ""),
    "youtube/dataapi_videos_chart_p2.json": ("youtube.api.Answer", 3, "MKM90u7pf3U", 0, ""),
    "youtube/dataapi_playlistItems_p1.json": ("youtube.api.Answer", 0, "", 0, ""),
    "youtube/dataapi_channel_UCzxQk-rZGowoqMBKxGD5jSA.json": (
        "youtube.api.Answer",
        1,
        "UCzxQk-rZGowoqMBKxGD5jSA",
        0,
        "",
    ),
    "youtube/dataapi_channels_multi.json": ("youtube.api.Answer", 2, "UCK8sQmJBp8GCxrOtXWBpyEA", 0, ""),
    "peertube/api_account_framasoft_video-channels.json": (
        "peertube.api.AccountChannels",
        15,
        "lokas@framatube.org",
        0,
        "",
    ),
    "peertube/api_account_framasoft_videos_p1.json": ("peertube.videos.ActorVideos", 0, "", 12, ""),
    "peertube/api_account_framasoft_videos_p2.json": ("peertube.videos.ActorVideos", 0, "", 12, ""),
    "peertube/api_account_fsf.json": ("peertube.api.Account", 1, "fsf@framatube.org", 0, ""),
    "peertube/api_account_fsf_video-channels.json": (
        "peertube.api.AccountChannels",
        1,
        "fsf_channel@framatube.org",
        0,
        "",
    ),
    "peertube/api_channel_chatsceptique.json": ("peertube.api.Channel", 1, "chatsceptique@skeptikon.fr", 0, ""),
    "peertube/api_channel_kolektiva_documentary.json": (
        "peertube.api.Channel",
        1,
        "documentary_channel@kolektiva.media",
        0,
        "",
    ),
    "peertube/api_channel_lqdn_videos_p1.json": ("peertube.videos.ActorVideos", 0, "", 0, ""),
    "peertube/api_channel_lqdn_videos_p2.json": ("peertube.videos.ActorVideos", 0, "", 0, ""),
    "peertube/api_video_cpy_d2a5ec78.json": (
        "peertube.api.VideoDetail",
        1,
        "d2a5ec78-5f85-4090-8ec5-dc1102e022ea",
        0,
        "",
    ),
    "peertube/api_video_framatube_d5907aad.json": (
        "peertube.api.VideoDetail",
        1,
        "d5907aad-2252-4207-89ec-a4b687b9337d",
        0,
        "",
    ),
    "peertube/api_video_framatube_ee408ec8.json": (
        "peertube.api.VideoDetail",
        1,
        "ee408ec8-07cd-4e35-b884-fb681a4b9d37",
        0,
        "",
    ),
    "peertube/api_video_no-hls.json": ("peertube.bodies.Watch", 1, "35a0adab-40e2-4080-a8e8-a8b28afd4180", 0, ""),
    "peertube/api_videos_trending_p1.json": ("peertube.api.Videos", 0, "", 3, ""),
    "peertube/api_videos_trending_p2.json": ("peertube.api.Videos", 0, "", 6, ""),
    "peertube/sepiasearch_videos_p1.json": ("peertube.bodies.Search", 0, "", 12, ""),
    "vimeo/watch_235352744_2021.html": ("vimeo.video.VideoPage", 1, "235352744", 0, ""),
    "vimeo/watch_password_required.html": ("vimeo.video.VideoPage", 0, "", 0, "password"),
    "vimeo/oembed_a.json": ("vimeo.oembed.OEmbed", 0, "", 0, "private"),
    "vimeo/oembed_b.json": ("vimeo.oembed.OEmbed", 1, "235352744", 0, ""),
    "dailymotion/watch_xy0wd_2021.html": ("dailymotion.pages.VideoPage", 1, "xy0wd", 0, ""),
    "dailymotion/oembed_xy0wd.json": ("dailymotion.pages.OEmbed", 1, "xy0wd", 0, ""),
    "dailymotion/api_video_x7lni3_default.json": ("dailymotion.pages.VideoPage", 1, "x7lni3", 0, ""),
    "dailymotion/api_video_invalid_404.json": ("dailymotion.pages.VideoPage", 0, "", 0, "not_found"),
    "tiktok/watch_a3noticias_6806030056956251397_2021.html": (
        "tiktok.video.VideoPage",
        1,
        "6806030056956251397",
        0,
        "",
    ),
    "tiktok/oembed_a3noticias.json": ("tiktok.oembed.OEmbed", 1, "6806030056956251397", 0, ""),
    "ted/talk_george_monbiot.html": ("ted.talk.Talk", 1, "1816", 0, ""),
    "ted/oembed_george_monbiot.json": (
        "ted.oembed.OEmbed",
        1,
        "george_monbiot_for_more_wonder_rewild_the_world",
        0,
        "",
    ),
    "archive_org/details_librivoxaudio_collection.html": ("archive_org.pages.ItemPage", 1, "librivoxaudio", 0, ""),
    "archive_org/details_dn2015-0220_vid_output.json": ("archive_org.pages.ItemPage", 1, "dn2015-0220_vid", 0, ""),
    "archive_org/scrape_v1.json": ("archive_org.pages.Search", 0, "", 100, ""),
    "media_ccc/api_event_gpn18-105.json": ("media_ccc.talks.Talk", 1, "8afc16c2-d76a-53f6-85e4-90494665835d", 0, ""),
    "media_ccc/api_conference_froscon2017.json": ("media_ccc.conferences.Conference", 1, "froscon2017", 97, ""),
    "media_ccc/api_events_recent.json": ("media_ccc.conferences.Talks", 0, "", 100, ""),
    "odysee/sdk_claim_search.json": ("odysee.pages.Answer", 20, "129c26070b29685248b3dd59eafbf990eee63beb", 0, ""),
    "odysee/sdk_resolveResponseFree.json": (
        "odysee.pages.Answer",
        1,
        "19b9c243bea0c45175e6a6027911abbad53e983e",
        0,
        "",
    ),
    "odysee/sdk_resolveResponseCouldntFind.json": ("odysee.pages.Answer", 0, "", 0, "not_found"),
    "nicovideo/public_api_channel_2632720.json": ("nicovideo.users.Channels", 1, "ch2632720", 0, ""),
    "chzzk/api_live-detail_offline_2026-06.json": ("chzzk.api.Live", 1, "live-19663179", 0, ""),
    "chzzk/api_video_v3_14350160_shape.json": ("chzzk.api.VideoPage", 1, "14350160", 0, ""),
    "generic/kaltura_0_e2ea6ygt.html": (
        "structured.page.StructuredPage",
        1,
        "https://videos.kaltura.com/media/Kaltura+Overview/0_e2ea6ygt",
        0,
        "",
    ),
    "generic/medal.tv_clip.html": (
        "structured.page.StructuredPage",
        1,
        "https://medal.tv/games/rocket-league/clips/1nEKJA2AvZCM9F",
        0,
        "",
    ),
    "generic/ustream_channel.html": ("structured.page.StructuredPage", 0, "", 0, "no_record"),
    "generic/trafilatura_winfuture.de-NASA.html": ("structured.page.StructuredPage", 0, "", 0, "no_record"),
    "generic/trafilatura_wsvn.com-crash.html": ("structured.page.StructuredPage", 0, "", 0, "no_record"),
    "generic/dribbble_profile_phenomenonstudio.html": ("structured.page.StructuredPage", 0, "", 0, "no_record"),
    "twitch/video_106400740.html": ("twitch.Recording", 0, "", 0, "shell"),
}
"""By file: the class that reads it, records, the id of the first, links to videos, the reason of a refusal."""


@cache
def answer(path: str) -> dict[str, Any]:
    row = next(row for row in ROWS if row["path"] == path)
    return explain(Saved(row["url"], path, row.get("content_type", "")), [FOLDER], LIMIT).as_json()


@pytest.mark.skipif(not ROWS, reason="no recordings beside the project")
@pytest.mark.parametrize("path", READ)
def test_a_recording_is_read_as_it_was(path: str) -> None:
    told = answer(path)
    videos = sum(link["kind"] == "video" for link in told["links"])
    reason = (told["refused"] or {}).get("reason", "")
    first = told["records"][0]["id"] if told["records"] else ""
    page = (told["page"] or "").removeprefix("crawler.pages.")
    assert (page, len(told["records"]), first, videos, reason) == READ[path]
    assert json.dumps(told)
