"""A fleet in trouble: what others do to its processes, its store, its logs and its terminal."""

from __future__ import annotations

import os
import pty
import select
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import psutil
import pytest

from tests.commands import run
from tests.crawls import DEADLINE_S, POLL_S, ROOT, lines
from tests.faults.servers import server
from tests.fleets import CRASHING, Running, ended, fleet
from tests.site import Catalogue, Quirks, running_site

CALM = Quirks(rate_limit=False, latency_ms=20)
SOME = Catalogue.generate(users=40, videos=150)
FEW = Catalogue.generate(users=2, videos=4)
UNHURRIED = ("-s", "DOWNLOAD_DELAY=0.2")
SLOW = ("-s", "DOWNLOAD_DELAY=1")
"""For a crawl that must not have ended by the time that it is told to, however busy the machine is."""
QUICK = ("-s", "DOWNLOAD_DELAY=0")


DETACHING = """
import sys
from pathlib import Path
from crawler.fleet.background import detach
from crawler.interrupts import interrupt_at_once
interrupt_at_once()
detach(sys.argv[2:], Path(sys.argv[1]))
"""


def feeds(folder: Path) -> tuple[str, str]:
    return "-o", f"{folder}/%(name)s.jsonl"


def ids(folder: Path, name: str = "videos") -> list[str]:
    return sorted(record["id"] for record in lines(folder / f"{name}.jsonl"))


def servers_of(folder: Path) -> list[psutil.Process]:
    """Return the embedded server of a store's folder, if it runs."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if "scrapy" not in process.cmdline() and process.cwd() == str(folder.resolve()):
                found.append(process)
    return found


@contextmanager
def silent_server() -> Iterator[tuple[str, Callable[[], None]]]:
    """Listen as a Redis that never answers; yield its URL, and what waits until somebody has connected."""
    with socket.create_server(("127.0.0.1", 0)) as listening, ExitStack() as connections:
        listening.settimeout(DEADLINE_S)

        def until_connected() -> None:
            connections.enter_context(listening.accept()[0])

        yield f"redis://127.0.0.1:{listening.getsockname()[1]}/0", until_connected


# --- the queue ---


def test_who_waits_to_be_started_again_is_drained_with_the_others(tmp_path: Path) -> None:
    with running_site(SOME, CALM) as site:
        words = ("-a", f"url={site.url}", *UNHURRIED, *feeds(tmp_path), "-s", "FLEET_BACKOFF_S=1000")
        running = Running(tmp_path, "videos", "-n", "3", *words)
        running.until_lines("videos.jsonl", 5)
        running.instances()[0].kill()
        running.until_told("starting it again")
        drained = run("drain", "videos", "-s", f"STORE_DIR={tmp_path / 'store'}")
        assert drained.returncode == 0, drained.stderr
        code, told = running.end()
    assert code == 0, told
    assert "fleet | videos was told to end by scrapy drain" in told
    assert "fleet | videos: stopped, " in told


def test_a_paused_crawl_is_no_reason_for_more_instances(tmp_path: Path) -> None:
    store = ("-s", f"STORE_DIR={tmp_path / 'store'}")
    with running_site(SOME, CALM) as site:
        words = ("-n", "auto", "-a", f"url={site.url}", "-s", "PROGRESS_INTERVAL_S=1", *UNHURRIED, *feeds(tmp_path))
        running = Running(tmp_path, "videos", *words)
        running.until_lines("videos.jsonl", 5)
        assert run("pause", "videos", *store).returncode == 0
        running.until_told("fleet | videos: stays at 1: the crawl is paused", ", paused\n")
        assert run("resume", "videos", *store).returncode == 0
        running.process.terminate()
        assert running.end()[0] == 0


def test_a_crash_before_the_first_instance_has_begun_drops_the_former_crawl_all_the_same(tmp_path: Path) -> None:
    with running_site(SOME, CALM) as site:
        words = ("videos", "-a", f"url={site.url}", *feeds(tmp_path))
        assert fleet(tmp_path, *words, "-a", "max_pages=3", *QUICK)[0] == 0
        running = Running(tmp_path, *words, "-a", "anew=1", *QUICK)
        running.until(lambda: bool(running.instances()))
        running.instances()[0].kill()
        code, told = running.end()
    assert code == 0, told
    assert "videos: done, 1 restart" in told
    assert "A new crawl begins" in told
    assert "is resumed" not in told


def test_crawls_of_one_store_are_told_apart_by_their_names(tmp_path: Path) -> None:
    with running_site(FEW, CALM) as site:
        words = ("-a", f"url={site.url}", *QUICK, *feeds(tmp_path))
        code, told = fleet(tmp_path, "videos", "-s", "CRAWL_ID=nightly", "users", "-n", "2", *words)
    assert code == 0, told
    assert "fleet | videos: done" in told
    assert "fleet |   all videos: 4 declared, 4 listed, 4 found" in told
    assert "fleet |   all users: " in told


def test_options_keep_their_spaces_commas_and_quotes(tmp_path: Path) -> None:
    agent = """a, "b" 'c' = %(name)s"""
    with running_site(FEW, CALM) as site:
        folder = tmp_path / "with, a space"
        folder.mkdir()
        words = ("users", "-a", f"url={site.url}", *QUICK, "-s", f"USER_AGENT={agent}", *feeds(folder))
        code, told = fleet(folder, *words)
        assert code == 0, told
        assert {request.agent for request in site.requests} == {agent}
        assert ids(folder, "users") == sorted(site.truth.users)


def test_an_instance_that_dies_while_redis_is_away_is_back_when_redis_is(tmp_path: Path) -> None:
    with running_site(SOME, CALM) as site, server() as redis_server:
        url = ("-s", f"REDIS_URL={redis_server.url}", "-s", "FLEET_BACKOFF_S=0.1", "-s", "PROGRESS_INTERVAL_S=1")
        running = Running(tmp_path, *url, *UNHURRIED, *feeds(tmp_path), "-a", f"url={site.url}", "videos", "-n", "2")
        running.until_lines("videos.jsonl", 5)
        redis_server.kill()
        running.until_told("the store is silent")
        running.instances()[0].kill()
        running.until_told("starting it again")
        before = running.told().count("the store is silent")
        running.until(lambda: running.told().count("the store is silent") > before + 1)
        redis_server.start()
        code, told = running.end()
        assert code == 0, told
        assert ids(tmp_path) == sorted(site.truth.videos)
    assert "videos: done, 1 restart" in told


def test_a_fleet_comes_back_when_all_instances_and_the_embedded_store_are_killed(tmp_path: Path) -> None:
    with running_site(SOME, CALM) as site:
        words = ("-a", f"url={site.url}", "-s", "FLEET_BACKOFF_S=1", *UNHURRIED, *feeds(tmp_path))
        running = Running(tmp_path, "videos", "-n", "2", *words)
        running.until_lines("videos.jsonl", 5)
        store = servers_of(tmp_path / "store")
        assert store
        for process in (*running.instances(), *store):
            process.kill()
        code, told = running.end()
        assert code == 0, told
        assert ids(tmp_path) == sorted(site.truth.videos)


def test_a_fleet_that_is_stopped_while_redis_hangs_does_not_wait_for_it(tmp_path: Path) -> None:
    with running_site(SOME, CALM) as site, server() as redis_server:
        url = ("-s", f"REDIS_URL={redis_server.url}", "-s", 'REDIS_PARAMS={"socket_timeout": 1000}')
        running = Running(tmp_path, "videos", "-n", "2", "-a", f"url={site.url}", *url, *UNHURRIED, *feeds(tmp_path))
        running.until_lines("videos.jsonl", 5)
        redis_server.pause()
        for word in ("Stopping: what is in flight", "Stopping at once"):
            running.process.terminate()
            running.until_told(word)
        code, told = running.end()
    assert code == 0, told
    assert "fleet | videos: the store does not answer; the same command goes on from here" in told


# --- logs, terminals, signals ---


def test_logs_that_somebody_has_removed_keep_no_instance_from_being_started_again(tmp_path: Path) -> None:
    loop = ("-s", "FLEET_MAX_CRASHES=3", "-s", "FLEET_BACKOFF_S=1", "--log-dir", str(tmp_path / "logs"), "-s", CRASHING)
    running = Running(tmp_path, *loop, "users", "-a", "url=http://127.0.0.1:9", *feeds(tmp_path))
    running.until_told("(crash 1; ")
    shutil.rmtree(tmp_path / "logs")
    (tmp_path / "logs").write_text("no folder")
    running.until_told("users-1 cannot be started (")
    (tmp_path / "logs").unlink()
    code, told = running.end()
    assert code == 1, told
    assert "Traceback" not in told
    assert "users-1 has crashed 3 times" in told


def test_a_reader_that_has_gone_stops_no_fleet(tmp_path: Path) -> None:
    with running_site(FEW, CALM) as site:
        words = ("users", "-n", "2", "-a", f"url={site.url}", *QUICK, *feeds(tmp_path), "-s", f"STORE_DIR={tmp_path}/s")
        read, write = os.pipe()
        with subprocess.Popen(  # noqa: S603 - our own command
            [sys.executable, "-W", "error", "-m", "scrapy", "fleet", *words],
            cwd=ROOT, stdin=subprocess.DEVNULL, stdout=write, stderr=write,
        ) as process:  # fmt: skip
            os.close(write)
            os.close(read)
            assert process.wait(DEADLINE_S) == 0
        assert ids(tmp_path, "users") == sorted(site.truth.users)


def test_a_terminal_that_goes_away_drains_the_fleet(tmp_path: Path) -> None:
    with running_site(SOME, CALM) as site:
        words = ("videos", "-n", "2", "-a", f"url={site.url}", *SLOW, *feeds(tmp_path))
        pid, terminal = pty.fork()
        if not pid:
            signal.signal(signal.SIGHUP, signal.SIG_DFL)  # which tests under nohup have not
            os.chdir(ROOT)
            command = [sys.executable, "-m", "scrapy", "fleet", "-s", f"STORE_DIR={tmp_path}/store", *words]
            os.execv(sys.executable, command)  # noqa: S606 - our own command
        while not lines(tmp_path / "videos.jsonl"):
            if select.select([terminal], [], [], POLL_S)[0]:
                os.read(terminal, 65_536)
        instances = psutil.Process(pid).children()
        assert len(instances) >= 2
        os.close(terminal)
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
        assert ended(instances)
    assert 0 < len(ids(tmp_path)) < 150
    assert "(shutdown)" in (tmp_path / "store" / "logs" / "videos-1.log").read_text()


def test_under_nohup_a_terminal_may_go_away(tmp_path: Path) -> None:
    former = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with running_site(FEW, CALM) as site:
            running = Running(tmp_path, "videos", "-a", f"url={site.url}", *UNHURRIED, *feeds(tmp_path))
            running.until_told("A new crawl begins")
            running.process.send_signal(signal.SIGHUP)
            code, told = running.end()
    finally:
        signal.signal(signal.SIGHUP, former)
    assert code == 0, told
    assert "Stopping" not in told
    assert "videos: done" in told


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_that_comes_before_the_first_instance_is_answered_by_a_sentence(
    tmp_path: Path, number: signal.Signals
) -> None:
    with silent_server() as (url, until_connected):
        running = Running(
            tmp_path, "users", "-a", "url=https://site.example", *feeds(tmp_path), "-s", f"REDIS_URL={url}"
        )
        until_connected()
        running.process.send_signal(number)
        code, told = running.end()
    assert code == 0
    assert told.endswith(
        f"Stopped by {number.name}: no instance was started, and the same command begins or goes on.\n"
    )


def test_what_was_to_go_to_the_background_is_ended_with_who_waits_for_it(tmp_path: Path) -> None:
    with silent_server() as (url, until_connected):
        words = ["users", "-a", "url=https://site.example", *feeds(tmp_path), "-s", f"REDIS_URL={url}"]
        with subprocess.Popen(  # noqa: S603 - our own code
            [sys.executable, "-c", DETACHING, str(tmp_path / "fleet.log"), *words], cwd=ROOT, stderr=subprocess.DEVNULL
        ) as process:
            until_connected()
            detached = psutil.Process(process.pid).children()
            assert detached
            process.terminate()
            assert process.wait(DEADLINE_S) != 0
            assert ended(detached)
    assert "Stopped by SIGTERM: no instance was started" in (tmp_path / "fleet.log").read_text()


def test_all_instances_of_a_killed_parent_end_though_nobody_reads_their_lines(tmp_path: Path) -> None:
    with running_site(SOME, CALM) as site:
        words = ("videos", "-n", "8", "-a", f"url={site.url}", *UNHURRIED, *feeds(tmp_path), "-L", "DEBUG")
        running = Running(tmp_path, *words)
        running.until_lines("videos.jsonl", 5)
        instances = running.instances()
        running.process.kill()
        assert ended(instances)
    assert len(instances) == 8


def test_a_fleet_that_hangs_is_killed_when_it_is_to_stop_at_once(tmp_path: Path) -> None:
    with running_site(SOME, CALM) as site:
        running = Running(tmp_path, "videos", "-a", f"url={site.url}", *UNHURRIED, *feeds(tmp_path))
        running.until_lines("videos.jsonl", 1)
        instances = running.instances()
        running.process.send_signal(signal.SIGSTOP)
        stopped = run("fleet", "stop", "--now", "-s", f"STORE_DIR={tmp_path / 'store'}")
        assert stopped.returncode == 0, stopped.stderr
        assert running.end()[0] == -signal.SIGKILL
        assert ended(instances)
        for store in servers_of(tmp_path / "store"):  # nobody is left to stop it; the next start would take it over
            store.terminate()


def test_thirty_instances_share_a_crawl(tmp_path: Path) -> None:
    with running_site(FEW, CALM) as site:
        words = ("videos", "-n", "30", "-a", f"url={site.url}", *QUICK, *feeds(tmp_path))
        code, told = fleet(tmp_path, *words)
        assert code == 0, told
        assert ids(tmp_path) == sorted(site.truth.videos)
