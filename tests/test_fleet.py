from __future__ import annotations

import signal
from pathlib import Path

import pytest

from tests.crawls import ROOT, lines
from tests.fleets import CRASHING, Running, ended, fleet
from tests.site import Catalogue, Quirks, running_site

QUICK = ("-s", "DOWNLOAD_DELAY=0")
UNHURRIED = ("-s", "DOWNLOAD_DELAY=0.2")
"""Leaves a crawl time enough to be struck, also on a machine under load."""
CALM = Quirks(rate_limit=False, latency_ms=20)


def feeds(folder: Path) -> tuple[str, str]:
    return "-o", f"{folder}/%(name)s.jsonl"


def ids(folder: Path, name: str) -> list[str]:
    return sorted(record["id"] for record in lines(folder / f"{name}.jsonl"))


def test_a_fleet_of_both_spiders_finds_all_with_each_record_once(tmp_path: Path) -> None:
    with running_site(Catalogue.generate(users=10, videos=40), CALM) as site:
        words = ("-a", f"url={site.url}", *QUICK, *feeds(tmp_path), "users", "-n", "2", "videos", "-n", "2")
        code, told = fleet(tmp_path, *words)
    assert code == 0, told
    assert ids(tmp_path, "users") == sorted(site.truth.users)
    assert ids(tmp_path, "videos") == sorted(site.truth.videos)
    assert "videos-2 | " in told
    assert "fleet | videos: done" in told
    assert "fleet |   all videos: 40 declared, 40 listed, 40 found" in told


def test_killed_instances_are_started_again_and_nothing_is_lost(tmp_path: Path) -> None:
    with running_site(Catalogue.generate(users=40, videos=150), CALM) as site:
        running = Running(tmp_path, "-a", f"url={site.url}", *UNHURRIED, *feeds(tmp_path), "videos", "-n", "3")
        running.until_lines("videos.jsonl", 10)
        for instance in running.instances()[:2]:
            instance.kill()
        code, told = running.end()
    assert code == 0, told
    assert ids(tmp_path, "videos") == sorted(site.truth.videos)
    assert told.count(" was killed by SIGKILL after ") == 2
    assert "fleet | videos: done, 2 restarts" in told


def test_no_instance_outlives_a_killed_parent_and_the_same_command_goes_on(tmp_path: Path) -> None:
    with running_site(Catalogue.generate(users=40, videos=150), CALM) as site:
        words = ("-a", f"url={site.url}", *UNHURRIED, *feeds(tmp_path), "--log", "files", "users", "videos", "-n", "2")
        running = Running(tmp_path, *words)
        running.until_lines("videos.jsonl", 10)
        instances = running.instances()
        running.process.kill()
        assert ended(instances)
        found = len(lines(tmp_path / "videos.jsonl"))
        code, told = fleet(tmp_path, *words)
    assert 0 < found < 150
    log = (tmp_path / "store" / "logs" / "videos-1.log").read_text()
    assert "The fleet's parent is gone" in log
    assert "(shutdown)" in log
    assert code == 0, told
    assert "videos goes on with " in told
    assert ids(tmp_path, "users") == sorted(site.truth.users)
    assert ids(tmp_path, "videos") == sorted(site.truth.videos)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_first_signal_drains_and_the_same_command_goes_on(tmp_path: Path, number: signal.Signals) -> None:
    with running_site(Catalogue.generate(users=40, videos=150), CALM) as site:
        words = (*feeds(tmp_path), "videos", "-n", "2", "-a", f"url={site.url}")
        running = Running(tmp_path, *UNHURRIED, *words)
        running.until_lines("videos.jsonl", 10)
        running.process.send_signal(number)
        code, told = running.end()
        assert code == 0, told
        assert "fleet | Stopping: what is in flight is finished first" in told
        assert told.count("(shutdown)") >= 2
        assert "fleet | videos: stopped, " in told
        assert fleet(tmp_path, *QUICK, *words)[0] == 0
    assert ids(tmp_path, "videos") == sorted(site.truth.videos)


def test_the_second_signal_stops_at_once(tmp_path: Path) -> None:
    slow = Quirks(rate_limit=False, latency_ms=100_000)
    with running_site(Catalogue.generate(users=2, videos=2), slow) as site:
        words = ("users", "-n", "2", "-a", f"url={site.url}", "-s", "DOWNLOAD_TIMEOUT=200", *feeds(tmp_path))
        running = Running(tmp_path, *words)
        running.until_told("users-1 |", "users-2 |", "Spider opened")
        running.process.send_signal(signal.SIGTERM)
        running.until_told("Stopping: what is in flight")
        running.process.send_signal(signal.SIGTERM)
        code, told = running.end()
    assert code == 0, told
    assert "fleet | Stopping at once" in told


def test_an_instance_that_crashes_again_and_again_is_given_up_with_its_last_words(tmp_path: Path) -> None:
    loop = ("-s", "FLEET_MAX_CRASHES=3", "-s", "FLEET_BACKOFF_S=0.1", "--log", "files", "-s", CRASHING)
    code, told = fleet(tmp_path, *loop, "users", "-a", "url=http://127.0.0.1:9", *feeds(tmp_path))
    assert code == 1
    assert told.count("users-1 was killed by SIGKILL after ") == 3
    assert "users-1 has crashed 3 times within 300 s and is given up" in told
    assert "fleet |   what it said last" in told


def test_an_instance_that_could_not_do_what_was_asked_is_told_of_and_not_started_again(tmp_path: Path) -> None:
    with running_site(Catalogue.generate(users=2, videos=2), Quirks(rate_limit=False)) as site:
        private = next(uuid for uuid, fate in site.truth.unlisted.items() if fate == "private")
        words = ("videos", "-a", f"url={site.url}/videos/watch/{private}", *QUICK, *feeds(tmp_path))
        code, told = fleet(tmp_path, *words, "--log-dir", str(tmp_path / "logs"))
    assert code == 1
    assert "fleet | videos-1 ended with exit code 1: not started again, as it has ended by itself" in told
    assert f"The last lines of {tmp_path / 'logs' / 'videos-1.log'}:" in told
    assert "1 private" in told


def test_a_finished_crawl_beside_an_interrupted_one_is_left_as_it_is(tmp_path: Path) -> None:
    with running_site(Catalogue.generate(users=2, videos=10), Quirks(rate_limit=False)) as site:
        words = ("-a", f"url={site.url}", *QUICK, *feeds(tmp_path))
        fleet(tmp_path, *words, "videos", "-a", "max_pages=2", "users")
        found = ids(tmp_path, "users")
        code, told = fleet(tmp_path, *words, "users", "videos")
    assert code == 0
    assert "users begins" not in told.rpartition("videos goes on with ")[2]
    assert ids(tmp_path, "users") == found == sorted(site.truth.users)
    assert ids(tmp_path, "videos") == sorted(site.truth.videos)


def test_who_starts_when_the_fleets_crawl_is_finished_has_nothing_to_do(tmp_path: Path) -> None:
    with running_site(Catalogue.generate(users=2, videos=4), Quirks(rate_limit=False)) as site:
        words = ("videos", "-n", "2", "-a", f"url={site.url}", *QUICK, "-O", str(tmp_path / "videos.jsonl"))
        running = Running(tmp_path, *words)
        running.until(lambda: len(running.instances()) == 2)
        late = running.instances()[1]
        late.suspend()
        running.until_told("videos-1 | ", "Spider closed (finished)")
        late.resume()
        code, told = running.end()
    assert code == 0, told
    assert told.count("A new crawl begins") == 1
    assert ids(tmp_path, "videos") == sorted(site.truth.videos)


def test_the_number_of_instances_is_found_out_and_the_reason_said(tmp_path: Path) -> None:
    with running_site(Catalogue.generate(users=40, videos=150), CALM) as site:
        running = Running(tmp_path, "videos", "-n", "auto", "-a", f"url={site.url}", *UNHURRIED, *feeds(tmp_path))
        running.until_told("fleet | videos: stays at 1: ")
        running.process.terminate()
        assert running.end()[0] == 0


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        ((), 2, "name a spider, such as: scrapy fleet users"),
        (("nobody",), 2, "there is no spider nobody: there are users, videos."),
        (("users", "users"), 2, "users is named twice"),
        (("users", "-a", "url=a.example", "-a", "url=b.example"), 2, "pass both as -a url=a.example,b.example"),
        (("users", "-n", "0"), 2, "-n 0: the number of instances must be at least 1, or auto."),
        (("users", "--fast"), 2, "unrecognized arguments: --fast"),
        (("--fast", "users"), 2, "the option --fast is unknown"),
        (("users", "-a", "url"), 2, "-a url: pass a name and a value"),
        (("users", "-a", "uri=x"), 2, "-a uri= is unknown"),
        (("users", "-s", "STORE_DIR=x", "videos"), 2, "put it behind the last name"),
        (("users", "-n", "2", "-O", "users.csv"), 2, "users.csv is a feed for one instance"),
        (("users", "-n", "auto", "-o", "-:jsonl"), 2, "stdout: is a feed for one instance"),
        (("users", "-s", "DOWNLOAD_DELAY=x", "videos"), 2, "DOWNLOAD_DELAY"),
        (("users", "-a", "seeds=-"), 2, "seeds=- is one standard input for several instances"),
        (("-O", "all.jsonl", "users", "videos"), 2, "-O all.jsonl is of users and videos"),
        (("users", "-o", "/proc/x.jsonl"), 2, "-o /proc/x.jsonl cannot be written"),
        (("--logfile", "x", "users"), 2, "pass --log-dir DIR for a file each"),
        (("stop", "1"), 2, "no fleet 1 runs on "),
    ],
)
def test_wrong_arguments_are_said_before_anything_starts_or_is_written(
    tmp_path: Path, words: tuple[str, ...], code: int, message: str
) -> None:
    found, told = fleet(tmp_path, *words)
    assert message in told
    assert found == code
    assert "Traceback" not in told
    assert not (ROOT / "users.jsonl").exists()


def test_seeds_behind_one_name_are_not_those_of_the_other(tmp_path: Path) -> None:
    code, told = fleet(tmp_path, "users", "-a", "url=https://site.example", "videos", *feeds(tmp_path))
    assert code == 1
    assert told.startswith("videos: No seeds, and no interrupted crawl to go on with")
    assert "put those of all behind the last one" in told
