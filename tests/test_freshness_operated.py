from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from crawler.frontier.ledger import Ledger
from tests.commands import answer, run
from tests.crawls import DEADLINE_S
from tests.fleets import Running
from tests.freshness import Watch
from tests.queues import scores
from tests.site import Catalogue, Quirks, running_site

CALM = Quirks(rate_limit=False)
HOUR_S = 3600


def status_of(watch: Watch) -> dict[str, Any]:
    told = answer("status", watch.keys.crawl, "-s", f"REDIS_URL={watch.url}")
    assert told["alarms"] == []
    crawl = told["crawls"][0]
    assert isinstance(crawl, dict)
    return crawl


def test_a_crawl_all_of_whose_pages_wait_for_their_time_says_so(tmp_path: Path, valkey: str) -> None:
    with running_site(Catalogue.generate(users=5, videos=10), CALM) as site:
        watch = Watch("videos", tmp_path, valkey, site, "every=6h", "CRAWL_ID=fresh")
        with watch.runs() as process:
            pages, crawl = len(watch.due()), status_of(watch)
            assert (crawl["state"], crawl["pending"], crawl["leased"]) == ("waiting", 0, 0)
            assert (crawl["revisits"], crawl["visits"], crawl["eta_s"]) == (pages, pages, 0)
            assert 0 < crawl["next_revisit_in_s"] <= 6 * HOUR_S
            watch.pass_s(process, 6 * HOUR_S)
            assert status_of(watch)["visits"] == 2 * pages
            counts = Ledger(watch.server, watch.keys).counts()
            assert counts == {"records": len(watch.records()), "pending": 0, "revisits": pages}
            shown = run("status", watch.keys.crawl, "-s", f"REDIS_URL={valkey}").stdout
            assert f"{pages} pages to be visited again (every=6h), the next in " in shown
            record = watch.records()[0]
            explained = answer(
                "explain", "--offline", record["url"], "--spider", watch.keys.crawl, "-s", f"REDIS_URL={valkey}"
            )
    (told,) = explained["crawls"]
    assert told["state"] == "recorded"
    assert "; its page was visited at 20" in told["text"]
    assert ", and is due again at 20" in told["text"]


def test_a_drained_crawl_keeps_its_due_times_and_any_start_goes_on_with_them(tmp_path: Path, valkey: str) -> None:
    with running_site(Catalogue.generate(users=5, videos=10), CALM) as site:
        watch = Watch("videos", tmp_path, valkey, site)
        with watch.runs("every=6h") as process:
            due, urls = watch.due(), watch.urls()
            drained = answer("drain", "videos", "-s", f"REDIS_URL={valkey}")["videos"]
            assert (drained["outcome"], drained["left"], drained["revisits"]) == ("drained", 0, len(due))
            assert process.wait(DEADLINE_S) == 0
        assert watch.due() == due
        assert status_of(watch)["state"] == "interrupted"
        with watch.runs() as process:
            assert watch.due() == due
            watch.pass_s(process, 6 * HOUR_S)
            assert watch.urls() == urls
            assert min(watch.due().values()) > max(due.values())


def test_a_pause_holds_what_comes_due_until_it_is_over(tmp_path: Path, valkey: str) -> None:
    with running_site(Catalogue.generate(users=5, videos=10), CALM) as site:
        watch = Watch("videos", tmp_path, valkey, site, "every=6h")
        with watch.runs() as process:
            paused = answer("pause", "videos", "-s", f"REDIS_URL={valkey}")["videos"]
            assert (paused["outcome"], paused["pending"], paused["revisits"]) == ("paused", 0, len(watch.due()))
            asked = len(site.requests)
            earlier = {one: due_ms - 6000 * HOUR_S for one, due_ms in watch.due().items()}
            urls = watch.urls()
            watch.server.zadd(watch.keys.due, earlier)
            for _ in range(3):  # which call the instance hears of it by does not matter
                watch.until_it_asks(process)
            assert (watch.due(), len(site.requests)) == (earlier, asked)
            assert status_of(watch)["pending"] == len(earlier)
            answer("resume", "videos", "-s", f"REDIS_URL={valkey}")
            watch.until_all_wait(process)
            assert watch.urls() == urls


def test_instances_share_what_comes_due(tmp_path: Path, valkey: str) -> None:
    quirks = Quirks(rate_limit=False, latency_ms=150)
    with running_site(Catalogue.generate(users=5, videos=40), quirks, plain=True) as site:
        watch = Watch("videos", tmp_path, valkey, site, "every=6h")
        with watch.runs("USER_AGENT=one") as process, watch.runs("USER_AGENT=two"):
            asked = len(site.requests)
            watch.pass_s(process, 6 * HOUR_S)
            again = [request for request in site.requests[asked:] if request.path.startswith("/v/")]
    assert {request.agent for request in again} == {"one", "two"}
    assert len(again) == len({request.path for request in again}) > len(site.truth.videos) // 2


def test_a_daemon_takes_seeds_while_all_else_waits_for_its_time(tmp_path: Path, valkey: str) -> None:
    with running_site(Catalogue.generate(users=5, videos=10), CALM) as site:
        watch = Watch("videos", tmp_path, valkey, site, "every=6h", "wait=1", seed=f"{site.url}/a/user000")
        with watch.runs() as process:
            before = watch.due()
            ended = run("seed", "videos", f"{site.url}/a/user001", "-s", f"REDIS_URL={valkey}")
            assert ended.returncode == 0, ended.stderr
            assert "1 new request, 0 known before; " in ended.stdout
            assert f"{len(before)} requests pending" not in ended.stdout
            watch.until_all_wait(process)
            after = watch.due()
            assert after.keys() > before.keys()
            assert {one: after[one] for one in before} == before


@pytest.mark.parametrize("size", ["2", "auto"])
def test_a_fleet_visits_pages_again_and_leaves_their_times_when_it_ends(tmp_path: Path, valkey: str, size: str) -> None:
    with running_site(Catalogue.generate(users=5, videos=10), CALM) as site:
        watch = Watch("videos", tmp_path, valkey, site)
        words = ["videos", "-n", size, "-a", "every=6h", "-a", f"url={site.url}", "-o", str(tmp_path / "fleet.jsonl")]
        settings = ["-s", f"REDIS_URL={valkey}", "-s", "PROGRESS_INTERVAL_S=1", "-s", "DOWNLOAD_DELAY=0"]
        fleet = Running(tmp_path, *settings, *words)
        fleet.until(watch.all_wait)
        pages = len(watch.due())
        waiting = f"0 requests pending, {pages} pages to be visited again"
        fleet.until_told(waiting)
        fleet.process.terminate()
        exit_code, told = fleet.end()
    assert exit_code == 0
    assert f"videos: stopped, {waiting}" in told
    assert len(scores(watch.server, watch.keys.due)) == pages


def test_the_log_of_an_instance_tells_them_from_what_is_pending(tmp_path: Path, valkey: str) -> None:
    with running_site(Catalogue.generate(users=5, videos=10), CALM) as site:
        watch = Watch("videos", tmp_path, valkey, site, "every=6h")
        with watch.runs():
            pages = len(watch.due())
    assert f"0 requests pending, {pages} pages to be visited again: the same command goes on" in watch.log
