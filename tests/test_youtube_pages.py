"""What YouTube's pages and its Data API say in other languages, years and moods."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crawler.errors import Exhausted, NotARecord
from crawler.items import Video
from crawler.pages import page_for
from crawler.pages.base import Response
from crawler.pages.youtube import YOUTUBE
from crawler.pages.youtube.numbers import joined, only_number, subscribers, videos
from crawler.pages.youtube.refusals import understood
from crawler.pages.youtube.state import initial_data, player_response
from tests.mutations import Original, read
from tests.test_fixtures import page_of

FIXTURES = Path(__file__).parent / "fixtures" / "youtube"
API = "https://youtube.googleapis.com/youtube/v3"
URLS = ("https://www.youtube.com/watch?v=watchwatch1", "https://www.youtube.com/@KitesDaily", f"{API}/videos?id=x")


@pytest.mark.parametrize(
    ("printed", "language", "number", "approximate"),
    [
        ("18.8M subscribers", "en", 18_800_000, True),
        ("1.23K subscribers", "en-US", 1_230, True),
        ("1 subscriber", "en", 1, False),
        ("59 suscriptores", "es-ES", 59, False),
        ("3440 suscriptores", "es-ES", 3_440, True),
        ("14,6 K suscriptores", "es-ES", 14_600, True),
        ("4,69 M de suscriptores", "es-ES", 4_690_000, True),
        ("1,2 M d\u2019abonnés", "fr-FR", 1_200_000, True),
        ("5,04 k abonnés", "fr", 5_040, True),
        ("1,23 Mio. Abonnenten", "de-DE", 1_230_000, True),
        ("18.800 Abonnenten", "de", 18_800, True),
        ("구독자 504만명", "ko-KR", 5_040_000, True),
        ("구독자 1.2천명", "ko", 1_200, True),
        ("チャンネル登録者数 5.04万人", "ja-JP", 50_400, True),
        ("5,04 тыс. подписчиков", "ru-RU", 5_040, True),
        ("123 подписчика", "ru", 123, False),
        ("1,234,567 subscribers", "en", 1_234_567, False),
    ],
)
def test_subscribers_are_read_in_the_page_s_language(
    printed: str,
    language: str,
    number: int,
    approximate: bool,  # noqa: FBT001 - a column of the table
) -> None:
    assert subscribers(printed, language) == (number, approximate)


@pytest.mark.parametrize("printed", ["", None, "subscribers", "18.8M", "No subscribers", "18.8X subscribers", "5 foos"])
def test_what_is_no_number_of_subscribers_for_certain_is_none(printed: str | None) -> None:
    assert subscribers(printed, "en") is None


@pytest.mark.parametrize(
    ("printed", "language", "number"),
    [("5 vídeos", "es", 5), ("2,678 videos", "en", 2_678), ("동영상 123개", "ko", 123), ("123 本の動画", "ja", 123)],
)
def test_videos_are_read_in_the_page_s_language(printed: str, language: str, number: int) -> None:
    assert videos(printed, language) == (number, False)


@pytest.mark.parametrize(
    ("label", "short", "number"),
    [
        ("like this video along with 13,725,279 other people", "13M", 13_725_279),
        ("haz clic en Me gusta en este vídeo junto con otras 145.775 personas", "145 K", 145_775),
        ("1\u202f234 j\u2019aime", "1,2 k", 1_234),
        ("他 321 人もこの動画を高く評価しました", "321", 321),
        ("145 mil Me gusta", "145 K", None),
        ("2 millones", None, None),
        ("他 1.2万 人", "1.2万", None),
        ("like this video along with 13,725,279 other people", "14M", None),
        ("5 of 6 people", None, None),
        ("I like this", "Like", None),
        (None, None, None),
    ],
)
def test_only_a_number_told_to_the_digit_is_one(label: str | None, short: str | None, number: int | None) -> None:
    assert only_number(label, short) == number


@pytest.mark.parametrize(
    ("printed", "day"),
    [
        ("Joined Sep 18, 2005", "2005-09-18T00:00:00+00:00"),
        ("Joined 1 Sept 2005", "2005-09-01T00:00:00+00:00"),
        ("Joined\xa0May 7, 2024", "2024-05-07T00:00:00+00:00"),
        *(
            (one, None)
            for one in (None, "Joined Feb 30, 2005", "Joined Foo 1, 2005", "Se unió el 18 sept 2005", "2005")
        ),
    ],
)
def test_the_day_on_which_a_channel_was_made_is_read_in_english(printed: str | None, day: str | None) -> None:
    assert joined(printed) == day


@pytest.mark.parametrize(
    ("sentence", "reason"),
    [
        ("Sign in to confirm you\u2019re not a bot", "bot_check"),
        ("Inicia sesión para confirmar que no eres un bot", "bot_check"),
        ("Connectez-vous pour confirmer que vous n\u2019êtes pas un robot", "bot_check"),
        ("Private video", "private"),
        ("Dieses Video ist privat", "private"),
        ("Vidéo privée", "private"),
        ("非公開動画です", "private"),
        ("비공개 동영상입니다", "private"),
        ("Sign in to confirm your age", "age"),
        ("Inicia sesión para confirmar tu edad", "age"),
        ("年齢を確認するためにログインしてください", "age"),
        ("This account has been terminated for violating YouTube\u2019s Community Guidelines.", "terminated"),
        ("This video has been removed by the uploader", "deleted"),
        ("This channel does not exist.", "not_found"),
        ("Este canal no existe.", "not_found"),
        ("Video unavailable", "unavailable"),
    ],
)
def test_what_the_site_says_is_understood(sentence: str, reason: str) -> None:
    assert understood(sentence, "unavailable") == reason


@pytest.mark.parametrize(
    "script",
    [
        'var ytInitialData = {"a": "}; </b>"};',
        'window["ytInitialData"] = {"a": "}; </b>"};\n  window["ytInitialPlayerResponse"] = null;',
        'window[\'ytInitialData\'] = JSON.parse("{\\"a\\": \\"}; </b>\\"}");',
        'if (x) { ytInitialData = null; } ytInitialData = {"a": "}; </b>"}',
        r"var ytInitialData = '\x7b\x22a\x22:\x22\x7d; \x3c\/b\x3e\x22\x7d';",
        '</script><script nonce="x" id="yt-initial-data" type="application/json">{"a": "}; </b>"}',
    ],
)
def test_the_page_s_data_is_found_in_every_form(script: str) -> None:
    assert initial_data(f"<script>{script}</script><script>1</script>") == {"a": "}; </b>"}


@pytest.mark.parametrize("broken", ['{"a": ', "[1]", "null", '"text"', '{"a":' * 100_000, "[" * 100_000, "{}"])
def test_broken_data_is_no_data(broken: str) -> None:
    source = f"<script>var ytInitialData = {broken};var ytInitialPlayerResponse = {broken};</script>"
    assert (initial_data(source), player_response(source)) == ({}, {})


def refusal_of(status: int, reason: str, message: str = "x") -> Exception:
    """Return what a page makes of an error of the API."""
    error = {"error": {"code": status, "message": message, "errors": [{"reason": reason}]}}
    page = page_for(Response(f"{API}/videos?id=x", json.dumps(error).encode(), status))
    with pytest.raises((NotARecord, Exhausted)) as refused:
        list(page.records())
    return refused.value


@pytest.mark.parametrize("reason", ["quotaExceeded", "dailyLimitExceeded"])
def test_a_spent_quota_ends_the_crawl_with_an_explanation(reason: str) -> None:
    refusal = refusal_of(403, reason)
    assert isinstance(refusal, Exhausted)
    assert refusal.reason == "quota"
    assert reason in str(refusal)


@pytest.mark.parametrize(
    ("status", "reason", "message"),
    [
        (400, "badRequest", "API key not valid. Please pass a valid API key."),
        (403, "accessNotConfigured", "YouTube Data API v3 has not been used in project 1 before or it is disabled."),
        (403, "forbidden", "Consumer 'api_key:AIzaSyTest' has been suspended."),
    ],
)
def test_a_key_that_is_not_accepted_is_explained_without_it(status: int, reason: str, message: str) -> None:
    refusal = refusal_of(status, reason, message)
    assert "AIza" not in str(refusal)
    assert isinstance(refusal, Exhausted) == (reason != "forbidden")


def test_another_error_of_the_api_is_a_refusal() -> None:
    assert refusal_of(403, "playlistItemsNotAccessible").args == ("forbidden: the Data API says: x",)


@pytest.mark.parametrize(("allows", "likes"), [(True, 0), (False, None)])
def test_a_video_whose_likes_are_switched_off_has_no_number_of_them(*, allows: bool, likes: int | None) -> None:
    details = {"videoId": "abcdefghijk", "title": "Kites", "author": "Ada", "allowRatings": allows}
    player = {"videoDetails": details, "microformat": {"playerMicroformatRenderer": {"likeCount": "0"}}}
    player |= {"playabilityStatus": {"status": "OK"}}
    body = f"<script>var ytInitialPlayerResponse = {json.dumps(player)};</script>".encode()
    (found,) = page_for(Response("https://www.youtube.com/watch?v=abcdefghijk", body)).records()
    assert isinstance(found, Video)
    assert found.like_count == likes


def test_what_the_api_says_without_a_title_is_no_video() -> None:
    rows = [{"id": "abcdefghijk", "statistics": {"viewCount": "3"}}, {"id": 7, "snippet": {"title": "Kites"}}]
    body = json.dumps({"kind": "youtube#videoListResponse", "items": rows})
    page = page_for(Response(f"{API}/videos?part=statistics&id=abcdefghijk", body.encode()))
    with pytest.raises(NotARecord) as refusal:
        list(page.records())
    assert refusal.value.reason == "shell"


@pytest.mark.parametrize(
    ("ratings", "statistics", "age_limit", "availability"),
    [
        ({}, {"viewCount": "0"}, 0, "public"),
        ({}, {"likeCount": "3"}, 0, None),
        ({"mpaaRating": "mpaaR"}, {"viewCount": "3"}, None, "public"),
        ({"fskRating": "fsk12", "ytRating": "ytAgeRestricted"}, {}, 18, "needs_auth"),
    ],
)
def test_the_api_says_who_can_see_a_video_where_that_is_certain(
    ratings: dict[str, str], statistics: dict[str, str], age_limit: int | None, availability: str | None
) -> None:
    row = {"id": "abcdefghijk", "snippet": {"title": "Kites"}, "status": {"privacyStatus": "public"}}
    row |= {"contentDetails": {"contentRating": ratings}, "statistics": statistics}
    body = json.dumps({"kind": "youtube#videoListResponse", "items": [row]})
    (found,) = page_for(Response(f"{API}/videos?part=snippet,statistics&id=abcdefghijk", body.encode())).records()
    assert isinstance(found, Video)
    assert (found.age_limit, found.availability) == (age_limit, availability)


@pytest.mark.parametrize(
    ("author_url", "channel_id"),
    [("https://www.youtube.com/channel/UCkites0kites1kites2kite", "UCkites0kites1kites2kite"), ("/@KitesDaily", None)],
)
def test_an_oembed_answer_tells_the_channel_as_the_page_does(author_url: str, channel_id: str | None) -> None:
    frame = '<iframe src="https://www.youtube.com/embed/abcdefghijk?feature=oembed"></iframe>'
    body = {"type": "video", "version": "1.0", "title": "Kites", "author_name": "Ada", "author_url": author_url}
    url = "https://www.youtube.com/oembed?format=json&url=x"
    (found,) = page_for(Response(url, json.dumps({**body, "html": frame}).encode())).records()
    assert isinstance(found, Video)
    assert (found.channel, found.channel_id, found.uploader_id) == ("Ada", channel_id, channel_id)


def test_an_oembed_answer_tells_no_half_description() -> None:
    url = "https://www.youtube.com/oembed?url=https://youtu.be/abcdefghijk"
    for description, whole in (("All of it. " * 20 + "End.", True), ("The beginning. " * 20 + "…", False)):
        body = {"type": "video", "version": "1.0", "title": "Kites", "description": description}
        (found,) = page_for(Response(url, json.dumps(body).encode())).records()
        assert found.description == (description if whole else None)


def test_ids_that_a_batch_lacks_are_refused_one_by_one() -> None:
    body = (FIXTURES / "api-videos" / "page.json").read_bytes()
    page = page_for(Response(f"{API}/videos?part=snippet&id=gonegonegon,livelivelv1", body))
    assert [(key.id, refusal.reason) for key, refusal in page.refusals()] == [("gonegonegon", "not_found")]


@pytest.mark.parametrize(
    ("case", "name", "total", "members"),
    [
        ("channel-videos", "videos of UCkites0kites1kites2kite", 532, 2),
        ("channel-shorts", "videos of UCkites0kites1kites2kite", None, 2),
        ("playlist", "playlist PLkiteskites", 3, 2),
        ("api-uploads", "videos of UCkites0kites1kites2kite", 53, 2),
    ],
)
def test_a_listing_says_what_it_is_and_how_long(case: str, name: str, total: int | None, members: int) -> None:
    page = page_of(f"youtube/{case}")
    listing = page.listing()
    assert listing is not None
    assert (listing.name, page.total(), len(list(page.members()))) == (name, total, members)


def read_all(url: str, body: bytes) -> None:
    """Read all that a page tells; records may be invalid, but not unnoticed."""
    assert read(Original(url, Response(url, body, 200, {"content-type": "text/html"}, "2026-01-01T00:00:00Z"), None))


def names_in(value: Any) -> set[str]:
    """Return all names of objects in a JSON value."""
    if isinstance(value, dict):
        return set(value).union(*map(names_in, value.values()))
    return set().union(*map(names_in, value)) if isinstance(value, list) else set()


SCRIPTS = [path.read_text("utf-8") for path in sorted(FIXTURES.glob("*/page.html"))]
STATES = [state for text in SCRIPTS for state in (initial_data(text), player_response(text)) if state]
ANSWERS = [json.loads(path.read_text("utf-8")) for path in sorted(FIXTURES.glob("*/page.json"))]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=9) | st.just("http://["),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(sorted(names_in(STATES))), inner),
    max_leaves=12,
)


def changed(value: Any, data: st.DataObject) -> Any:
    """Return a JSON value in which a part is another one."""
    if isinstance(value, dict | list) and value and data.draw(st.integers(0, 9)) < 9:
        place = data.draw(st.sampled_from(sorted(value) if isinstance(value, dict) else range(len(value))))
        copied = dict(value) if isinstance(value, dict) else list(value)
        copied[place] = changed(value[place], data)
        return copied
    return data.draw(JSON)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(st.data())
def test_whatever_json_a_page_holds_it_is_read_or_refused(data: st.DataObject) -> None:
    state = json.dumps(changed(data.draw(st.sampled_from(STATES)), data)).replace("</", "<\\/")
    script = f"<script>var ytInitialData = {state};var ytInitialPlayerResponse = {state};</script>"
    read_all(data.draw(st.sampled_from(URLS[:2])), script.encode())


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(st.data())
def test_whatever_the_api_answers_is_read_or_refused(data: st.DataObject) -> None:
    read_all(URLS[2], json.dumps(changed(data.draw(st.sampled_from(ANSWERS)), data)).encode())


@pytest.mark.parametrize("url", URLS)
@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"\x00" * 100, b"<html>" * 20_000, b"<script>ytInitialData = {" * 200_000),
        b'<script>ytInitialData = {"a": ' + b'{"videoRenderer":{"videoId":"abcdefghijk"}},' * 400_000,
    ],
    ids=["nothing", "nul bytes", "tags", "many values", "large"],
)
def test_broken_input_is_read_without_an_error(url: str, body: bytes) -> None:
    read_all(url, body)


def test_no_other_site_is_taken_for_youtube() -> None:
    assert not YOUTUBE.recognises(Response("https://site.example/", b"YouTube"))
