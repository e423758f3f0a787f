"""The sample PeerTube keeps its truth: its lists, outboxes and pages together are what it promises."""

from __future__ import annotations

from collections.abc import Iterator
from functools import reduce
from urllib.parse import quote, urlsplit
from uuid import UUID

import pytest

from tests.site import Catalogue, Quirks, Site, running_site
from tests.site.client import get, outbox, walk
from tests.site.words import BASE58, cut, short_uuid, utf16_length

CATALOGUE = Catalogue.generate(users=60, videos=400, seed=7)
OPEN = Quirks(rate_limit=False)


@pytest.fixture(scope="module")
def peertube() -> Iterator[Site]:
    with running_site(CATALOGUE, OPEN) as site:
        yield site


def test_equal_seeds_give_equal_catalogues_and_other_seeds_others() -> None:
    assert Catalogue.generate(5, 30, 3) == Catalogue.generate(5, 30, 3)
    assert {video.uuid for video in Catalogue.generate(5, 30, 4).videos}.isdisjoint(
        video.uuid for video in Catalogue.generate(5, 30, 3).videos
    )


@pytest.mark.parametrize(("users", "videos"), [(1, 0), (1, 5), (2, 1), (200, 10)])
def test_a_catalogue_of_any_size_has_the_numbers_that_were_asked_for(users: int, videos: int) -> None:
    with running_site(Catalogue.generate(users, videos), OPEN) as site:
        assert (len(site.truth.persons), len(site.truth.videos)) == (users, videos)
        assert get(site, "/api/v1/server/stats").json["totalLocalVideos"] == videos


def test_a_short_uuid_has_22_characters_that_stand_for_the_same_number() -> None:
    assert short_uuid("00000000-0000-0000-0000-00000000003a") == "1" * 20 + "21"
    for video in CATALOGUE.videos:
        assert len(video.short) == 22
        assert reduce(lambda number, char: number * 58 + BASE58.index(char), video.short, 0) == UUID(video.uuid).int


def test_a_cut_description_has_250_utf16_units_at_most() -> None:
    assert cut("a" * 250) == "a" * 250
    assert cut("a" * 251) == "a" * 247 + "..."
    assert utf16_length(cut("🌊" * 200) or "") <= 250


def test_the_list_of_videos_shows_the_truth_when_nsfw_and_local_are_asked_for(peertube: Site) -> None:
    rows = walk(peertube, "/api/v1/videos?sort=createdAt&nsfw=both&isLocal=true")
    assert [row["uuid"] for row in rows] == list(dict.fromkeys(row["uuid"] for row in rows))
    assert {row["uuid"] for row in rows} == set(peertube.truth.videos)


def test_without_nsfw_both_the_list_leaves_some_videos_out(peertube: Site) -> None:
    uuids = {row["uuid"] for row in walk(peertube, "/api/v1/videos?isLocal=true")}
    missing = set(peertube.truth.videos) - uuids
    assert missing == {uuid for uuid, fields in peertube.truth.videos.items() if not fields["is_family_friendly"]}
    assert missing


def test_the_list_of_accounts_leaves_hidden_ones_out_and_its_total_is_wrong(peertube: Site) -> None:
    rows = walk(peertube, "/api/v1/accounts")
    handles = {f"{row['name']}@{row['host']}" for row in rows if row["host"] == peertube.host}
    assert handles == peertube.truth.listed_persons | {f"peertube@{peertube.host}"}
    assert get(peertube, "/api/v1/accounts").json["total"] > len(rows)


def test_accounts_and_owners_of_channels_together_are_all_persons(peertube: Site) -> None:
    channels = [row for row in walk(peertube, "/api/v1/video-channels") if row["isLocal"]]
    owners = {f"{row['ownerAccount']['name']}@{row['ownerAccount']['host']}" for row in channels}
    assert {f"{row['name']}@{row['host']}" for row in channels} == set(peertube.truth.channels)
    assert owners | peertube.truth.listed_persons == set(peertube.truth.persons)
    assert owners - peertube.truth.listed_persons


def test_a_hidden_account_answers_for_itself(peertube: Site) -> None:
    hidden = min(set(peertube.truth.persons) - peertube.truth.listed_persons)
    assert (
        get(peertube, f"/api/v1/accounts/{quote(hidden)}").json["displayName"] == peertube.truth.persons[hidden]["name"]
    )


def test_a_few_accounts_need_two_pages_and_some_have_no_video(peertube: Site) -> None:
    counts = [
        len(walk(peertube, f"/api/v1/accounts/{name.split('@')[0]}/videos?nsfw=both"))
        for name in peertube.truth.persons
    ]
    assert sum(counts) == len(peertube.truth.videos)
    assert sum(count > 100 for count in counts) >= 2
    assert counts.count(0) >= 2


def test_outboxes_hold_every_listed_video_whole_and_some_that_no_list_shows(peertube: Site) -> None:
    names = [name.split("@")[0] for name in peertube.truth.persons]
    items = [item for name in names for item in outbox(peertube, name)]
    created = {item["object"]["uuid"]: item["object"] for item in items if item["type"] == "Create"}
    assert created.keys() > peertube.truth.videos.keys()
    for uuid, fields in peertube.truth.videos.items():
        assert created[uuid]["content"] == fields["description"]
        assert [tag["name"] for tag in created[uuid]["tag"]] == fields["tags"]
    extra = {peertube.truth.unlisted[uuid] for uuid in created.keys() - peertube.truth.videos.keys()}
    assert extra == {"blocked", "unlisted", "upcoming", "muted"}
    assert {item["type"] for item in items} == {"Create", "Announce", "Delete"}
    assert all(isinstance(item["object"], str) for item in items if item["type"] == "Announce")


def test_rows_are_cut_where_details_are_whole(peertube: Site) -> None:
    rows = [
        row
        for row in walk(peertube, "/api/v1/videos?nsfw=both&isLocal=true")
        if (row["description"] or "").endswith("...")
    ]
    detail = get(peertube, f"/api/v1/videos/{rows[0]['uuid']}").json
    assert detail["description"] == peertube.truth.videos[rows[0]["uuid"]]["description"]
    assert detail["description"].startswith(rows[0]["description"][:-3])
    assert "tags" not in rows[0]


STATUSES = {
    "blocked": 401,
    "private": 401,
    "internal": 401,
    "password": 403,
    "deleted": 404,
    "unlisted": 200,
    "upcoming": 200,
}


@pytest.mark.parametrize(("fate", "status"), STATUSES.items())
def test_a_video_that_no_list_shows_answers_as_its_fate_wants(peertube: Site, fate: str, status: int) -> None:
    uuids = [uuid for uuid, what in peertube.truth.unlisted.items() if what == fate]
    answers = [get(peertube, f"/api/v1/videos/{uuid}") for uuid in uuids]
    assert {answer.status for answer in answers} == {status}
    if status == 403:
        assert answers[0].json["code"] == "video_requires_password"
    if status >= 400:
        assert answers[0].headers["content-type"].startswith("application/problem+json")
        assert get(peertube, f"/videos/watch/{uuids[0]}").status == 404


def test_a_video_answers_under_each_of_its_names_with_one_canonical_url(peertube: Site) -> None:
    uuid, fields = next(iter(peertube.truth.videos.items()))
    assert get(peertube, f"/api/v1/videos/{short_uuid(uuid)}").json == get(peertube, f"/api/v1/videos/{uuid}").json
    pages = [get(peertube, urlsplit(url).path).page for url in peertube.truth.addresses[uuid]]
    assert {page.xpath("//link[@rel='canonical']/@href").get() for page in pages} == {
        f"{peertube.url}/w/{short_uuid(uuid)}"
    }
    assert {page.xpath("//meta[@property='og:title']/@content").get() for page in pages} == {fields["title"]}


def test_actors_answer_in_any_case_with_or_without_the_host(peertube: Site) -> None:
    bodies = [
        get(peertube, f"/api/v1/accounts/{name}").json for name in ("user000", "USER000", f"User000@{peertube.host}")
    ]
    assert bodies[0] == bodies[1] == bodies[2]
    for actor in ("user000", "user000_main"):
        pages = peertube.truth.addresses[f"{actor}@{peertube.host}"]
        assert (
            len({get(peertube, urlsplit(url).path).page.xpath("//link[@rel='canonical']/@href").get() for url in pages})
            == 1
        )


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/v1/videos?count=101", 400),
        ("/api/v1/videos?sort=bad", 400),
        ("/api/v1/accounts?start=x", 400),
        ("/api/v1/nothing", 400),
        ("/api/v1/accounts/nobody", 404),
        ("/w/nothing", 404),
        ("/any/other/route", 200),
    ],
)
def test_what_cannot_be_answered_has_the_status_of_a_peertube(peertube: Site, path: str, status: int) -> None:
    assert get(peertube, path).status == status


def test_the_sitemap_names_all_actors_and_the_videos_that_are_safe_for_work(peertube: Site) -> None:
    sitemap = get(peertube, "/sitemap.xml").body.decode()
    for uuid, fields in peertube.truth.videos.items():
        assert (f"/w/{short_uuid(uuid)}<" in sitemap) is fields["is_family_friendly"]
    assert sitemap.count("/video-channels</loc>") == len(peertube.truth.persons)


def test_trending_drifts_and_created_at_does_not(peertube: Site) -> None:
    def order(sort: str) -> list[str]:
        return [row["uuid"] for row in get(peertube, f"/api/v1/videos?sort={sort}&count=100&nsfw=both").json["data"]]

    assert order("createdAt") == order("createdAt")
    assert len({tuple(order("-trending")) for _ in range(4)}) > 1
