from __future__ import annotations

import asyncio
import fcntl
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Self

import pytest
from redis import Redis
from scrapy import signals
from scrapy.crawler import Crawler

from crawler.frontier.frontier import Frontier
from crawler.frontier.queue import Queue
from crawler.spiders.videos import VideosSpider
from tests.crawls import DEADLINE_S, POLL_S, ROOT, crawl, end, start
from tests.faults.relay import relay
from tests.frontiers import crawler_at
from tests.queues import Crew, crew_at, push
from tests.site import Catalogue, Quirks, running_site

SEEDS = "url=https://site.example"
TURNS = 100
"""Of the event loop: enough to hear a signal, and to do what there is to do of it."""
STOPPED = "before anything was taken: the next start goes on"


def until(process: subprocess.Popen[str], is_so: Callable[[], bool]) -> None:
    """Wait until something is so, which a process that runs will bring about."""
    while not is_so():
        with suppress(subprocess.TimeoutExpired):
            process.wait(POLL_S)
            pytest.fail(f"ended before: {process.communicate()[1]}")


def until_said(process: subprocess.Popen[str], words: str) -> None:
    """Wait until a process says something."""
    assert process.stderr is not None
    assert any(words in line for line in process.stderr), f"never said: {words}"


def occupy(crew: Crew) -> Queue:
    """Return a worker that has left work, and for a long time gives no sign of life."""
    worker = crew.queue(lease_ttl_ms=3_600_000)
    worker.join("url=https://other.example")
    push(worker, "a")
    return worker


# --- a Redis that does not do what it should ---


@pytest.mark.parametrize("name", ["workers", "hosts"])
def test_a_redis_that_refuses_is_said_in_a_sentence(tmp_path: Path, valkey: str, name: str) -> None:
    """The first is read when it is looked for other crawls, the second when this one is entered."""
    with Redis.from_url(valkey) as client:
        client.set(f"{{crawler}}:videos:{name}", "another program's")
    ended = crawl("videos", tmp_path, SEEDS, f"REDIS_URL={valkey}")
    assert "Redis refuses (WRONGTYPE" in ended.log
    assert "Give the crawler another user, or another database." in ended.log
    assert ended.exit_code == 2
    assert "Traceback" not in ended.log


# --- arguments ---


def test_an_argument_that_is_given_twice_is_refused(tmp_path: Path) -> None:
    ended = crawl("videos", tmp_path, "url=https://a.example", "url=https://b.example")
    assert ended.exit_code == 2
    assert "error: -a url= is given twice, as https://a.example and as https://b.example: pass both as" in ended.log


def test_a_key_that_no_one_has_given_is_no_warning(tmp_path: Path) -> None:
    with running_site(Catalogue.generate(users=1, videos=1), Quirks(rate_limit=False)) as site:
        ended = crawl("videos", tmp_path, f"url={site.url}", "LOG_LEVEL=WARNING")
    assert len(ended.records) == 1
    assert "Disabled" not in ended.log


# --- signals ---


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_wait_for_a_silent_redis(tmp_path: Path, valkey: str, number: signal.Signals) -> None:
    with relay(valkey) as between:
        between.pause()
        waiting = start("videos", tmp_path, SEEDS, f"REDIS_URL={between.url}")
        until(waiting, lambda: between.connections > 0)
        waiting.send_signal(number)
        ended = end(waiting, tmp_path)
    assert f"Stopped by {number.name} {STOPPED}" in ended.log
    assert ended.exit_code == 0
    assert "Traceback" not in ended.log


def test_a_signal_ends_the_wait_for_those_who_may_be_dead(tmp_path: Path, valkey: str) -> None:
    with crew_at(valkey) as crew:
        worker = occupy(crew)
        waiting = start("videos", tmp_path, SEEDS, "anew=1", f"REDIS_URL={valkey}")
        until_said(waiting, "waiting until they give a sign of life")
        waiting.send_signal(signal.SIGINT)
        ended = end(waiting, tmp_path)
        assert (crew.left(), crew.queue().workers()) == (1, [worker.worker])
    assert STOPPED in ended.log
    assert ended.exit_code == 0


DELETES = """
import os, signal, threading
from crawler.interrupts import Interrupted, interrupt_at_once
class Connection:
    def __del__(self):
        os.kill(os.getpid(), signal.SIGTERM)
interrupt_at_once()
try:
    Connection()
    threading.Event().wait()
except Interrupted as exc:
    print(exc)
"""


def test_a_signal_while_an_object_is_deleted_is_not_lost() -> None:
    command = [sys.executable, "-c", DELETES]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=DEADLINE_S)  # noqa: S603
    assert (ended.stdout, ended.stderr) == ("SIGTERM\n", "")


def test_a_second_signal_ends_an_instance_that_cannot_even_leave(tmp_path: Path, valkey: str) -> None:
    with crew_at(valkey) as crew, relay(valkey) as between:
        occupy(crew)
        waiting = start("videos", tmp_path, SEEDS, "anew=1", f"REDIS_URL={between.url}")
        until_said(waiting, "waiting until they give a sign of life")
        between.pause()
        before = between.connections
        waiting.send_signal(signal.SIGINT)
        until(waiting, lambda: between.connections > before)
        waiting.send_signal(signal.SIGTERM)
        assert end(waiting, tmp_path).exit_code == -signal.SIGTERM


@pytest.mark.parametrize("file", ["start.lock", "users.lock", "server.lock", "valkey.log", "appendonlydir"])
def test_an_instance_that_is_stopped_while_it_starts_its_store_leaves_no_server(tmp_path: Path, file: str) -> None:
    store = tmp_path / "store"
    with running_site(Catalogue.generate(users=2, videos=2), Quirks(rate_limit=False)) as site:
        starting = start("videos", tmp_path, f"url={site.url}")
        until(starting, (store / file).exists)
        starting.send_signal(signal.SIGTERM)
        ended = end(starting, tmp_path)
    assert ended.exit_code == 0
    assert "Traceback" not in ended.log
    with (store / "server.lock").open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)


class StopsEarly:
    """An extension that has its own process stopped while the engine opens the spider."""

    def __init__(self, number: int) -> None:
        self.number = number

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        extension = cls(crawler.settings.getint("STOPS_EARLY"))
        crawler.signals.connect(extension.engine_started, signals.engine_started)
        return extension

    async def engine_started(self) -> None:
        os.kill(os.getpid(), self.number)
        for _ in range(TURNS):
            await asyncio.sleep(0)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_while_the_spider_opens_is_heard_once_it_is_open(tmp_path: Path, number: signal.Signals) -> None:
    with running_site(Catalogue.generate(users=2, videos=2), Quirks(rate_limit=False)) as site:
        own = 'EXTENSIONS={"tests.test_start.StopsEarly": 0}'
        ended = crawl("videos", tmp_path, f"url={site.url}", own, f"STOPS_EARLY={number.value}")
        assert ended.exit_code == 0
        assert "Spider closed (shutdown)" in ended.log
        assert "Redis does not answer" not in ended.log
        assert len(crawl("videos", tmp_path, f"url={site.url}").records) == 2


def test_who_withdraws_is_at_the_crawl_no_more(valkey: str) -> None:
    async def story() -> None:
        with crew_at(valkey) as crew:
            frontier = Frontier.of(crawler_at(valkey, VideosSpider))
            frontier.join(SEEDS)
            assert crew.queue().workers() == [frontier.queue.worker]
            frontier.withdraw()
            frontier.queue.server.close()
            assert (crew.queue().workers(), crew.control("starting")) == ([], "0")

    asyncio.run(story())
