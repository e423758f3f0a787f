from __future__ import annotations

import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from crawler.frontier.store import EmbeddedStore
from tests.crawls import Ended, crawl, end, lines, start
from tests.site import Catalogue, Quirks, running_site

FAST = Quirks(rate_limit=False)


@contextmanager
def room_for(size: int) -> Iterator[None]:
    """Let no file of a process that starts in here outgrow so many bytes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    coverage = {name: os.environ.pop(name) for name in list(os.environ) if name.startswith("COVERAGE_PROCESS")}
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"  # nor leave half a module behind
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        del os.environ["PYTHONDONTWRITEBYTECODE"]
        os.environ.update(coverage)  # whose file would not have had room either


def stat(ended: Ended, name: str) -> int:
    return int(ended.log.partition(f"'{name}': ")[2].partition(",")[0])


def test_a_full_disk_is_told_and_once_there_is_room_the_same_command_completes(tmp_path: Path) -> None:
    site_of = Catalogue.generate(users=20, videos=100)
    with EmbeddedStore(tmp_path / "queue") as url, running_site(site_of, FAST) as site:
        command = "videos", tmp_path, f"url={site.url}", f"REDIS_URL={url}", "DOWNLOAD_DELAY=0.05"
        with room_for(90_000):
            limited = start(*command)
        full = end(limited, tmp_path)
        ended = crawl(*command)
    assert full.exit_code == 1
    assert "Spider closed (feed_failed)" in full.log
    assert full.log.count("records.jsonl cannot be written (File too large)") == 1
    assert full.log.count("start the same command again") == 1
    assert "Stored jsonl feed" not in full.log
    assert f"records.jsonl: {stat(full, 'item_scraped_count') - len(full.records)} lines are not in it" in full.log
    assert "Traceback" not in full.log
    assert 0 < len(full.records) < len(site.truth.videos)
    assert stat(full, "completeness/video/found") <= len(full.records), "what is counted is on the disk"
    assert ended.exit_code == 0
    assert sorted(record["id"] for record in ended.records) == sorted(site.truth.videos)


def test_a_device_that_takes_nothing_ends_the_crawl_with_an_exit_code(tmp_path: Path) -> None:
    with running_site(Catalogue.generate(users=2, videos=4), FAST) as site:
        ended = crawl("videos", tmp_path, f"url={site.url}", feed="/dev/full:jsonl")
    assert ended.exit_code == 1
    assert "Spider closed (feed_failed)" in ended.log
    assert ended.log.count("/dev/full cannot be written (No space left on device)") == 1
    assert "Traceback" not in ended.log


def test_a_feed_that_cannot_be_opened_loses_nothing(tmp_path: Path) -> None:
    feed = tmp_path / "users.jsonl"
    feed.mkdir()
    site_of = Catalogue.generate(users=4, videos=10)
    with EmbeddedStore(tmp_path / "queue") as url, running_site(site_of, FAST) as site:
        command = "users", tmp_path, f"url={site.url}", f"REDIS_URL={url}"
        stopped = end(start(*command, feed="%(name)s.jsonl"), tmp_path)
        feed.rmdir()
        crawl(*command, feed="%(name)s.jsonl")
    assert stopped.exit_code == 1
    assert "users.jsonl cannot be written (Is a directory)" in stopped.log
    assert "Traceback" not in stopped.log
    assert sorted(record["id"] for record in lines(feed)) == sorted(site.truth.users)


def test_a_crawl_that_began_by_appending_is_not_emptied_when_it_goes_on_with_overwriting(tmp_path: Path) -> None:
    feed = tmp_path / "records.jsonl"
    feed.write_bytes(b'{"kind": "video", "id": "of an earlier crawl"}\n')
    with running_site(Catalogue.generate(users=10, videos=40), FAST) as site:
        limited = crawl("videos", tmp_path, f"url={site.url}", "max_pages=6", option="-o")
        assert 1 < len(limited.records) < len(site.truth.videos)
        resumed = crawl("videos", tmp_path, option="-O")
    assert sorted(record["id"] for record in resumed.records) == sorted([*site.truth.videos, "of an earlier crawl"])
