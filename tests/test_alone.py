from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.crawls import crawl
from tests.site import Catalogue, Quirks, Site, running_site

ROOT = Path(__file__).parent.parent
DEADLINE_S = 60


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with running_site(Catalogue.generate(users=2, videos=4), Quirks(rate_limit=False), plain=True) as running:
        yield running


def scrapy(*arguments: str) -> str:
    command = [sys.executable, "-W", "error", "-m", "scrapy", *arguments]
    environment = os.environ | {"BROWSER": "echo"}  # the program by which `view` opens a page
    done = subprocess.run(  # noqa: S603
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=DEADLINE_S, check=True
    )
    return done.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("fetch",), "<html"),
        (("view",), ".html"),
        (("shell", "-c", "response.status"), "200\n"),
    ],
)
def test_scrapys_commands_for_one_page_work_beside_the_queue(
    site: Site, tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    command, *options = arguments
    out = scrapy(command, "--nolog", *options, "-s", f"STORE_DIR={tmp_path / 'store'}", min(site.truth.videos))
    assert said in out
    assert not (tmp_path / "store").exists()


def test_a_scheduler_that_was_named_stays(site: Site, tmp_path: Path) -> None:
    words = ("-s", "SCHEDULER=crawler.frontier.scheduler.Scheduler", "-s", f"STORE_DIR={tmp_path / 'store'}")
    assert scrapy("fetch", "--nolog", *words, min(site.truth.videos)) == ""


def test_crawls_share_the_queue_as_before(site: Site, tmp_path: Path) -> None:
    ended = crawl("videos", tmp_path, f"url={min(site.truth.videos)}", "scope=seed")
    assert "scheduler/enqueued/redis" in ended.log
