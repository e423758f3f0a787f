from __future__ import annotations

from pathlib import Path

import pytest
from redis import Redis

from crawler.extensions.attendance import NO_FEED
from crawler.feeds.noted import feed_name, record_files
from tests.commands import run
from tests.crawls import crawl, lines
from tests.queues import Crew, link, push
from tests.site import Catalogue, Quirks, running_site

PACE = "DOWNLOAD_DELAY=0"


def test_of_what_a_crawl_has_noted_the_files_of_records_are_told_as_a_user_would_type_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    here = [feed_name(tmp_path / "a.jsonl"), feed_name(Path("/elsewhere/b.jsonl")), "begun:a.jsonl"]
    noted = [*here, f"rejects:{feed_name(tmp_path / 'rejects.jsonl')}", "other-machine:/c.jsonl"]
    assert sorted(record_files(name.encode() for name in noted)) == [
        "/elsewhere/b.jsonl",
        "a.jsonl",
        "other-machine:/c.jsonl",
    ]


def test_who_goes_on_with_a_crawl_without_its_feed_is_told_to_pass_it_and_nothing_is_lost(
    tmp_path: Path, valkey: str
) -> None:
    feed = tmp_path / "videos.jsonl"
    here = ("-s", f"REDIS_URL={valkey}")
    with running_site(Catalogue.generate(users=6, videos=60), Quirks(rate_limit=False)) as site:
        first = crawl("videos", tmp_path, f"url={site.url}", f"REDIS_URL={valkey}", "max_pages=8", feed=feed.name)
        assert first.exit_code == 0
        drained = run("drain", "videos", *here)
        assert f"`scrapy crawl videos -o {feed}` goes on." in drained.stdout
        asked = len(site.requests)
        bare = run("crawl", "videos", *here, "-s", PACE)
        assert bare.returncode == 2
        assert f"pass -o {feed}, or another file. -a anew=1 drops the crawl." in bare.stderr
        assert len(site.requests) == asked
        again = run("crawl", "videos", *here, "-s", PACE, "-o", str(feed))
        assert again.returncode == 0, again.stderr
    assert sorted(record["id"] for record in lines(feed)) == sorted(site.truth.videos)


@pytest.mark.parametrize("words", [[], ["-a", "anew=1"]])
def test_a_crawl_that_has_no_feed_from_the_beginning_says_once_that_records_are_kept_nowhere(
    tmp_path: Path, valkey: str, words: list[str]
) -> None:
    with (
        running_site(Catalogue.generate(users=2, videos=4), Quirks(rate_limit=False)) as site,
        Redis.from_url(valkey) as server,
    ):
        if words:  # what is dropped is not gone on with
            crew = Crew(server, "users")
            queue = crew.join()
            push(queue, link(f"{site.url}/x"))
            queue.begin_feed(feed_name(tmp_path / "users.jsonl"), 0)
            queue.leave()
        ended = run("crawl", "users", "-a", f"url={site.url}", "-s", f"REDIS_URL={valkey}", "-s", PACE, *words)
    assert ended.returncode == 0, ended.stderr
    assert ended.stderr.count(NO_FEED % "users") == 1
