from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.crawls import crawl, differences
from tests.site import Catalogue, Quirks, Site, running_site


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with running_site(Catalogue.generate(users=20, videos=60), Quirks(rate_limit=False), plain=True) as running:
        yield running


def test_users_and_videos_of_any_site_come_from_its_structured_data(tmp_path: Path, site: Site) -> None:
    ended = crawl("videos", tmp_path, f"url={site.url}", "records=user,video")
    assert ended.exit_code == 0
    assert set(ended.by_id("video")) == set(site.truth.videos)
    assert set(ended.by_id("user")) == set(site.truth.users)
    assert differences(ended.by_id("video"), site.truth.videos.items()) == []
    assert differences(ended.by_id("user"), site.truth.users.items()) == []
    assert len(ended.records) == len(site.truth.videos) + len(site.truth.users)


def test_what_robots_txt_forbids_is_never_requested(tmp_path: Path, site: Site) -> None:
    ended = crawl("users", tmp_path, f"url={site.url}")
    asked = {urlsplit(request.path).path for request in site.requests}
    assert site.truth.forbidden
    assert not asked & site.truth.forbidden
    assert "is forbidden by the robots.txt" in ended.log


def test_scope_seed_reads_the_one_page(tmp_path: Path, site: Site) -> None:
    video = min(site.truth.videos)
    before = len(site.requests)
    ended = crawl("videos", tmp_path, f"url={video}", "scope=seed")
    assert [record["id"] for record in ended.records] == [video]
    assert len(site.requests) - before <= 4


def test_pages_that_are_no_record_are_refused_with_their_reason(tmp_path: Path, site: Site) -> None:
    ended = crawl("videos", tmp_path, f"url={site.url}")
    assert {"consent", "not_found"} <= set(ended.reasons())


def test_robots_txt_holds_for_requests_that_arrive_together(tmp_path: Path, site: Site) -> None:
    seeds = tmp_path / "seeds.txt"
    seeds.write_text("\n".join(f"{site.url}{path}" for path in sorted(site.truth.forbidden) * 2 + ["/"]))
    before = len(site.requests)
    crawl("users", tmp_path, f"seeds={seeds}", "scope=seed")
    asked = [urlsplit(request.path).path for request in site.requests[before:]]
    assert len(site.truth.forbidden) > 1
    assert "/" in asked
    assert not set(asked) & site.truth.forbidden
