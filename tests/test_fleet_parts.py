from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil
import pytest
from scrapy.settings import Settings

from crawler.fleet import roster
from crawler.fleet.gauge import Gauge, cores_at_hand, cpu_seconds
from crawler.fleet.leash import LEASH, hold_leash
from crawler.fleet.orders import Order, Words, add_scoped, orders_of, parts_of, sizes
from crawler.fleet.outputs import LAST_LINES, FileOutput, LineOutput
from tests.crawls import DEADLINE_S, ROOT
from tests.fleets import ended

ENTRY = roster.Entry(os.getpid(), "2026-01-01T00:00:00Z", "users -n 2", "fleet.log")
LOOKING = """
import os, sys
from pathlib import Path
from crawler.fleet.roster import living
os.seteuid(65534)
print(len(living(Path(sys.argv[1]))))
"""
LEASHED = """
import signal, sys
from crawler.fleet.leash import hold_leash
if "deaf" in sys.argv:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
hold_leash(grace_s=0.1)
print("ready", flush=True)
while True:
    signal.pause()
"""


def parts(*words: str) -> Words:
    parser = argparse.ArgumentParser()
    parser.add_argument("-s", dest="set", action="append", default=[])
    parser.add_argument("--detach", action="store_true")
    add_scoped(parser)
    return parts_of(parser, parser.parse_args(words))


def orders(*words: str) -> list[Order]:
    return orders_of(parts(*words))


# --- orders ---


def test_options_behind_a_name_that_another_follows_are_that_spiders_and_all_others_of_all() -> None:
    users, videos = orders(
        *("-a", "url=u", "users", "-n", "4", "-a", "scope=web", "-s", "A_B=1", "-O", "u.jsonl"),
        *("videos", "-n", "auto", "-a", "max_pages=2", "-o", "%(name)s.jsonl"),
    )
    assert users == Order("users", 4, ("url=u", "max_pages=2", "scope=web"), ("A_B=1",), (), ("u.jsonl",))
    assert videos == Order("videos", None, ("url=u", "max_pages=2"), (), ("videos.jsonl",), ())
    assert sizes([users, videos]) == "users -n 4, videos -n auto"


def test_a_number_before_all_names_is_for_those_that_have_none() -> None:
    assert [order.size for order in orders("-n", "3", "users", "videos", "-n", "2")] == [3, 2]


def test_what_counts_for_the_fleet_may_stand_anywhere() -> None:
    assert parts("users", "-n", "2", "--detach", "videos").common.detach


def test_a_spiders_own_options_stand_above_those_of_all() -> None:
    users, videos = orders("users", "-a", "url=u", "videos", "-a", "url=v", "-s", "REDIS_URL=redis://x")
    assert (users.given(), videos.given()) == ({"url": "u"}, {"url": "v"})
    assert users.settings == videos.settings == ()
    settings = Settings({"DOWNLOAD_DELAY": 1})
    assert Order("users", settings=("DOWNLOAD_DELAY=2", "CRAWL_ID=a, b")).effective(settings)["CRAWL_ID"] == "a, b"
    assert settings["DOWNLOAD_DELAY"] == 1


# --- logs ---


def test_lines_are_said_whole_and_the_rest_at_the_end() -> None:
    said: list[str] = []
    output = LineOutput(said.append)
    os.write(output.target(), b"one\ntw")
    assert output.take()
    assert said == ["one"]
    assert not output.take()
    os.write(output.target(), "o\r\nthré".encode() + b"\xff")
    output.started()
    output.close()
    assert said == ["one", "two", "thré\ufffd"] == output.last_lines()
    assert output.where() == ""


def test_the_last_lines_of_a_file_are_those_of_this_process(tmp_path: Path) -> None:
    path = tmp_path / "users-1.log"
    path.write_text("of a former one\n")
    output = FileOutput(path)
    assert output.last_lines() == []
    output.target().write(b"".join(b"%d\n" % number for number in range(100)))
    output.started()
    output.close()
    assert output.last_lines() == [str(number) for number in range(100 - LAST_LINES, 100)]
    path.write_text("cut back\n")  # by who rotates logs
    assert output.last_lines() == ["cut back"]
    assert output.where() == str(path)


# --- the roster ---


def test_who_is_on_the_roster_can_be_found_as_long_as_it_runs(tmp_path: Path) -> None:
    assert roster.living(tmp_path) == []
    with roster.entered(tmp_path, ENTRY):
        assert roster.living(tmp_path) == [ENTRY]
    assert roster.living(tmp_path) == []
    assert list((tmp_path / "fleets").iterdir()) == []


def test_what_a_dead_fleet_has_left_is_removed(tmp_path: Path) -> None:
    (tmp_path / "fleets").mkdir()
    left = tmp_path / "fleets" / "1.json"
    left.write_text(json.dumps({"pid": 1, "started_at": "", "fleet": "", "log": ""}))
    assert roster.living(tmp_path) == []
    assert not left.exists()


def test_a_fleet_that_does_not_end_in_time_is_named(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as bystander:
        entry = roster.Entry(bystander.pid, ENTRY.started_at, ENTRY.fleet)
        with roster.entered(tmp_path, entry):
            assert roster.stop(tmp_path, [entry], at_once=False, within_s=0) == [entry]
        assert bystander.wait(DEADLINE_S) == -signal.SIGTERM


def test_a_fleet_that_does_not_heed_the_order_to_stop_at_once_is_killed(tmp_path: Path) -> None:
    deaf = "import signal; signal.signal(signal.SIGQUIT, signal.SIG_IGN); print(flush=True); input()"
    with subprocess.Popen([sys.executable, "-c", deaf], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as bystander:  # noqa: S603 - our own code
        assert bystander.stdout is not None
        bystander.stdout.readline()
        entry = roster.Entry(bystander.pid, ENTRY.started_at, ENTRY.fleet)
        with roster.entered(tmp_path, entry):
            assert roster.stop(tmp_path, [entry], at_once=True, within_s=0.3, kill_after_s=0) == [entry]
        assert bystander.wait(DEADLINE_S) == -signal.SIGKILL


def test_fleets_of_two_machines_may_have_one_process_id(tmp_path: Path) -> None:
    other = replace(ENTRY, host="another")
    with roster.entered(tmp_path, ENTRY), roster.entered(tmp_path, other):
        assert {entry.host for entry in roster.living(tmp_path)} == {ENTRY.host, "another"}
    assert (ENTRY.is_here(), other.is_here()) == (True, False)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be another user")
@pytest.mark.parametrize("mode", [0o600, 0o644])
def test_another_users_fleet_is_no_error(mode: int) -> None:
    with TemporaryDirectory() as name:
        store = Path(name)
        store.chmod(0o755)
        with roster.entered(store, ENTRY):
            (store / "fleets" / "stale-1.json").touch(mode)
            (store / "fleets" / f"{ENTRY.host}-{ENTRY.pid}.json").chmod(mode)
            looked = subprocess.run(  # noqa: S603 - our own code
                [sys.executable, "-c", LOOKING, name],
                cwd=ROOT,
                env={},  # another user has no room for measurements of coverage
                capture_output=True,
                text=True,
                check=False,
            )
    assert (looked.stdout, looked.stderr) == (f"{int(mode == 0o644)}\n", "")


# --- the leash ---


@pytest.mark.parametrize(("word", "number"), [("", signal.SIGTERM), ("deaf", signal.SIGKILL)])
def test_an_instance_ends_with_its_parent(word: str, number: signal.Signals) -> None:
    leash, held = os.pipe()
    with subprocess.Popen(  # noqa: S603 - our own code
        [sys.executable, "-c", LEASHED, word],
        cwd=ROOT,
        env=os.environ | {LEASH: str(leash)},
        pass_fds=[leash],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        os.close(leash)
        os.close(held)
        assert process.wait(DEADLINE_S) == -number


@pytest.mark.parametrize("named", ["", "none", "999999"])
def test_an_instance_without_a_parent_has_no_leash(named: str) -> None:
    assert hold_leash({LEASH: named}) is None


# --- the gauge ---


def test_the_cores_at_hand_are_those_that_a_container_may_use(tmp_path: Path) -> None:
    quotas = tmp_path / "cpu.max"
    cores = cores_at_hand(quotas)
    assert cores >= 1
    for text, expected in (("max 100000", cores), ("50000 100000", 0.5), ("", cores)):
        quotas.write_text(text)
        assert cores_at_hand(quotas) == expected


def test_what_a_process_uses_is_measured_from_one_look_to_the_next() -> None:
    gauge = Gauge()
    with subprocess.Popen([sys.executable, "-c", "while True: pass"]) as busy:
        while gauge.share([busy.pid]) is None:
            gauge.look([busy.pid])
        share = gauge.share([busy.pid])
        busy.kill()
        assert ended([psutil.Process(busy.pid)])
    assert share is not None
    assert 0 < share < 1.5
    assert 0 <= gauge.spare_cores() <= gauge.cores
    assert cpu_seconds(busy.pid) is None
