from __future__ import annotations

from pathlib import Path

import pytest

from tests.crawls import crawl, differences
from tests.site import Catalogue, Quirks, running_site

CALM = Quirks(rate_limit=False)
NEIGHBOURS = "PRIVATE_HOSTS=127.0.0.1"
"""Lets a site on loopback lead to others there."""


@pytest.mark.parametrize("version", [4, 6, 8])
def test_every_user_of_an_instance_is_collected_with_all_fields(tmp_path: Path, version: int) -> None:
    with running_site(Catalogue.generate(users=130, videos=60), Quirks(rate_limit=False, api_version=version)) as site:  # type: ignore[arg-type]
        ended = crawl("users", tmp_path, f"url={site.url}")
    assert ended.exit_code == 0
    assert set(ended.by_id("user")) == set(site.truth.users)
    assert len(ended.records) == len(site.truth.users)
    assert differences(ended.by_id("user"), site.truth.users.items()) == []


@pytest.mark.parametrize("version", [4, 6, 8])
def test_every_video_of_an_instance_is_collected_with_all_fields(tmp_path: Path, version: int) -> None:
    with running_site(Catalogue.generate(users=30, videos=400), Quirks(rate_limit=False, api_version=version)) as site:  # type: ignore[arg-type]
        ended = crawl("videos", tmp_path, f"url={site.url}")
    assert ended.exit_code == 0
    assert set(ended.by_id("video")) == set(site.truth.videos)
    assert len(ended.records) == len(site.truth.videos)
    assert differences(ended.by_id("video"), site.truth.videos.items()) == []


def test_videos_cost_a_fraction_of_a_request_each(tmp_path: Path) -> None:
    with running_site(Catalogue.generate(users=10, videos=400), CALM) as site:
        crawl("videos", tmp_path, f"url={site.url}")
    assert len(site.requests) < len(site.truth.videos) / 4


def test_what_stays_listed_during_the_walk_is_not_lost(tmp_path: Path) -> None:
    with running_site(Catalogue.generate(users=12, videos=500), Quirks(rate_limit=False, hide=5, grow=4)) as site:
        ended = crawl("videos", tmp_path, f"url={site.url}")
    assert (set(site.truth.videos) - set(site.hidden)) | set(site.grown) <= set(ended.by_id("video"))
    assert len(site.hidden) == 5
    assert len(site.grown) == 4


def test_users_are_found_where_the_list_of_accounts_is_closed(tmp_path: Path) -> None:
    with running_site(Catalogue.generate(users=20, videos=60), Quirks(rate_limit=False, closed_accounts=True)) as site:
        ended = crawl("users", tmp_path, f"url={site.url}")
    assert set(ended.by_id("user")) == set(site.truth.users)
    assert "accounts" in ended.log
    assert "not for the public" in ended.log


def test_nothing_is_lost_to_429s_and_errors(tmp_path: Path) -> None:
    quirks = Quirks(window_s=1, api_limit=12, activitypub_limit=12, fail_rate=0.2, throttle_after=20)
    with running_site(Catalogue.generate(users=12, videos=80), quirks) as site:
        ended = crawl("videos", tmp_path, f"url={site.url}")
    assert set(ended.by_id("video")) == set(site.truth.videos)
    statuses = [request.status for request in site.requests]
    assert 429 in statuses
    assert 500 in statuses


def test_an_announced_limit_is_kept_without_429s_at_the_default_pace(tmp_path: Path) -> None:
    with running_site(Catalogue.generate(users=8, videos=30), Quirks(window_s=3, api_limit=10)) as site:
        ended = crawl("videos", tmp_path, f"url={site.url}", "DOWNLOAD_DELAY=0.05")
    assert set(ended.by_id("video")) == set(site.truth.videos)
    assert sum(request.status == 429 for request in site.requests) <= len(site.requests) / 20


def test_users_and_videos_come_in_one_crawl_when_both_are_asked_for(tmp_path: Path) -> None:
    with running_site(Catalogue.generate(users=8, videos=30), CALM) as site:
        ended = crawl("users", tmp_path, f"url={site.url}", "records=user,video")
    assert set(ended.by_id("user")) == set(site.truth.users)
    assert set(ended.by_id("video")) == set(site.truth.videos)


def test_scope_web_goes_on_to_the_instances_that_this_one_follows(tmp_path: Path) -> None:
    other_catalogue = Catalogue.generate(users=5, videos=10, seed=2, remote_host="127.0.0.1:1")
    with running_site(other_catalogue, CALM) as other:
        catalogue = Catalogue.generate(users=5, videos=10, remote_host=other.host)
        with running_site(catalogue, CALM) as site:
            ended = crawl("users", tmp_path, f"url={site.url}", "scope=web", "RETRY_TIMES=0", NEIGHBOURS)
            at_home = crawl("users", tmp_path, f"url={site.url}", feed="home.jsonl")
    assert set(ended.by_id("user")) == set(site.truth.users) | set(other.truth.users)
    assert set(at_home.by_id("user")) == set(site.truth.users)
    assert "127.0.0.1:1 refuses connections" in ended.log


def test_the_summary_and_the_stats_tell_how_complete_it_is(tmp_path: Path) -> None:
    with running_site(Catalogue.generate(users=8, videos=30), CALM) as site:
        ended = crawl("videos", tmp_path, f"url={site.url}")
    assert f"videos of {site.host}: 30 declared, 30 listed, 30 found, 0 refused, 0 failed (100.0 %)" in ended.log
    assert "'completeness/video/declared': 30" in ended.log
    assert "'completeness/video/found': 30" in ended.log


def test_the_log_has_no_line_that_is_no_news_and_its_last_words_are_the_summary(tmp_path: Path) -> None:
    with running_site(Catalogue.generate(users=4, videos=5), CALM) as site:
        ended = crawl("users", tmp_path, f"url={site.url}")
    for words in ("Scrapy 2", "Overridden settings", "Reading start URLs", "CONTACT_URL is not set"):
        assert words not in ended.log
    end = ended.log.partition("Spider closed (finished)")[2].splitlines()
    assert end[1].endswith("Summary of users (finished):")
    assert all(line.startswith("  ") for line in end[2:])


def test_requests_say_who_asks(tmp_path: Path) -> None:
    with running_site(Catalogue.generate(users=2, videos=2), CALM) as site:
        ended = crawl("users", tmp_path, f"url={site.url}", "CONTACT_URL=https://operator.example/crawler")
    agents = {request.agent for request in site.requests}
    assert len(agents) == 1
    assert agents.pop().endswith("(+https://operator.example/crawler)")
    assert "CONTACT_URL is not set" not in ended.log


def test_scope_web_leaves_hosts_alone_that_run_something_else(tmp_path: Path) -> None:
    plain_catalogue = Catalogue.generate(users=5, videos=10, seed=2)
    with running_site(plain_catalogue, CALM, plain=True) as other:
        with running_site(Catalogue.generate(users=5, videos=10, remote_host=other.host), CALM) as site:
            ended = crawl("users", tmp_path, f"url={site.url}", "scope=web", NEIGHBOURS)
        assert set(ended.by_id("user")) == set(site.truth.users)
        assert 0 < len(other.requests) <= 4


def test_a_url_of_the_api_is_a_seed_too(tmp_path: Path) -> None:
    with running_site(Catalogue.generate(users=3, videos=5), CALM) as site:
        one = min(site.truth.videos)
        ended = crawl("videos", tmp_path, f"url={site.url}/api/v1/videos/{one}")
    assert [record["id"] for record in ended.records] == [one]
