from __future__ import annotations

import asyncio
import fcntl
import logging
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from redis import Redis
from scrapy import Request, Spider

from crawler.frontier import courier, patience, store
from crawler.frontier.frontier import Frontier
from crawler.frontier.store import EmbeddedStore
from tests.couriers import DEADLINE_S, FOREVER_MS, instance
from tests.crawls import crawl, end, start, until_lines
from tests.faults.relay import Relay, relay
from tests.frontiers import Engine, crawler_at, engine_of, until
from tests.instances import Server
from tests.queues import crew_at
from tests.site import Catalogue, Quirks, running_site

SOON_S = 0.2
"""How long an answer is waited for at the end, in a test."""


class Pages(Spider):
    name = "pages"


@pytest.fixture
def line(valkey: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Relay]:
    """What leads to the server; who is to end does not wait for it for long."""
    monkeypatch.setattr(courier, "LAST_WORDS_S", SOON_S)
    monkeypatch.setattr(patience, "LAST_WORDS_S", SOON_S)
    with relay(valkey) as line:
        yield line


@contextmanager
def stopped(url: str) -> Iterator[Server]:
    """Let a server be there and not answer."""
    server = Server(url)
    signal.pidfd_send_signal(server.descriptor, signal.SIGSTOP)
    try:
        yield server
    finally:
        with suppress(ProcessLookupError):
            signal.pidfd_send_signal(server.descriptor, signal.SIGCONT)
        os.close(server.descriptor)


def pause(line: Relay) -> None:
    """Let nothing through from now on."""
    line.pause()
    asyncio.run_coroutine_threadsafe(asyncio.sleep(0), line.loop).result(DEADLINE_S)


def end_of(line: Relay, fault: str) -> None:
    """Let a frontier end while it has something to tell, and Redis a fault."""

    async def told() -> None:
        crawler = crawler_at(line.url, Pages)
        frontier = Frontier.of(crawler)
        assert crawler.spider is not None
        crawler.engine = Engine(crawler.spider)  # type: ignore[assignment]
        frontier.open(crawler.spider)
        await until(lambda: frontier.execute("PING"))
        pause(line) if fault == "pause" else line.refuse()
        frontier.handover.push(Request("https://site.example/"))
        await frontier.close("shutdown")
        assert not frontier.has_left
        assert engine_of(crawler).closed == []
        line.resume() if fault == "pause" else line.accept()
        await asyncio.to_thread(frontier.courier.join, DEADLINE_S)
        frontier.queue.server.close()

    asyncio.run(told())


@pytest.mark.parametrize("fault", ["pause", "refuse"])
def test_who_ends_while_redis_is_away_says_what_becomes_of_the_rest_and_drops_no_queue(
    line: Relay, fault: str, caplog: pytest.LogCaptureFixture
) -> None:
    end_of(line, fault)
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []
    assert "what was in hand is handed out again when the lease ends" in caplog.text
    assert "anew=1" not in caplog.text


def test_who_ends_and_finds_the_crawl_gone_says_so(valkey: str, caplog: pytest.LogCaptureFixture) -> None:
    async def told() -> None:
        crawler = crawler_at(valkey, Pages)
        frontier = Frontier.of(crawler)
        assert crawler.spider is not None
        crawler.engine = Engine(crawler.spider)  # type: ignore[assignment]
        frontier.open(crawler.spider)
        frontier.closing = True
        with crew_at(valkey, Pages.name) as crew:
            crew.server.flushall()
        frontier.handover.push(Request("https://site.example/"))
        await frontier.close("shutdown")
        frontier.queue.server.close()

    asyncio.run(told())
    assert "The queue is lost: the crawl's keys below {crawler}:pages: are gone from Redis" in caplog.text


def test_an_answer_that_does_not_come_is_not_waited_for_until_the_connection_gives_up(line: Relay) -> None:
    with instance(line.url, patience_s=FOREVER_MS / 1000) as one:
        pause(line)
        one.push("a")
        one.start()
        one.courier.stop()
        assert not one.courier.wait_for_end()
        line.resume()
        one.courier.join(DEADLINE_S)
        assert one.courier.wait_for_end()


def test_the_last_one_out_leaves_a_silent_server_to_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(store, "PING_S", SOON_S)
    last = EmbeddedStore(tmp_path)
    url = last.attach()
    with stopped(url) as server:
        last.revive()
        last.release()
        assert f"(pid {server.pid}) does not answer, and is left alone" in caplog.text
        assert server.is_running()
        signal.pidfd_send_signal(server.descriptor, signal.SIGCONT)
        with EmbeddedStore(tmp_path) as again, Redis.from_url(again) as client:
            assert client.info()["process_id"] == server.pid
        assert server.has_ended()


@pytest.mark.parametrize("act", ["revive", "release"])
def test_who_leaves_does_not_wait_for_one_that_waits_for_the_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, act: str
) -> None:
    monkeypatch.setattr(store, "RELEASE_S", SOON_S)
    one, other = EmbeddedStore(tmp_path), EmbeddedStore(tmp_path)
    server = Server(one.attach())
    with (tmp_path / "start.lock").open() as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        getattr(one, act)()
        assert server.is_running()
    other.attach()
    one.release()
    other.release()
    assert server.has_ended(), "nobody holds it any more"
    os.close(server.descriptor)


def test_an_instance_ends_while_its_server_is_silent_and_the_next_start_goes_on(tmp_path: Path) -> None:
    with running_site(Catalogue.generate(users=10, videos=40), Quirks(rate_limit=False)) as site:
        command = "videos", tmp_path, f"url={site.url}"
        process = start(*command, "DOWNLOAD_DELAY=0.1")
        until_lines(process, tmp_path / "records.jsonl", 2)
        with stopped(f"unix://{tmp_path}/store/valkey.sock"):
            process.send_signal(signal.SIGTERM)
            ended = end(process, tmp_path)
        resumed = crawl(*command)
    assert ended.exit_code == 0
    assert "Spider closed (shutdown)" in ended.log
    assert "does not answer, and is left alone" in ended.log
    assert [word for word in ("] ERROR", "Traceback", "Summary of") if word in ended.log] == []
    assert sorted(record["id"] for record in resumed.records) == sorted(site.truth.videos)
