"""What an extractor tells, as records and links."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.errors import NotARecord
from crawler.items import ADAPTERS, Video
from crawler.pages.base import Link
from crawler.pages.ytdlp import InfoPage, JudgedPage
from crawler.spiders.quota import home_of
from tests.films import JSON_LD, URL, VIDEO, judged

STILLS = {"url": "https://a.example/a.jpg", "vcodec": "none", "acodec": "none", "width": 3000, "height": 3000}


def read(info: dict[str, Any], page: JudgedPage | None = None, *, follows: bool = False) -> InfoPage:
    whole = {"extractor_key": "Films", "id": "77", "title": "Kites", **info}
    return InfoPage(page or judged(), whole, follows=follows)


def video(info: dict[str, Any], page: JudgedPage | None = None) -> Video:
    (record,) = read(info, page).records()
    assert isinstance(record, Video)
    return record


def test_a_video_has_the_extractor_for_its_site_and_the_id_that_it_tells() -> None:
    record = video({"id": 77, "webpage_url": "https://films.example/watch/77-kites"})
    assert (record.site, record.id, record.url) == ("films", "77", "https://films.example/watch/77-kites")


@pytest.mark.parametrize("told", ["https://cdn.example/embed/1", "films:77", None, 5])
def test_an_address_that_is_not_of_the_page_s_host_is_not_its_own(told: object) -> None:
    assert video({"webpage_url": told}).url == URL


@pytest.mark.parametrize(
    ("info", "field", "value"),
    [
        ({"timestamp": 1_700_000_000, "upload_date": "20200101"}, "published_at", "2023-11-14T22:13:20+00:00"),
        ({"upload_date": "20240229"}, "published_at", "2024-02-29T00:00:00+00:00"),
        ({"upload_date": "20240230"}, "published_at", None),
        ({"timestamp": 3}, "published_at", None),
        ({"epoch": 1_700_000_000}, "published_at", None),
        ({"release_timestamp": 1_700_000_000}, "published_at", None),
        ({"modified_date": "20240301"}, "updated_at", "2024-03-01T00:00:00+00:00"),
        ({"duration": 61.5}, "duration", 61.5),
        ({"duration": 0}, "duration", None),
        ({"duration": 60, "is_live": True}, "duration", None),
        ({"duration": 60, "live_status": "was_live"}, "duration", 60),
        ({"is_live": True}, "live_status", "is_live"),
        ({"was_live": True}, "live_status", "was_live"),
        ({"is_live": False}, "live_status", None),
        ({"is_live": False, "was_live": False}, "live_status", "not_live"),
        ({"live_status": "soon"}, "live_status", None),
        ({"availability": "unlisted"}, "availability", "unlisted"),
        ({"availability": "premium_only"}, "availability", None),
        ({"age_limit": 18}, "age_limit", 18),
        ({"age_limit": 0}, "age_limit", None),
        ({"view_count": 0}, "view_count", 0),
        ({"view_count": -1}, "view_count", None),
        ({"view_count": "7"}, "view_count", None),
        ({"view_count": True}, "view_count", None),
        ({"view_count": 7, "is_live": True}, "view_count", None),
        ({"like_count": 7, "is_live": True}, "like_count", 7),
        ({"tags": ["kites", " kites ", 7, ""]}, "tags", ["kites"]),
        ({"tags": []}, "tags", None),
        ({"uploader_id": 12}, "uploader_id", "12"),
        ({"uploader_url": "/people/ann"}, "uploader_url", "https://films.example/people/ann"),
        ({"media_type": "clip"}, "media_type", "clip"),
        ({"media_type": "radio"}, "media_type", None),
        ({"formats": [{"url": "https://a.example/a.mp3", "vcodec": "none"}]}, "media_type", "audio"),
        ({"formats": [STILLS]}, "media_type", None),
        (
            {"formats": [STILLS, {"url": "https://a.example/a.mp4", "width": 640}]},
            "content_url",
            "https://a.example/a.mp4",
        ),
        ({"language": "de-AT"}, "language", "de-AT"),
        ({"language": "German!"}, "language", None),
    ],
)
def test_a_field_is_what_the_extractor_says_or_unknown(info: dict[str, Any], field: str, value: object) -> None:
    assert getattr(video(info), field) == value


def files(*sizes: tuple[int | None, int | None], protocol: str = "https") -> dict[str, Any]:
    return {
        "formats": [
            {"url": f"https://a.example/{number}.mp4", "width": width, "height": height, "protocol": protocol}
            for number, (width, height) in enumerate(sizes)
        ]
    }


@pytest.mark.parametrize(
    ("info", "size", "url"),
    [
        (files((640, 360), (1280, 720), (320, 180)), (1280, 720), "https://a.example/1.mp4"),
        (files((640, 360), (None, None)), (None, None), None),
        (files((None, None)), (None, None), "https://a.example/0.mp4"),
        (files((None, None), protocol="manifest"), (None, None), "https://a.example/0.mp4"),
        (files((640, 360), (1280, 720), protocol="manifest"), (None, None), None),
        ({"url": "https://a.example/b.mp4", "width": 640, "height": 360}, (640, 360), "https://a.example/b.mp4"),
        ({"formats": "none"}, (None, None), None),
    ],
)
def test_the_largest_file_is_told_only_where_it_is_certain(info: Any, size: object, url: str | None) -> None:
    record = video(info)
    assert (record.width, record.height) == size
    assert record.content_url == url


def test_the_best_thumbnail_is_the_one_that_yt_dlp_prefers() -> None:
    small, large = ({"url": f"https://a.example/{size}.jpg", "width": size} for size in (100, 900))
    assert video({"thumbnails": [small, large]}).thumbnail == large["url"]
    assert video({"thumbnails": [large, small | {"preference": 1}]}).thumbnail == small["url"]
    assert video(
        {"thumbnails": [{"url": "https://a.example/1.jpg"}, {"url": "https://a.example/2.jpg"}]}
    ).thumbnail == ("https://a.example/2.jpg")


@pytest.mark.parametrize("info", [{"title": None}, {"title": "  "}, {"id": None}, {"title": {"a": 1}}])
def test_without_a_title_or_an_id_there_is_no_record(info: dict[str, Any]) -> None:
    with pytest.raises(NotARecord):
        video(info)


def test_what_the_extractor_does_not_tell_the_page_may() -> None:
    page = judged(JSON_LD.format(kind="VideoObject", more=f'{VIDEO}, "duration": "PT9M", "description": "Wind."'))
    told = read({"title": "Kites in the wind", "view_count": 7}, page)
    (record,) = told.records()
    assert isinstance(record, Video)
    assert (record.title, record.view_count, record.duration) == ("Kites in the wind", 7, 540)
    sources = told.sources(record)
    assert (sources["title"], sources["view_count"]) == ("yt-dlp:Films", "yt-dlp:Films")
    assert not sources["duration"].startswith("yt-dlp")


AUTHOR = '"author": {"@type": "Person", "name": "Films Ltd", "url": "https://films.example/about"}'


@pytest.mark.parametrize(
    ("info", "told"),
    [
        ({}, ("Films Ltd", "https://films.example/about")),
        ({"uploader": "Films Ltd"}, ("Films Ltd", "https://films.example/about")),
        ({"uploader": "Ann"}, ("Ann", None)),
        ({"uploader_id": "12"}, ("Films Ltd", "https://films.example/about")),
        ({"channel": "Kites"}, ("Films Ltd", "https://films.example/about")),
    ],
)
def test_the_address_of_one_publisher_does_not_stand_beside_the_name_of_another(
    info: dict[str, Any], told: tuple[str | None, str | None]
) -> None:
    record = video(info, judged(JSON_LD.format(kind="VideoObject", more=f"{VIDEO}, {AUTHOR}")))
    assert (record.uploader, record.uploader_url) == told


@pytest.mark.parametrize(
    ("day", "published_at", "source"),
    [
        ("20250301", "2025-03-01T12:30:00+01:00", "JSON-LD"),
        ("20250228", "2025-02-28T00:00:00+00:00", "yt-dlp:Films"),
    ],
)
def test_the_time_that_the_page_tells_of_the_day_of_an_upload_is_kept(day: str, published_at: str, source: str) -> None:
    page = judged(JSON_LD.format(kind="VideoObject", more=f'{VIDEO}, "uploadDate": "2025-03-01T12:30:00+01:00"'))
    told = read({"upload_date": day}, page)
    record = next(told.records())
    assert isinstance(record, Video)
    assert (record.published_at, told.sources(record)["published_at"]) == (published_at, source)


def test_a_count_that_the_page_rounds_is_named_unless_the_extractor_tells_it() -> None:
    likes = '"interactionStatistic": {"@type": "InteractionCounter", "interactionType": "LikeAction", '
    page = judged(JSON_LD.format(kind="VideoObject", more=f'{VIDEO}, {likes}"userInteractionCount": "1.2K"}}'))
    for info, approximate in (({}, ["like_count"]), ({"like_count": 1_234}, None)):
        record = video(info, page)
        assert (record.like_count, record.approximate) == (info.get("like_count", 1_200), approximate)


def test_of_the_generic_extractor_only_what_it_knows_for_certain_is_taken() -> None:
    guessed = {
        "extractor_key": "Generic",
        "id": "watch",
        "title": "Kites | Films (1)",
        "uploader": "films.example",
        "timestamp": 1_500_000_000,
        "duration": 61,
        "url": "https://films.example/kites.mp4",
    }
    page = judged('<meta property="og:title" content="Kites">')
    told = read(guessed, page)
    (record,) = told.records()
    assert isinstance(record, Video)
    assert (record.site, record.id, record.title) == ("schema.org", URL, "Kites")
    assert (record.uploader, record.published_at, record.duration) == (None, None, 61)
    assert told.sources(record)["duration"] == "yt-dlp:Generic"
    assert not told.sources(record)["title"].startswith("yt-dlp")
    told = read(
        guessed, judged('<meta property="og:title" content="Kites"><meta property="video:duration" content="62">')
    )
    (record,) = told.records()
    assert (getattr(record, "duration", None), told.sources(record)["duration"]) == (62, "HTML head")


def test_a_user_s_page_that_shows_a_stream_is_still_that_of_the_user() -> None:
    ann = '"mainEntity": {"@type": "Person", "name": "Ann", "url": "https://films.example/ann"}'
    page = judged(JSON_LD.format(kind="ProfilePage", more=ann), url="https://films.example/ann")
    told = read({"is_live": True}, page)
    stream, user = told.records()
    assert (stream.kind, stream.id, user.kind, user.id) == ("video", "77", "user", "https://films.example/ann")
    assert told.sources(user)["name"] == "JSON-LD"


def test_users_of_one_name_on_two_sites_are_two_for_max_per_user() -> None:
    pages = [read({}, judged(url=url)) for url in (URL, "https://www.films.example/watch/1", "https://other.example/1")]
    assert [home_of(page) for page in pages] == ["films.example", "films.example", "other.example"]


# --- links ---


def test_a_list_is_a_listing_of_its_entries_and_no_record() -> None:
    entries = [
        {"url": "https://films.example/watch/1", "id": "1", "ie_key": "Films", "is_list": False},
        {"url": "https://films.example/list/2", "id": "2", "ie_key": "FilmsList", "is_list": True},
        {"url": "films:3"},
        "odd",
    ]
    page = read({"_type": "playlist", "id": "ann", "entries": entries, "uploader_url": "/people/ann"})
    assert list(page.records()) == []
    assert list(page.links()) == [
        Link("https://films.example/watch/1", "video"),
        Link("https://films.example/list/2", "listing", leads_to=frozenset({"video"})),
        Link("https://films.example/people/ann", "user"),
    ]
    listing = page.listing()
    assert listing is not None
    assert (listing.name, listing.kind, page.total(), list(page.members())) == ("films ann", "video", None, [])


def test_hyperlinks_are_followed_beside_where_they_are_wanted() -> None:
    assert [link.url for link in read({}, follows=True).links()] == [
        f"https://films.example/{name}" for name in ("more", "other", "third")
    ]
    assert list(read({}).links()) == []


def test_a_page_that_only_shows_another_site_s_player_leads_there_and_is_no_record() -> None:
    page = read({"extractor_key": "Generic", "_type": "url", "url": "https://tube.example/v/1", "ie_key": "Tube"})
    assert list(page.records()) == []
    assert list(page.links()) == [Link("https://tube.example/v/1", "video")]


def test_a_page_whose_extractor_knows_only_where_its_player_is_leads_there() -> None:
    page = read({"_type": "url_transparent", "url": "https://tube.example/v/1", "title": None})
    assert list(page.records()) == []
    assert list(page.links()) == [Link("https://tube.example/v/1", "video")]


@pytest.mark.parametrize("kind", ["url", "url_transparent"])
def test_a_media_file_is_no_page_to_fetch(kind: str) -> None:
    address = "https://films.example/files/kites.MP4?token=1"
    assert list(read({"_type": kind, "url": address}).links()) == []
    assert list(read({"_type": "playlist", "entries": [{"url": address}]}).links()) == []


# --- anything ---

SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
ANYTHING = st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=8)
NAMES = (
    *(
        "_type",
        "id",
        "title",
        "url",
        "entries",
        "formats",
        "thumbnails",
        "tags",
        "duration",
        "timestamp",
        "upload_date",
    ),
    *("age_limit", "view_count", "live_status", "availability", "language", "uploader_url", "webpage_url"),
)
PART = st.dictionaries(st.sampled_from(["url", "width", "height", "preference", "vcodec", "protocol"]), ANYTHING)


@settings(deadline=None)
@given(st.fixed_dictionaries({}, optional={name: ANYTHING | st.lists(PART) for name in NAMES}), st.booleans())
def test_whatever_an_extractor_returns_is_a_valid_record_or_none(info: dict[str, Any], generic: bool) -> None:  # noqa: FBT001
    page = read({"title": "Kites", **info, "extractor_key": "Generic" if generic else "Films"}, follows=True)
    try:
        records = list(page.records())
    except NotARecord:
        return
    finally:
        assert all(link.url.startswith("http") for link in page.links())
        page.listing()
    for record in records:
        assert set(page.sources(record)) <= set(type(record).__slots__)
        ADAPTERS[type(record)].validate_python(record)
