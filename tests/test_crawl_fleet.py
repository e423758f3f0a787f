from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from redis import Redis
from redis.exceptions import ConnectionError as RedisConnectionError

from crawler.frontier.store import EmbeddedStore
from tests.crawls import crawl, end, lines, start, until_lines
from tests.site import Catalogue, Quirks, running_site

SLOW = Quirks(rate_limit=False, latency_ms=20)
UNHURRIED = "DOWNLOAD_DELAY=0.2"
"""Leaves a crawl time enough to be joined or interrupted, also on a machine under load."""


def big_site() -> Catalogue:
    return Catalogue.generate(users=60, videos=300)


def test_two_instances_share_the_work_and_both_end(tmp_path: Path) -> None:
    with running_site(big_site(), SLOW) as site:
        pair = [start("videos", tmp_path, f"url={site.url}", UNHURRIED) for _ in range(2)]
        first, second = (end(process, tmp_path) for process in pair)
    assert (first.exit_code, second.exit_code) == (0, 0)
    assert sorted(record["id"] for record in first.records) == sorted(site.truth.videos)
    assert requests_of(first.log) > 10
    assert requests_of(second.log) > 10


def requests_of(log: str) -> int:
    return int(log.partition("'downloader/request_count': ")[2].partition(",")[0] or 0)


def test_instances_with_stores_of_their_own_share_the_redis_that_both_name(tmp_path: Path) -> None:
    machines = [tmp_path / "one", tmp_path / "two"]
    with EmbeddedStore(tmp_path / "queue") as url, running_site(big_site(), SLOW) as site:
        pair = [
            start("videos", folder, f"url={site.url}", f"REDIS_URL={url}", "DOWNLOAD_DELAY=0.1") for folder in machines
        ]
        ended = [end(process, folder) for process, folder in zip(pair, machines, strict=True)]
    assert [one.exit_code for one in ended] == [0, 0]
    assert sorted(record["id"] for one in ended for record in one.records) == sorted(site.truth.videos)
    assert not any((folder / "store").exists() for folder in machines)


def test_an_instance_that_joins_does_not_empty_the_feed(tmp_path: Path) -> None:
    with running_site(big_site(), SLOW) as site:
        first = start("videos", tmp_path, f"url={site.url}", UNHURRIED)
        until_lines(first, tmp_path / "records.jsonl", 20)
        second = start("videos", tmp_path)
        ended = [end(process, tmp_path) for process in (first, second)]
    assert [one.exit_code for one in ended] == [0, 0]
    assert sorted(record["id"] for record in ended[0].records) == sorted(site.truth.videos)


@pytest.mark.parametrize("option", ["-O", "-o"])
def test_an_interrupted_crawl_is_resumed_without_seeds(tmp_path: Path, option: str) -> None:
    with running_site(big_site(), SLOW) as site:
        first = start("videos", tmp_path, f"url={site.url}", UNHURRIED, option=option)
        until_lines(first, tmp_path / "records.jsonl", 20)
        first.send_signal(signal.SIGTERM)
        interrupted = end(first, tmp_path)
        assert len(interrupted.records) < len(site.truth.videos)
        resumed = crawl("videos", tmp_path, option=option)
    assert "(shutdown)" in interrupted.log
    assert "Received SIGTERM, shutting down gracefully. Send again to force" in interrupted.log
    assert interrupted.log.rstrip().endswith("pending: the same command goes on from there")
    assert sorted(record["id"] for record in resumed.records) == sorted(site.truth.videos)


def test_a_finished_crawl_begins_anew(tmp_path: Path) -> None:
    with running_site(Catalogue.generate(users=4, videos=10), Quirks(rate_limit=False)) as site:
        for _ in range(2):
            ended = crawl("videos", tmp_path, f"url={site.url}")
            assert sorted(record["id"] for record in ended.records) == sorted(site.truth.videos)
        assert len(crawl("videos", tmp_path, f"url={site.url}", option="-o").records) == 2 * len(site.truth.videos)


def test_max_pages_stops_an_instance_and_the_next_start_goes_on(tmp_path: Path) -> None:
    with running_site(Catalogue.generate(users=10, videos=40), Quirks(rate_limit=False)) as site:
        limited = crawl("videos", tmp_path, f"url={site.url}", "max_pages=6")
        assert "(max_pages)" in limited.log
        assert len(limited.records) < len(site.truth.videos)
        resumed = crawl("videos", tmp_path)
    assert sorted(record["id"] for record in resumed.records) == sorted(site.truth.videos)


def test_users_and_videos_side_by_side_keep_their_rejects_in_one_file(tmp_path: Path) -> None:
    with running_site(Catalogue.generate(users=4, videos=10), Quirks(rate_limit=False)) as site:
        private = next(uuid for uuid, fate in site.truth.unlisted.items() if fate == "private")
        for spider, seed in (("videos", f"{site.url}/videos/watch/{private}"), ("users", f"{site.url}/@nobody")):
            crawl(spider, tmp_path, f"url={seed}", feed=f"{spider}.jsonl")
            ended = crawl(spider, tmp_path, f"url={seed}", feed=f"{spider}.jsonl")
    assert [(reject["spider"], reject["reason"]) for reject in ended.rejects] == [
        ("videos", "private"),
        ("users", "not_found"),
    ]


def test_the_end_of_the_instance_that_started_the_store_is_not_the_end_of_the_other(tmp_path: Path) -> None:
    with running_site(big_site(), SLOW) as site:
        first = start("videos", tmp_path, f"url={site.url}", UNHURRIED, feed="first.jsonl")
        until_lines(first, tmp_path / "first.jsonl", 5)
        second = start("videos", tmp_path, "DOWNLOAD_DELAY=0.02", feed="second.jsonl")
        until_lines(second, tmp_path / "second.jsonl", 5)
        first.kill()
        end(first, tmp_path, "first.jsonl")
        ended = end(second, tmp_path, "second.jsonl")
    assert ended.exit_code == 0
    assert "Summary of videos (finished)" in ended.log
    written = {record["id"] for record in lines(tmp_path / "first.jsonl")}
    assert set(ended.by_id("video")) | written == set(site.truth.videos)
    assert written - set(ended.by_id("video")), "only what was in hand at the kill is read again"


def test_a_killed_store_is_started_again_by_those_who_use_it(tmp_path: Path) -> None:
    with running_site(big_site(), SLOW) as site:
        running = start("videos", tmp_path, f"url={site.url}", UNHURRIED)
        until_lines(running, tmp_path / "records.jsonl", 20)
        os.kill(store_pid(tmp_path), signal.SIGKILL)
        ended = end(running, tmp_path)
    assert ended.exit_code == 0
    assert "Redis answers again" in ended.log
    assert "Traceback" not in ended.log
    assert sorted(record["id"] for record in ended.records) == sorted(site.truth.videos)


def store_pid(folder: Path) -> int:
    with EmbeddedStore(folder / "store") as url, Redis.from_url(url) as client:
        return int(client.info()["process_id"])


def test_the_last_one_out_stops_the_store(tmp_path: Path) -> None:
    with running_site(Catalogue.generate(users=2, videos=2), Quirks(rate_limit=False)) as site:
        crawl("users", tmp_path, f"url={site.url}")
    with pytest.raises(RedisConnectionError), Redis(unix_socket_path=str(tmp_path / "store" / "valkey.sock")) as client:
        client.ping()


def test_another_crawl_is_refused_while_one_is_interrupted_until_it_is_dropped(tmp_path: Path) -> None:
    with running_site(Catalogue.generate(users=10, videos=40), Quirks(rate_limit=False)) as site:
        one_user = f"url={site.url}/@{min(site.truth.listed_persons).partition('@')[0]}"
        crawl("users", tmp_path, f"url={site.url}", "max_pages=2")
        for words in ([], ["anew=0"]):
            refused = crawl("users", tmp_path, one_user, *words, feed="one.jsonl")
            assert (refused.exit_code, refused.records) == (2, [])
            assert f"Another crawl of users was interrupted here, with url={site.url}" in refused.log
            assert "drop it with -a anew=1" in refused.log
        assert len(crawl("users", tmp_path, one_user, "anew=1", feed="one.jsonl").records) == 1


def test_another_crawl_is_refused_while_one_runs(tmp_path: Path) -> None:
    with running_site(big_site(), SLOW) as site:
        running = start("videos", tmp_path, f"url={site.url}", UNHURRIED)
        until_lines(running, tmp_path / "records.jsonl", 1)
        refused = crawl("videos", tmp_path, f"url={site.url}/@user001", "anew=1", feed="other.jsonl")
        running.send_signal(signal.SIGTERM)
        end(running, tmp_path)
    assert refused.exit_code == 2
    assert "Another crawl of videos is running here" in refused.log


def test_the_summary_of_a_stopped_crawl_measures_by_what_is_declared(tmp_path: Path) -> None:
    with running_site(Catalogue.generate(users=10, videos=40), Quirks(rate_limit=False)) as site:
        stopped = crawl("videos", tmp_path, f"url={site.url}", "max_pages=6")
    found = len(stopped.records)
    assert 0 < found < 40
    assert f"all videos: 40 declared, {found} listed, {found} found" in stopped.log
