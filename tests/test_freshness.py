from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.crawls import crawl, lines
from tests.freshness import Watch
from tests.site import Catalogue, Quirks, running_site
from tests.site.instance import newer
from tests.site.model import Channel, Video
from tests.site.peertube import PeerTube
from tests.site.server import Site

CALM = Quirks(rate_limit=False)
HOUR_S, DAY_S = 3600, 86_400


def listed(site: Site) -> list[Video]:
    return [video for video in site.catalogue.videos if video.is_local and video.fate == "listed"]


def test_only_what_has_changed_is_written_again_with_the_names_of_its_fields(tmp_path: Path, valkey: str) -> None:
    with running_site(Catalogue.generate(users=8, videos=30), CALM) as site:
        watch = Watch("videos", tmp_path, valkey, site, "every=6h")
        with watch.runs() as process:
            first = watch.records()
            watch.pass_s(process, 6 * HOUR_S)
            assert watch.records() == first
            popular, renamed, *_ = listed(site)
            popular.views += 5
            renamed.name, renamed.likes = "Another name", renamed.likes + 1
            watch.pass_s(process, 6 * HOUR_S)
            again = watch.records()[len(first) :]
            watch.pass_s(process, 6 * HOUR_S)
            assert len(watch.records()) == len(first) + 2
    assert {record["id"] for record in first} == set(site.truth.videos)
    assert {record["id"]: record["changed"] for record in again} == {
        popular.uuid: ["view_count"],
        renamed.uuid: ["like_count", "title"],
    }
    assert {record["changed"] for record in first} == {None}


def test_nothing_is_visited_before_its_time(tmp_path: Path, valkey: str) -> None:
    with running_site(Catalogue.generate(users=5, videos=10), CALM) as site:
        watch = Watch("videos", tmp_path, valkey, site, "every=6h")
        with watch.runs() as process:
            asked = len(site.requests)
            watch.pass_s(process, 5 * HOUR_S)
            assert len(site.requests) == asked
            due = watch.due().values()
            assert max(due) <= watch.now_ms() + HOUR_S * 1000


def test_a_kill_and_a_restart_lose_no_due_time(tmp_path: Path, valkey: str) -> None:
    with running_site(Catalogue.generate(users=8, videos=30), CALM) as site:
        watch = Watch("videos", tmp_path, valkey, site)
        with watch.runs("every=6h") as process:
            due, urls, first = watch.due(), watch.urls(), watch.records()
            process.kill()
        listed(site)[0].views += 5
        with watch.runs() as process:
            assert watch.due() == due
            assert watch.records() == first
            watch.pass_s(process, 6 * HOUR_S)
            assert [record["changed"] for record in watch.records()[len(first) :]] == [["view_count"]]
            assert watch.urls() == urls


def test_a_new_video_of_a_known_user_is_found_when_the_user_is_visited_again(tmp_path: Path, valkey: str) -> None:
    quirks = Quirks(rate_limit=False, grow=1)
    with running_site(Catalogue.generate(users=5, videos=10), quirks) as site:
        watch = Watch("videos", tmp_path, valkey, site, "every=6h")
        with watch.runs() as process:
            watch.pass_s(process, 6 * HOUR_S)
            found = {record["id"] for record in watch.records()}
    assert len(site.grown) == 1
    assert found == set(site.truth.videos) | set(site.grown)


@pytest.mark.parametrize("spider", ["users", "videos"])
def test_what_is_new_of_a_known_user_is_found_when_the_user_is_visited_again(
    tmp_path: Path, valkey: str, spider: str
) -> None:
    with running_site(Catalogue.generate(users=5, videos=20), CALM) as site:
        assert isinstance(site.app, PeerTube)
        known, scope = listed(site)[0], "scope=host" if spider == "users" else "scope=seed"
        seed = f"{site.url}/a/{known.account.name}"
        watch = Watch(spider, tmp_path, valkey, site, "every=6h", scope, seed=seed)
        with watch.runs() as process:
            first = {record["id"] for record in watch.records()}
            new = publish(site.app, known)
            channel = add_channel(site.app, known)
            watch.pass_s(process, 6 * HOUR_S)
            found = {record["id"] for record in watch.records()} - first
    assert found == {new.uuid} if spider == "videos" else {f"{channel.name}@{site.host}"}


def publish(app: PeerTube, model: Video) -> Video:
    """Let a user publish a video."""
    app.instance.to_grow.append(newer(model, 0))
    app.instance.walked()
    return next(iter(app.instance.grown.values()))


def add_channel(app: PeerTube, model: Video) -> Channel:
    """Let a user have another channel."""
    channel = replace(model.channel, id=9_000_000, name=f"{model.account.name}_new")
    app.instance.catalogue.channels.append(channel)
    app.api.channel_named[channel.name] = channel
    return channel


@pytest.mark.parametrize("spider", ["users", "videos"])
def test_a_page_with_a_date_is_asked_for_only_if_it_was_modified_since(
    tmp_path: Path, valkey: str, spider: str
) -> None:
    with running_site(Catalogue.generate(users=5, videos=8), replace(CALM, dated=True), plain=True) as site:
        watch = Watch(spider, tmp_path, valkey, site, "every=6h")
        with watch.runs() as process:
            first, asked = watch.records(), len(site.requests)
            watch.pass_s(process, 6 * HOUR_S)
            assert watch.records() == first
            assert watch.server.hget(watch.keys.control, "visits") == b"%d" % (2 * len(watch.due()))
            video = listed(site)[0]
            pages = {f"/u/{video.account.name}", f"/v/{video.short}"}
            again = [request for request in site.requests[asked:] if request.path in pages]
            video.name += "!"
            video.account.display_name += "!"
            watch.pass_s(process, 6 * HOUR_S)
            changed = watch.records()[len(first) :]
    assert {request.status for request in again} == {304}
    assert [record["changed"] for record in changed if "name" in record["changed"] or "title" in record["changed"]]
    assert len(changed) < len(first)


def test_a_page_that_says_it_is_unchanged_is_not_sent_again(tmp_path: Path, valkey: str) -> None:
    with running_site(Catalogue.generate(users=8, videos=10), CALM) as site:
        watch = Watch("users", tmp_path, valkey, site, "every=6h")
        with watch.runs() as process:
            first, asked = watch.records(), len(site.requests)
            watch.pass_s(process, 6 * HOUR_S)
            again = site.requests[asked:]
            site.catalogue.local_accounts[0].display_name = "Another name"
            watch.pass_s(process, 6 * HOUR_S)
            changed = watch.records()[len(first) :]
    assert {request.status for request in again if "accounts?" in request.path} == {304}
    assert [record["changed"] for record in changed] == [["name"]]


def test_what_a_crawl_without_every_has_found_is_followed_from_its_next_start(tmp_path: Path, valkey: str) -> None:
    with running_site(Catalogue.generate(users=5, videos=10), CALM) as site:
        watch = Watch("videos", tmp_path, valkey, site, "every=auto", "REVISIT_LEAST_S=60")
        with watch.runs() as process:
            first = watch.records()
            watch.server.delete(watch.keys.readings)  # as where the first visits were made without
            watch.pass_s(process, 40 * DAY_S)
            assert watch.records() == first
            listed(site)[0].views += 5
            watch.pass_s(process, 40 * DAY_S)
            assert [record["changed"] for record in watch.records()[len(first) :]] == [["view_count"]]


def test_a_crawl_ends_where_no_page_is_to_be_visited_again(tmp_path: Path, valkey: str) -> None:
    with running_site(Catalogue.generate(users=5, videos=10), CALM) as site:
        watch = Watch("videos", tmp_path, valkey, site)
        with watch.runs("every=1d"):
            assert watch.server.hget(watch.keys.control, "every") == b"1d"
        ended = crawl("videos", tmp_path, f"url={site.url}", f"REDIS_URL={valkey}", "every=never", option="-o")
    assert ended.exit_code == 0
    assert "Summary of videos (finished)" in ended.log
    assert set(ended.by_id("video")) == set(site.truth.videos)
    assert len(ended.records) == len(site.truth.videos)


@pytest.mark.parametrize("spider", ["users", "videos"])
def test_on_a_plain_site_too_a_changed_count_is_written(tmp_path: Path, valkey: str, spider: str) -> None:
    with running_site(Catalogue.generate(users=5, videos=8), CALM, plain=True) as site:
        watch = Watch(spider, tmp_path, valkey, site, "every=6h")
        with watch.runs() as process:
            first = watch.records()
            for video in listed(site):
                video.name += "!"
            for account in site.catalogue.local_accounts:
                account.display_name += "!"
            watch.pass_s(process, 6 * HOUR_S)
            again = watch.records()[len(first) :]
    assert sorted(record["id"] for record in again) == sorted(record["id"] for record in first)
    name = "name" if spider == "users" else "title"
    assert all(name in record["changed"] for record in again)


def test_every_reading_of_the_counts_is_kept_where_that_is_asked_for(tmp_path: Path, valkey: str) -> None:
    snapshots = tmp_path / "snapshots.jsonl"
    with running_site(Catalogue.generate(users=5, videos=10), CALM) as site:
        watch = Watch("videos", tmp_path, valkey, site, "every=6h", f"SNAPSHOTS={snapshots}")
        with watch.runs() as process:
            first = listed(site)[0]
            former = first.views
            first.views += 5
            watch.pass_s(process, 6 * HOUR_S)
            first.views += 5
            watch.pass_s(process, 6 * HOUR_S)
    readings = [line for line in lines(snapshots) if line["key"] == ["video", "peertube", first.uuid]]
    assert [line["view_count"] for line in readings] == [former, former + 5, former + 10]
    assert len(lines(snapshots)) == 3 * len(site.truth.videos)
    assert all(line["at"] for line in readings)
