from __future__ import annotations

import json
import os
import re
import signal
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.crawls import Ended, crawl, end, start, until_lines
from tests.queues import Crew, crew_at
from tests.site import Catalogue, Quirks, Site, running_site

CALM = Quirks(rate_limit=False)


@pytest.fixture
def crew(valkey: str) -> Iterator[Crew]:
    with crew_at(valkey) as crew:
        yield crew


def choose(crew: Crew, most: int, *wanted: tuple[str, ...]) -> list[int]:
    return list(crew.queue().call("choose", most, *map(json.dumps, wanted)))


def test_so_many_of_a_group_are_chosen_and_the_last_one_says_so(crew: Crew) -> None:
    assert choose(crew, 2, ("a", "kim"), ("b", "kim"), ("c", "kim"), ("d", "ada")) == [1, 2, 0, 1]


def test_who_asks_again_after_a_crash_is_told_the_same(crew: Crew) -> None:
    wanted = [("a", "kim"), ("b", "kim"), ("c", "kim")]
    assert choose(crew, 2, *wanted) == [1, 2, 0]
    assert choose(crew, 2, *wanted) == [2, 2, 0]
    assert choose(crew, 2, ("c", "kim"), ("a", "kim")) == [0, 2]


def test_of_two_groups_both_must_have_room(crew: Crew) -> None:
    assert choose(crew, 1, ("a", "kim", "kim's channel"), ("b", "kim", "other"), ("c", "ada", "kim's channel")) == [
        2,
        0,
        0,
    ]
    assert choose(crew, 1, ("c", "other")) == [2]


def test_what_was_chosen_once_stays_so_in_any_group(crew: Crew) -> None:
    assert choose(crew, 1, ("a", "kim's channel"), ("b", "kim"), ("a", "kim")) == [2, 2, 2]
    assert choose(crew, 1, ("c", "kim")) == [0]


def test_a_record_that_names_nobody_is_not_limited(crew: Crew) -> None:
    assert choose(crew, 1, ("a",), ("b",)) == [1, 1]


def test_what_is_chosen_goes_with_the_crawl(crew: Crew) -> None:
    choose(crew, 1, ("a", "kim"))
    crew.join()
    queue = crew.queue()
    queue.join("other seeds", anew=True)
    assert crew.server.exists(crew.keys.chosen, crew.keys.quota) == 0


def newest(site: Site, most: int, **only: str) -> set[str]:
    """The newest videos of each uploader, as the site's lists show them."""
    taken: Counter[str] = Counter()
    found = set()
    by_age = sorted(site.catalogue.videos, key=lambda one: (one.created, one.id), reverse=True)
    for video in (one for one in by_age if one.uuid in site.truth.videos):
        fields = site.truth.videos[video.uuid]
        if any(fields[name] != value for name, value in only.items()):
            continue
        uploader = str(fields["uploader_id"])
        taken[uploader] += 1
        if taken[uploader] <= most:
            found.add(video.uuid)
    return found


def ids(ended: Ended, kind: str = "video") -> set[str]:
    found = [record["id"] for record in ended.records if record["kind"] == kind]
    assert len(found) == len(set(found))
    return set(found)


def most_active(site: Site) -> str:
    return Counter(str(fields["uploader_id"]) for fields in site.truth.videos.values()).most_common(1)[0][0]


def listing_pages(site: Site) -> list[str]:
    return [one.path for one in site.requests if re.search(r"/(accounts|video-channels)/[^/]+/videos\?", one.path)]


def test_of_one_user_the_newest_come_and_one_page_of_the_listing_is_read(tmp_path: Path) -> None:
    with running_site(Catalogue.generate(users=3, videos=400), CALM) as site:
        kim = most_active(site)
        ended = crawl("videos", tmp_path, f"url={site.url}/@{kim.partition('@')[0]}", "max_per_user=10")
        wanted = newest(site, 10, uploader_id=kim)
        total = sum(fields["uploader_id"] == kim for fields in site.truth.videos.values())
    assert total > 110
    assert ids(ended) == wanted, ended.log
    assert len(listing_pages(site)) == 1
    assert "all videos: 10 of 10 (limited to 10 per user; none declared), 0 refused, 0 failed" in ended.log
    assert "1 of 1 listings of single users are complete" in ended.log


@pytest.mark.parametrize("quirks", [CALM, Quirks(rate_limit=False, closed_accounts=True)])
def test_of_a_host_the_newest_of_each_user_come(tmp_path: Path, quirks: Quirks) -> None:
    with running_site(Catalogue.generate(users=12, videos=150), quirks) as site:
        ended = crawl("videos", tmp_path, f"url={site.url}", "max_per_user=3")
        wanted, declared = newest(site, 3), len(site.truth.videos)
    assert ids(ended) == wanted, ended.log
    found = len(wanted)
    line = (
        f"videos of {site.host}: {found} of {found} (limited to 3 per user; {declared} declared), 0 refused, 0 failed"
    )
    assert line in ended.log
    assert "missing" not in ended.log
    assert len(site.requests) < 60


def test_all_users_come_with_their_newest_videos(tmp_path: Path) -> None:
    with running_site(Catalogue.generate(users=12, videos=150), CALM) as site:
        ended = crawl("users", tmp_path, f"url={site.url}", "max_per_user=2", "records=user,video")
        wanted = newest(site, 2)
    assert ids(ended, "user") == set(site.truth.users)
    assert ids(ended) == wanted, ended.log


def test_a_channel_that_is_asked_for_is_a_user_too(tmp_path: Path) -> None:
    with running_site(Catalogue.generate(users=3, videos=60), CALM) as site:
        channel = Counter(str(one["channel_id"]) for one in site.truth.videos.values()).most_common(1)[0][0]
        url = f"url={site.url}/c/{channel.partition('@')[0]}"
        ended = crawl("users", tmp_path, url, "max_per_user=4", "records=user,video")
        wanted = newest(site, 4, channel_id=channel)
    assert ids(ended) == wanted, ended.log
    assert ids(ended, "user") == {channel}


def test_videos_that_are_seeds_count_for_their_uploaders(tmp_path: Path) -> None:
    with running_site(Catalogue.generate(users=3, videos=40), CALM) as site:
        kim = most_active(site)
        videos = sorted(one for one, fields in site.truth.videos.items() if fields["uploader_id"] == kim)[:5]
        seeds = tmp_path / "seeds.txt"
        seeds.write_text("".join(f"{site.url}/w/{one}\n" for one in videos))
        ended = crawl("videos", tmp_path, f"seeds={seeds}", "max_per_user=2")
    assert len(ids(ended)) == 2
    assert "'records/over_max_per_user': 3" in ended.log


def test_on_a_site_without_listings_records_count_for_the_uploaders_that_they_name(tmp_path: Path) -> None:
    with running_site(Catalogue.generate(users=5, videos=40), CALM, plain=True) as site:
        ended = crawl("videos", tmp_path, f"url={site.url}", "max_per_user=2")
        everything = crawl("videos", tmp_path, f"url={site.url}", feed="all.jsonl")

    def by_uploader(ended: Ended) -> Counter[str]:
        return Counter(str(one["uploader_id"] or one["uploader_url"] or one["uploader"]) for one in ended.records)

    there = by_uploader(everything)
    assert max(number for user, number in there.items() if user != "None") > 2
    nobody = "None"  # whose videos cannot be counted
    assert by_uploader(ended) == {user: number if user == nobody else min(2, number) for user, number in there.items()}


def test_a_fleet_that_is_killed_on_the_way_takes_so_many_all_the_same(tmp_path: Path) -> None:
    with running_site(Catalogue.generate(users=40, videos=300), Quirks(rate_limit=False, latency_ms=10)) as site:
        arguments = (f"url={site.url}", "max_per_user=3", "DOWNLOAD_DELAY=0.1")
        pair = [start("videos", tmp_path, *arguments, option="-o") for _ in range(2)]
        until_lines(pair[0], tmp_path / "records.jsonl", 12)
        for process in pair:
            os.kill(process.pid, signal.SIGKILL)
        for process in pair:
            process.communicate()
        pair = [start("videos", tmp_path, *arguments[:1], *arguments[1:], option="-o") for _ in range(2)]
        ended = [end(process, tmp_path) for process in pair]
        wanted = newest(site, 3)
    assert [one.exit_code for one in ended] == [0, 0], ended[0].log
    assert ids(ended[0]) == wanted


def test_another_limit_is_another_crawl_until_this_one_has_ended(tmp_path: Path) -> None:
    with running_site(Catalogue.generate(users=12, videos=100), CALM) as site:
        crawl("videos", tmp_path, f"url={site.url}", "max_per_user=3", "max_pages=4", option="-o")
        refused = crawl("videos", tmp_path, f"url={site.url}", "max_per_user=4", option="-o")
        resumed = crawl("videos", tmp_path, option="-o")
        wanted = newest(site, 3)
    assert refused.exit_code == 2
    assert "max_per_user=3" in refused.log
    assert ids(resumed) == wanted, resumed.log


@pytest.mark.parametrize("text", ["-1", "ten", "1.5"])
def test_what_is_no_number_is_refused(tmp_path: Path, text: str) -> None:
    ended = crawl("videos", tmp_path, "url=https://site.example", f"max_per_user={text}")
    assert ended.exit_code == 2
    assert f"max_per_user={text} is no number of videos" in ended.log
