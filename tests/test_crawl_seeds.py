from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis

from crawler.errors import SeedError
from crawler.frontier.store import EmbeddedStore
from crawler.seeds import Seed, parse_seed
from crawler.spiders.seeded import next_of
from tests.crawls import crawl
from tests.site import Catalogue, Quirks, Site, running_site

FOUND = '{"kind": "user", "id": "of an earlier crawl"}\n'


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with running_site(Catalogue.generate(users=6, videos=20), Quirks(rate_limit=False)) as running:
        yield running


def a_video(site: Site) -> str:
    return min(site.truth.videos)


def a_person(site: Site) -> str:
    return min(site.truth.listed_persons)


def a_channel(site: Site) -> str:
    return min(site.truth.channels)


def test_a_video_is_one_record_in_any_form_of_its_url(tmp_path: Path, site: Site) -> None:
    forms = sorted(site.truth.addresses[a_video(site)])
    assert len(forms) >= 2
    for number, url in enumerate(forms):
        ended = crawl("videos", tmp_path, f"url={url}", feed=f"{number}.jsonl")
        assert [record["id"] for record in ended.records] == [a_video(site)], url
        assert ended.exit_code == 0


def test_a_user_is_one_record_in_any_form_of_its_url(tmp_path: Path, site: Site) -> None:
    name = a_person(site).partition("@")[0]
    forms = [
        f"{site.url}/@{name}",
        f"{site.url}/a/{name.upper()}/videos",
        f"{site.host}/accounts/{name}",
        f"{site.url}/a/{a_person(site)}",
    ]
    for number, url in enumerate(forms):
        ended = crawl("users", tmp_path, f"url={url}", feed=f"{number}.jsonl")
        assert [record["id"] for record in ended.records] == [a_person(site)], url


def test_a_channel_is_one_record_in_any_form_of_its_url(tmp_path: Path, site: Site) -> None:
    name = a_channel(site).partition("@")[0]
    for number, path in enumerate([f"@{name}", f"c/{name}/videos", f"video-channels/{name}"]):
        ended = crawl("users", tmp_path, f"url={site.url}/{path}", feed=f"{number}.jsonl")
        assert [record["id"] for record in ended.records] == [a_channel(site)], path


def test_the_videos_of_one_user_are_collected(tmp_path: Path, site: Site) -> None:
    uploader = site.truth.videos[a_video(site)]["uploader_id"]
    ended = crawl("videos", tmp_path, f"url={site.url}/@{str(uploader).partition('@')[0]}")
    assert set(ended.by_id("video")) == {
        one for one, fields in site.truth.videos.items() if fields["uploader_id"] == uploader
    }


def test_the_uploader_and_the_channel_of_one_video_are_collected(tmp_path: Path, site: Site) -> None:
    fields = site.truth.videos[a_video(site)]
    ended = crawl("users", tmp_path, f"url={fields['url']}")
    assert set(ended.by_id("user")) == {fields["uploader_id"], fields["channel_id"]}


def test_scope_host_follows_on_from_one_video(tmp_path: Path, site: Site) -> None:
    fields = site.truth.videos[a_video(site)]
    ended = crawl("videos", tmp_path, f"url={fields['url']}", "scope=host", "records=user,video")
    uploaded = {one for one, video in site.truth.videos.items() if video["uploader_id"] == fields["uploader_id"]}
    assert uploaded <= set(ended.by_id("video"))
    assert {fields["uploader_id"], fields["channel_id"]} <= set(ended.by_id("user"))


def test_what_is_no_record_says_why_and_is_in_the_rejects(tmp_path: Path, site: Site) -> None:
    fates = {fate: uuid for uuid, fate in site.truth.unlisted.items()}
    seeds = tmp_path / "seeds.txt"
    seeds.write_text("\n".join(f"{site.url}/videos/watch/{fates[fate]}" for fate in ("private", "password", "deleted")))
    ended = crawl("videos", tmp_path, f"seeds={seeds}")
    assert ended.exit_code == 1
    assert ended.records == []
    assert ended.reasons() == ["not_found", "password", "private"]
    assert "protected by a password" in ended.log
    assert all(reject["url"].startswith(site.url) and reject["details"] for reject in ended.rejects)


def test_a_bad_line_of_a_seeds_file_costs_nothing_else(tmp_path: Path, site: Site) -> None:
    seeds = tmp_path / "seeds.csv"
    person, video = a_person(site).partition("@")[0], site.truth.videos[a_video(site)]["url"]
    seeds.write_text(f"note,url\nfirst,{site.url}/@{person}\nsecond,not a url\n,\nthird,{video}\n")
    ended = crawl("users", tmp_path, f"seeds={seeds}")
    assert a_person(site) in ended.by_id("user")
    assert len(ended.records) >= 2
    assert ended.reasons() == ["bad_seed"]
    assert [reject["what"] for reject in ended.rejects] == ["not a url"]
    assert "seeds.csv, line 3: 'not a url' is not a URL" in ended.log


def test_seeds_of_other_programs_are_taken_from_redis(tmp_path: Path, site: Site) -> None:
    with EmbeddedStore(tmp_path / "store") as url, Redis.from_url(url) as client:
        client.rpush(
            "users:start_urls",
            json.dumps({"url": f"{site.url}/@{a_person(site).partition('@')[0]}", "meta": {"job": 1}}),
        )
        client.rpush("users:start_urls", f"{site.url}/@{a_channel(site).partition('@')[0]}", "nonsense")
        ended = crawl("users", tmp_path)
    assert set(ended.by_id("user")) == {a_person(site), a_channel(site)}
    assert ended.reasons() == ["bad_seed"]
    assert [reject["what"] for reject in ended.rejects] == ["nonsense"]


@pytest.mark.parametrize(
    ("arguments", "exit_code", "message"),
    [
        ((), 1, "No seeds, and no interrupted crawl to go on with: pass -a url="),
        (("url=nonsense",), 2, "'nonsense' is not a URL that can be crawled: pass one like"),
        (("seeds=missing.txt",), 2, "The seeds file missing.txt does not exist"),
        (("url=http://a.example", "scope=all"), 2, "scope=all is unknown: pass scope=seed, scope=host, or scope=web"),
        (("url=http://a.example", "records=posts"), 2, "records=posts is unknown: pass records=user"),
        (("url=http://a.example", "max_pages=many"), 2, "max_pages=many is no number of pages"),
        (("url=http://127.0.0.1:1/",), 1, "127.0.0.1:1 refuses connections: check the port"),
        (("url=http://host.invalid/",), 1, "the host host.invalid cannot be found: check its spelling"),
        (
            ("url=http://a.example", "REDIS_URL=redis://127.0.0.1:1/0"),
            2,
            "REDIS_URL redis://127.0.0.1:1/0 does not answer",
        ),
    ],
)
def test_what_cannot_work_is_said_with_its_remedy(
    tmp_path: Path, arguments: tuple[str, ...], exit_code: int, message: str
) -> None:
    ended = crawl("users", tmp_path, "RETRY_TIMES=0", *arguments)
    assert message in ended.log
    assert ended.exit_code == exit_code
    assert "Traceback" not in ended.log


@pytest.mark.parametrize(
    ("arguments", "exit_code", "message"),
    [
        ((), 1, "No seeds, and no interrupted crawl to go on with"),
        (("anew=1",), 1, "No seeds, and no interrupted crawl to go on with"),
        (("seeds={}/empty.txt",), 1, "empty.txt holds no seeds: write one URL a line into it"),
        (("seeds={}/bad.txt",), 1, "bad.txt, line 1: 'nonsense' is not a URL"),
        (("url=",), 2, "-a url= is empty, as by a variable of the shell that is not set"),
        (("seeds= ",), 2, "-a seeds= is empty"),
        (("scope=",), 2, "-a scope= is empty"),
        (("records=",), 2, "-a records= is empty"),
        (("every= ",), 2, "-a every= is empty"),
    ],
)
def test_without_a_seed_no_crawl_begins_and_the_file_stays(
    tmp_path: Path, arguments: tuple[str, ...], exit_code: int, message: str
) -> None:
    (tmp_path / "empty.txt").write_text("# nothing yet\n")
    (tmp_path / "bad.txt").write_text("nonsense\n")
    (tmp_path / "records.jsonl").write_text(FOUND)
    ended = crawl("users", tmp_path, *(argument.format(tmp_path) for argument in arguments))
    assert message in ended.log
    assert "A new crawl begins" not in ended.log
    assert ended.exit_code == exit_code
    assert (tmp_path / "records.jsonl").read_text() == FOUND


def test_a_finished_crawl_is_left_as_it_was_by_a_start_without_seeds(tmp_path: Path, site: Site) -> None:
    found = crawl("videos", tmp_path, f"url={site.truth.videos[a_video(site)]['url']}").records
    ended = crawl("videos", tmp_path)
    assert (ended.exit_code, ended.records) == (1, found)


def test_an_interrupted_crawl_goes_on_without_seeds_or_with_a_file_that_is_empty_by_now(
    tmp_path: Path, site: Site
) -> None:
    seeds = tmp_path / "seeds.txt"
    seeds.write_text(site.url)
    crawl("videos", tmp_path, f"seeds={seeds}", "max_pages=2")
    seeds.write_text("")
    crawl("videos", tmp_path, f"seeds={seeds}", "max_pages=2")
    assert set(crawl("videos", tmp_path).by_id("video")) == set(site.truth.videos)


def test_seeds_before_a_fault_of_their_file_are_told_with_it() -> None:
    def given() -> Iterator[Seed | SeedError]:
        yield parse_seed("site.example")
        raise SeedError("broken")

    lines = given()
    found, error = next_of(lines, 100)
    assert (found, str(error)) == ([parse_seed("site.example")], "broken")
    assert next_of(iter([*found, *found]), 1) == (found, None)
