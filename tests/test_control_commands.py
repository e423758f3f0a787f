from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest
from redis import Redis

from crawler.frontier.keys import Keys
from tests.crawls import DEADLINE_S, POLL_S, ROOT, crawl, end, lines, start, until_lines
from tests.queues import Crew
from tests.site import Catalogue, Quirks, Site, running_site

SLOW = Quirks(rate_limit=False, latency_ms=20)
UNHURRIED = "DOWNLOAD_DELAY=0.5"
"""Leaves a crawl time enough to be paused and drained, also on a machine under load."""
HEARD_S = 2.0
"""So long after a pause the last request may reach a site."""


def command(*words: str, url: str = "", folder: Path | None = None, answer: str | None = None) -> tuple[int, str]:
    """Run a command of this project; return its exit code, and what it printed."""
    settings = [f"REDIS_URL={url}"] if url else []
    settings += [f"STORE_DIR={folder / 'store'}"] if folder else []
    line = [sys.executable, "-W", "error", "-m", "scrapy", *words, *(part for one in settings for part in ("-s", one))]
    done = subprocess.run(  # noqa: S603 - our own command
        line, cwd=ROOT, input=answer, capture_output=True, text=True, timeout=DEADLINE_S, check=False
    )
    return done.returncode, done.stdout + done.stderr


def told(*words: str, url: str) -> dict[str, dict[str, Any]]:
    """Run a command; return what it said as JSON."""
    code, said = command(*words, "--json", url=url)
    assert code == 0, said
    answer: dict[str, dict[str, Any]] = orjson.loads(said)
    return answer


def until(process: subprocess.Popen[str], is_so: Callable[[], bool]) -> None:
    """Wait until something is so, which a process that runs will bring about."""
    deadline = time.monotonic() + DEADLINE_S
    while not is_so():
        assert time.monotonic() < deadline, "still not so"
        try:
            process.wait(POLL_S)
        except subprocess.TimeoutExpired:
            continue
        pytest.fail(f"ended before: {process.communicate()[1]}")


def arrivals(site: Site, since: float) -> list[float]:
    """Return how long after a moment requests have reached a site."""
    return [request.arrived - since for request in list(site.requests) if request.arrived > since]


def at(folder: Path, spider: str, site: Site, url: str, *words: str) -> subprocess.Popen[str]:
    return start(spider, folder, f"url={site.url}", f"REDIS_URL={url}", UNHURRIED, *words, feed=f"{spider}.jsonl")


def test_a_fleet_is_paused_resumed_and_drained_and_loses_nothing(tmp_path: Path, valkey: str) -> None:
    with running_site(Catalogue.generate(users=600, videos=300), SLOW) as site:
        fleet = [at(tmp_path, spider, site, valkey) for spider in ("users", "videos") for _ in range(2)]
        for spider, process in (("users", fleet[0]), ("videos", fleet[2])):
            until_lines(process, tmp_path / f"{spider}.jsonl", 1)
        paused = told("pause", url=valkey)
        since = time.monotonic()
        assert {name: answer["instances"] for name, answer in paused.items()} == {"users": 2, "videos": 2}
        until(fleet[0], lambda: time.monotonic() > since + 2 * HEARD_S)
        assert all(late_s < HEARD_S for late_s in arrivals(site, since))
        before = len(site.requests)
        assert told("resume", url=valkey)["videos"]["outcome"] == "resumed"
        until(fleet[2], lambda: len(site.requests) > before + 3)
        drained = told("drain", url=valkey)
        ended = [end(process, tmp_path, "videos.jsonl") for process in fleet]
        assert [one.exit_code for one in ended] == [0] * 4
        assert all("Spider closed (drained)" in one.log for one in ended)
        assert "Traceback" not in "".join(one.log for one in ended)
        assert drained["videos"]["at_work"] == 0
        assert drained["videos"]["left"] > 0
        again = [at(tmp_path, spider, site, valkey, "DOWNLOAD_DELAY=0") for spider in ("users", "videos")]
        assert [end(process, tmp_path).exit_code for process in again] == [0, 0]
    assert sorted(record["id"] for record in lines(tmp_path / "users.jsonl")) == sorted(site.truth.users)
    assert sorted(record["id"] for record in lines(tmp_path / "videos.jsonl")) == sorted(site.truth.videos)


def test_an_instance_that_waits_takes_up_seeds_and_keeps_records_apart_until_it_is_told_to_end(
    tmp_path: Path, valkey: str
) -> None:
    with (
        running_site(Catalogue.generate(users=4, videos=12), Quirks(rate_limit=False)) as site,
        Redis.from_url(valkey) as server,
    ):
        waiting = start("videos", tmp_path, "wait=1", f"REDIS_URL={valkey}")
        videos = [f"{site.url}/videos/watch/{uuid}" for uuid in sorted(site.truth.videos)]
        for number, url in enumerate([*videos[:3], videos[0], videos[3]]):
            until(waiting, lambda: is_quiet(server))
            server.rpush("videos:start_urls", orjson.dumps({"url": url}))
            until_lines(waiting, tmp_path / "records.jsonl", min(number + 1, 3) + (number == 4))
            if number == 4:
                server.rpush("videos:start_urls", "no URL")
                until(waiting, lambda: is_quiet(server))
        code, said = command("drain", "videos", url=valkey)
        assert (code, said) == (0, "videos is drained: 1 instance ended, 0 requests left. Nothing is left to do.\n")
        ended = end(waiting, tmp_path)
    assert ended.exit_code == 0
    assert "All is done: waiting for seeds in videos:start_urls" in ended.log
    assert sorted(record["id"] for record in ended.records) == sorted(site.truth.videos)[:4]


@pytest.mark.parametrize("how", ["drain", "signal"])
def test_a_stop_that_was_asked_for_is_no_failure_whatever_seeds_were_refused_before(
    tmp_path: Path, valkey: str, how: str
) -> None:
    with Redis.from_url(valkey) as server:
        waiting = start("videos", tmp_path, "wait=1", f"REDIS_URL={valkey}")
        server.rpush("videos:start_urls", "rubbish")
        until(waiting, lambda: is_quiet(server) and bool(lines(tmp_path / "rejects.jsonl")))
        if how == "drain":
            assert command("drain", "videos", url=valkey)[0] == 0
        else:
            waiting.send_signal(signal.SIGTERM)
        ended = end(waiting, tmp_path)
    assert (ended.exit_code, ended.reasons()) == (0, ["bad_seed"])
    assert "'seeds/refused': 1" in ended.log


def is_quiet(server: Redis) -> bool:
    """Tell whether a crawl has come so far that all its instances wait."""
    crew = Crew(server)
    return crew.control("starting") == "0" and not crew.left() and not server.exists(crew.keys.start_urls)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_instance_that_waits_ends_by_a_signal(tmp_path: Path, valkey: str, number: signal.Signals) -> None:
    with Redis.from_url(valkey) as server:
        waiting = start("videos", tmp_path, "wait=1", f"REDIS_URL={valkey}")
        until(waiting, lambda: is_quiet(server))
        waiting.send_signal(number)
        assert end(waiting, tmp_path).exit_code == 0


def interrupted(valkey: str, *, spider: str = "videos", leave: bool = True) -> Crew:
    """Begin a crawl, and leave it."""
    crew = Crew(Redis.from_url(valkey), spider)
    queue = crew.join()
    crew.server.hset(crew.keys.requests, "x", "{}")
    crew.server.sadd(crew.keys.recorded, "r")
    if leave:
        queue.leave()
    return crew


def test_what_is_cleared_is_named_first_and_dropped_after_a_yes(valkey: str) -> None:
    for word, code, left in (("n", 1, 1), ("y", 0, 0)):
        with interrupted(valkey).server as server:
            ours, theirs = pty.openpty()
            os.write(ours, f"{word}\n".encode())
            line = [sys.executable, "-m", "scrapy", "clear", "videos", "-s", f"REDIS_URL={valkey}"]
            done = subprocess.run(line, cwd=ROOT, stdin=theirs, capture_output=True, text=True, check=False)  # noqa: S603
            os.close(ours)
            os.close(theirs)
            what = "1 pending request of videos, 0 dead letters, and what is known of 1 record"
            assert f"Drop {what}? The files of records stay. [y/N]" in done.stdout
            assert (f"Dropped {what}." if code == 0 else "Nothing is dropped.") in done.stdout
            assert (done.returncode, server.hlen(Keys("videos").requests)) == (code, left)


def test_what_somebody_is_at_is_not_cleared(valkey: str) -> None:
    with interrupted(valkey, leave=False).server as server:
        code, said = command("clear", "videos", "--yes", url=valkey)
        assert (code, server.hlen(Keys("videos").requests)) == (1, 1)
        assert f" pid {os.getpid()}): end them with `scrapy drain videos`" in said


def test_nothing_is_cleared_unasked_where_nobody_can_be_asked(valkey: str) -> None:
    with interrupted(valkey).server as server:
        code, said = command("clear", "videos", url=valkey, answer="y\n")
        assert (code, server.hlen(Keys("videos").requests)) == (2, 1)
        assert "pass --yes" in said
        code, said = command("clear", "videos", "--yes", url=valkey)
        assert (code, said) == (
            0,
            "Dropped 1 pending request of videos, 0 dead letters, and what is known of 1 record.\n",
        )


@pytest.mark.parametrize("order", ["pause", "resume", "drain"])
def test_an_order_to_no_crawl_says_so_and_makes_no_store(tmp_path: Path, order: str) -> None:
    assert command(order, folder=tmp_path) == (1, "There is no crawl here.\n")
    code, said = command(order, "users", folder=tmp_path)
    assert (code, said) == (1, "There is no crawl of users here that runs, or was interrupted.\n")
    assert not (tmp_path / "store").exists()


def test_orders_to_a_crawl_that_nobody_is_at_are_kept_or_are_for_nobody(valkey: str) -> None:
    with interrupted(valkey).server:
        said = [command(order, url=valkey) for order in ("pause", "drain", "resume", "resume")]
    start = "no instance at work. Start one with `scrapy crawl videos -o FILE`.\n"
    assert said == [
        (
            0,
            "videos is paused: 1 pending request, no instance at work. Who starts waits for `scrapy resume videos`.\n",
        ),
        (0, "videos has no instance at work: 1 request left. `scrapy crawl videos -o FILE` goes on.\n"),
        (0, f"videos goes on: 1 request left, {start}"),
        (0, f"videos was not paused: 1 request left, {start}"),
    ]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("pause", "nobody"), "there is no spider nobody: there are users, videos."),
        (("clear",), "name the crawl to drop, such as: scrapy clear users"),
        (("drain", "--wait"), "the option --wait is unknown"),
        (("pause", "-s", "REDIS_PORT=1"), "REDIS_PORT (1) is set without a host"),
    ],
)
def test_wrong_arguments_are_exit_code_2(tmp_path: Path, words: tuple[str, ...], message: str) -> None:
    code, said = command(*words, folder=tmp_path)
    assert message in said
    assert code == 2


def test_wait_is_0_or_1(tmp_path: Path) -> None:
    ended = crawl("videos", tmp_path, "wait=yes")
    assert ended.exit_code == 2
    assert "wait=yes is unknown: pass wait=1" in ended.log
