from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

from crawler.fleet import roster
from tests.crawls import DEADLINE_S, ROOT, lines
from tests.fleets import Running
from tests.site import Catalogue, Quirks, running_site

DEAF = """
import signal
signal.signal(signal.SIGTERM, lambda *_: print("told", flush=True))
print(flush=True)
while True:
    signal.pause()
"""


def call(folder: Path, *words: str) -> tuple[int, str]:
    command = [sys.executable, "-W", "error", "-m", "scrapy", "fleet", "-s", f"STORE_DIR={folder / 'store'}", *words]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=DEADLINE_S, check=False)  # noqa: S603
    return done.returncode, done.stdout + done.stderr


def test_a_fleet_in_the_background_is_listed_and_stopped(tmp_path: Path) -> None:
    log = tmp_path / "store" / "logs" / "fleet.log"
    with running_site(Catalogue.generate(users=40, videos=150), Quirks(rate_limit=False)) as site:
        started = Running(
            tmp_path,
            *("-a", f"url={site.url}", "-s", "DOWNLOAD_DELAY=2", "-o", str(tmp_path / "videos.jsonl")),
            *("videos", "-n", "2", "--detach"),
        )
        code, told = started.end()
        assert code == 0, told
        assert f"runs in the background, log in {log}" in told
        pid = int(told.split()[1])
        listed = json.loads(call(tmp_path, "list", "--json")[1])["fleets"]
        assert [(one["pid"], one["fleet"], one["log"]) for one in listed] == [(pid, "videos -n 2", str(log))]
        assert call(tmp_path, "list")[1].startswith(f"{pid}: videos -n 2, since ")
        assert call(tmp_path, "stop") == (0, f"{pid}: videos -n 2: has ended\n")
    assert "fleet | videos: stopped, " in log.read_text()
    assert "No fleet runs on " in call(tmp_path, "list")[1]
    assert call(tmp_path, "stop")[0] == 1
    assert len(lines(tmp_path / "videos.jsonl")) < 150


def test_a_fleet_is_stopped_at_once_by_its_process_id(tmp_path: Path) -> None:
    slow = Quirks(rate_limit=False, latency_ms=100_000)
    with running_site(Catalogue.generate(users=2, videos=2), slow) as site:
        words = ("-a", f"url={site.url}", "-o", str(tmp_path / "users.jsonl"), "-s", "DOWNLOAD_TIMEOUT=200", "users")
        running = Running(tmp_path, *words)
        running.until_told("users-1 | ", "A new crawl begins")
        code, told = call(tmp_path, "stop", "--now", str(running.process.pid))
        assert (code, told) == (0, f"{running.process.pid}: users -n 1: has ended\n")
        assert running.end()[0] == 0


def test_a_fleet_that_was_stopped_before_anything_was_asked_is_not_said_to_be_done(tmp_path: Path) -> None:
    running = Running(tmp_path, "users", "-a", "url=https://site.example", "-o", str(tmp_path / "users.jsonl"))
    running.until(lambda: bool(running.instances("users")))
    running.process.terminate()
    code, told = running.end()
    assert code == 0
    assert "fleet | users: ended before a crawl began" in told


def test_a_fleet_of_another_machine_is_listed_and_left_alone(tmp_path: Path) -> None:
    entry = roster.Entry(1, "2026-01-01T00:00:00Z", "users -n 2", host="another")
    with roster.entered(tmp_path / "store", entry):
        assert call(tmp_path, "list")[1] == "1 on another: users -n 2, since 2026-01-01T00:00:00Z\n"
        assert call(tmp_path, "stop")[0] == 1
        assert "no fleet 1 runs on" in call(tmp_path, "stop", "1")[1]


def test_who_waits_for_the_end_of_a_fleet_may_leave(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", DEAF], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as bystander:  # noqa: S603 - our own code
        assert bystander.stdout is not None
        bystander.stdout.readline()
        with roster.entered(tmp_path / "store", roster.Entry(bystander.pid, "2026-01-01T00:00:00Z", "users -n 2")):
            waiting = Running(tmp_path, "stop")
            assert bystander.stdout.readline() == b"told\n"
            waiting.process.send_signal(signal.SIGINT)
            code, told = waiting.end()
            assert (code, "Stopped by SIGINT: the fleets were told to end" in told) == (1, True)
        bystander.kill()


def test_what_is_wrong_is_said_before_a_fleet_goes_to_the_background(tmp_path: Path) -> None:
    code, told = call(tmp_path, "--detach", "users", "-a", "url=nonsense")
    assert code == 2
    assert "'nonsense' is not a URL that can be crawled" in told
    assert not (tmp_path / "store" / "logs").exists()
