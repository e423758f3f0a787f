"""Recordings of real pages that lie beside the project: what is made of each; skipped where they do not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest

from crawler.explaining.saved import Saved, explain
from tests.test_recorded_pages import FOLDER, ROWS

LIMIT = 20 * 2**20

TABLE = """
youtube.video.Watch
  youtube/watch_php-embed.html 1 eiHXASgRTcA 0 -
  youtube/watch_srtMWzyqdp8.html 1 srtMWzyqdp8 0 -
  youtube/watch_fJ9rUzIMcZQ.html 1 fJ9rUzIMcZQ 0 -
youtube.channel.Channel
  youtube/channel_UCzxQk-rZGowoqMBKxGD5jSA.html 1 UCzxQk-rZGowoqMBKxGD5jSA 0 -
  youtube/channel_UCuZeHD5SGecQomz2pVDHGzg_2020.html 1 UCuZeHD5SGecQomz2pVDHGzg 0 -
youtube.api.Answer
  youtube/dataapi_videos_single.json 1 D-lhorsDlUQ 0 -
  youtube/dataapi_videos_chart_p1.json 5 hDeuSfo_Ys0 0 -
  youtube/dataapi_videos_chart_p2.json 3 MKM90u7pf3U 0 -
  youtube/dataapi_playlistItems_p1.json 0 - 0 -
  youtube/dataapi_channel_UCzxQk-rZGowoqMBKxGD5jSA.json 1 UCzxQk-rZGowoqMBKxGD5jSA 0 -
  youtube/dataapi_channels_multi.json 2 UCK8sQmJBp8GCxrOtXWBpyEA 0 -
peertube.api.AccountChannels
  peertube/api_account_framasoft_video-channels.json 15 lokas@framatube.org 0 -
  peertube/api_account_fsf_video-channels.json 1 fsf_channel@framatube.org 0 -
peertube.videos.ActorVideos
  peertube/api_account_framasoft_videos_p1.json 0 - 12 -
  peertube/api_account_framasoft_videos_p2.json 0 - 12 -
  peertube/api_channel_lqdn_videos_p1.json 0 - 0 -
  peertube/api_channel_lqdn_videos_p2.json 0 - 0 -
peertube.api.Account
  peertube/api_account_fsf.json 1 fsf@framatube.org 0 -
peertube.api.Channel
  peertube/api_channel_chatsceptique.json 1 chatsceptique@skeptikon.fr 0 -
  peertube/api_channel_kolektiva_documentary.json 1 documentary_channel@kolektiva.media 0 -
peertube.api.VideoDetail
  peertube/api_video_cpy_d2a5ec78.json 1 d2a5ec78-5f85-4090-8ec5-dc1102e022ea 0 -
  peertube/api_video_framatube_d5907aad.json 1 d5907aad-2252-4207-89ec-a4b687b9337d 0 -
  peertube/api_video_framatube_ee408ec8.json 1 ee408ec8-07cd-4e35-b884-fb681a4b9d37 0 -
peertube.bodies.Watch
  peertube/api_video_no-hls.json 1 35a0adab-40e2-4080-a8e8-a8b28afd4180 0 -
peertube.api.Videos
  peertube/api_videos_trending_p1.json 0 - 3 -
  peertube/api_videos_trending_p2.json 0 - 6 -
peertube.bodies.Search
  peertube/sepiasearch_videos_p1.json 0 - 12 -
vimeo.video.VideoPage
  vimeo/watch_235352744_2021.html 1 235352744 0 -
  vimeo/watch_password_required.html 0 - 0 password
vimeo.oembed.OEmbed
  vimeo/oembed_a.json 0 - 0 private
  vimeo/oembed_b.json 1 235352744 0 -
dailymotion.pages.VideoPage
  dailymotion/watch_xy0wd_2021.html 1 xy0wd 0 -
  dailymotion/api_video_x7lni3_default.json 1 x7lni3 0 -
  dailymotion/api_video_invalid_404.json 0 - 0 not_found
dailymotion.pages.OEmbed
  dailymotion/oembed_xy0wd.json 1 xy0wd 0 -
tiktok.video.VideoPage
  tiktok/watch_a3noticias_6806030056956251397_2021.html 1 6806030056956251397 0 -
tiktok.oembed.OEmbed
  tiktok/oembed_a3noticias.json 1 6806030056956251397 0 -
ted.talk.Talk
  ted/talk_george_monbiot.html 1 1816 0 -
ted.oembed.OEmbed
  ted/oembed_george_monbiot.json 1 george_monbiot_for_more_wonder_rewild_the_world 0 -
archive_org.pages.ItemPage
  archive_org/details_librivoxaudio_collection.html 1 librivoxaudio 0 -
  archive_org/details_dn2015-0220_vid_output.json 1 dn2015-0220_vid 0 -
archive_org.pages.Search
  archive_org/scrape_v1.json 0 - 100 -
media_ccc.talks.Talk
  media_ccc/api_event_gpn18-105.json 1 8afc16c2-d76a-53f6-85e4-90494665835d 0 -
media_ccc.conferences.Conference
  media_ccc/api_conference_froscon2017.json 1 froscon2017 97 -
media_ccc.conferences.Talks
  media_ccc/api_events_recent.json 0 - 100 -
odysee.pages.Answer
  odysee/sdk_claim_search.json 20 129c26070b29685248b3dd59eafbf990eee63beb 0 -
  odysee/sdk_resolveResponseFree.json 1 19b9c243bea0c45175e6a6027911abbad53e983e 0 -
  odysee/sdk_resolveResponseCouldntFind.json 0 - 0 not_found
nicovideo.users.Channels
  nicovideo/public_api_channel_2632720.json 1 ch2632720 0 -
chzzk.api.Live
  chzzk/api_live-detail_offline_2026-06.json 1 live-19663179 0 -
chzzk.api.VideoPage
  chzzk/api_video_v3_14350160_shape.json 1 14350160 0 -
structured.page.StructuredPage
  generic/kaltura_0_e2ea6ygt.html 1 https://videos.kaltura.com/media/Kaltura+Overview/0_e2ea6ygt 0 -
  generic/medal.tv_clip.html 1 https://medal.tv/games/rocket-league/clips/1nEKJA2AvZCM9F 0 -
  generic/ustream_channel.html 0 - 0 no_record
  generic/trafilatura_winfuture.de-NASA.html 0 - 0 no_record
  generic/trafilatura_wsvn.com-crash.html 0 - 0 no_record
  generic/dribbble_profile_phenomenonstudio.html 0 - 0 no_record
twitch.Recording
  twitch/video_106400740.html 0 - 0 shell
"""
"""By the class that reads it, each file: records, the id of the first, links to videos, the reason of a refusal."""


def rows_of(table: str) -> Iterator[tuple[str, tuple[str, int, str, int, str]]]:
    page = ""
    for line in table.strip().splitlines():
        if not line.startswith(" "):
            page = line
            continue
        path, records, first, videos, reason = ("" if cell == "-" else cell for cell in line.split())
        yield path, (page, int(records), first, int(videos), reason)


READ = dict(rows_of(TABLE))
FIELDS: dict[str, dict[str, Any]] = {
    "youtube/watch_fJ9rUzIMcZQ.html": {
        "duration": 360,
        "like_count": 13_725_279,
        "channel_follower_count": 18_800_000,
        "comment_count": None,
    },
    "youtube/watch_php-embed.html": {
        "like_count": 145_775,
        "channel_follower_count": 14_600,
        "published_at": "2008-10-04T20:06:22Z",
    },
    "youtube/watch_srtMWzyqdp8.html": {
        "view_count": 14_358,
        "channel_id": "UCWnPjmqvljcafA0z2U1fwKQ",
        "channel_follower_count": 41_300,
    },
    "youtube/channel_UCzxQk-rZGowoqMBKxGD5jSA.html": {
        "username": "cherrybloomband",
        "follower_count": 59,
        "video_count": 5,
        "approximate": None,
    },
    "youtube/channel_UCuZeHD5SGecQomz2pVDHGzg_2020.html": {"follower_count": 3_440, "approximate": ["follower_count"]},
    "vimeo/watch_235352744_2021.html": {
        "published_at": "2017-09-25T14:36:56Z",
        "uploader_id": "20078647",
        "duration": 75,
    },
    "vimeo/oembed_b.json": {"published_at": "2017-09-25T14:36:56Z", "uploader_id": None},
    "dailymotion/watch_xy0wd_2021.html": {
        "published_at": "2007-01-08T10:41:29Z",
        "duration": 36,
        "uploader_id": None,
        "description": None,
    },
    "dailymotion/oembed_xy0wd.json": {"uploader_url": "https://www.dailymotion.com/jeanbamin"},
    "dailymotion/api_video_x7lni3_default.json": {"uploader_id": "x4r137"},
}
"""Of some, fields of the first record."""


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


@pytest.mark.skipif(not ROWS, reason="no recordings beside the project")
@pytest.mark.parametrize("path", FIELDS)
def test_a_field_of_a_recording_is_what_it_says(path: str) -> None:
    record = answer(path)["records"][0]
    assert {name: record[name] for name in FIELDS[path]} == FIELDS[path]


@pytest.mark.skipif(not ROWS, reason="no recordings beside the project")
def test_the_links_of_a_channel_of_2020_are_read() -> None:
    (channel,) = answer("youtube/channel_UCuZeHD5SGecQomz2pVDHGzg_2020.html")["records"]
    assert len(channel["links"]) == 3
