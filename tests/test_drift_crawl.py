"""Sites that change their pages between two crawls, or while one runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.commands import answer, run
from tests.crawls import Ended, crawl
from tests.site import Catalogue, Quirks, running_site

USUAL = Quirks(rate_limit=False)
RENAMED = Quirks(rate_limit=False, renamed=frozenset({"views", "thumbnailPath", "previewPath"}))
SMALL = Catalogue.generate(users=8, videos=60)


@pytest.fixture
def store(tmp_path: Path) -> tuple[str, str]:
    return "-s", f"STORE_DIR={tmp_path / 'store'}"


def crawled(folder: Path, *arguments: str, catalogue: Catalogue = SMALL, quirks: Quirks = USUAL) -> Ended:
    with running_site(catalogue, quirks) as site:
        ended = crawl("videos", folder, f"url={site.url}", *arguments)
    assert ended.exit_code == 0, ended.log
    return ended


def test_a_field_that_a_site_no_longer_fills_is_a_warning_and_an_alarm(tmp_path: Path, store: tuple[str, str]) -> None:
    assert "seem to have changed" not in crawled(tmp_path).log
    assert run("status", "videos", *store).returncode == 0
    ended = crawled(tmp_path, quirks=RENAMED)
    (warning,) = [line for line in ended.log.splitlines() if "seem to have changed" in line]
    assert "WARNING: The pages of peertube seem to have changed (of 60 videos: " in warning
    assert "view_count is filled in 0 %, formerly in 100 %" in warning
    assert warning.endswith("and mend crawler/pages/peertube.")
    shown = run("status", "videos", *store)
    assert (shown.returncode, shown.stderr) == (1, "")
    assert shown.stdout.startswith("ALARM drift: videos: The pages of peertube seem to have changed")
    told = answer("status", "videos", *store)
    assert [alarm["kind"] for alarm in told["alarms"]] == ["drift"]
    rows = {row["field"]: row for row in told["crawls"][0]["drift"]}
    assert set(rows) == {"view_count", "thumbnail"}
    page = (Path(__file__).parent.parent / "docs" / "status.md").read_text("utf-8")
    assert {name for name in rows["thumbnail"] if f"`{name}`" not in page} == set()
    assert (rows["view_count"]["share"], rows["view_count"]["former_share"]) == (0, 1)
    assert run("status", "videos", "-s", "DRIFT_LEAST_READINGS=0", *store).returncode == 0
    assert "seem to have changed" not in crawled(tmp_path).log
    assert run("status", "videos", *store).returncode == 0


def test_few_records_and_other_records_are_no_alarm(tmp_path: Path, store: tuple[str, str]) -> None:
    crawled(tmp_path)
    for catalogue, quirks in (
        (Catalogue.generate(seed=7, users=12, videos=90), USUAL),
        (Catalogue.generate(seed=8, users=2, videos=10), RENAMED),
    ):
        assert "seem to have changed" not in crawled(tmp_path, catalogue=catalogue, quirks=quirks).log
        assert run("status", "videos", *store).returncode == 0


def test_instances_of_one_crawl_count_together(tmp_path: Path, store: tuple[str, str]) -> None:
    for quirks, changed in ((USUAL, 0), (RENAMED, 1)):
        with running_site(SMALL, quirks) as site:
            options = ("-n", "2", "-o", tmp_path / "videos.jsonl", "-a", f"url={site.url}")
            ended = run("fleet", *store, "-s", "DOWNLOAD_DELAY=0", "videos", *options)
        assert ended.returncode == 0, ended.stderr
        told = answer("status", "videos", *store)
        readings = {row["readings"] for row in told["crawls"][0]["drift"]}
        assert (readings, len(told["alarms"])) == ({60} if changed else set(), changed)


def test_records_that_are_refused_of_a_sudden_are_an_alarm(tmp_path: Path, store: tuple[str, str]) -> None:
    crawled(tmp_path)
    ended = crawled(tmp_path, quirks=Quirks(rate_limit=False, renamed=frozenset({"name"})))
    assert ended.records == []
    assert "(of 60 readings 0 % are records, formerly 100 %)" in ended.log
    shown = run("status", "videos", "--quick", *store)
    assert shown.returncode == 1
    assert shown.stdout.startswith("ALARM drift: videos: ")
