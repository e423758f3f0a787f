from __future__ import annotations

import asyncio
import fcntl
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import cast
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from redis import ConnectionError as RedisConnectionError
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from scrapy import Spider
from scrapy.crawler import Crawler
from scrapy.exporters import JsonLinesItemExporter
from scrapy.utils.test import get_crawler

from crawler.feeds.jsonlines import FeedFile, FeedSink, LocalFileStorage
from crawler.feeds.lines import LineFile
from crawler.feeds.noted import feed_name
from crawler.frontier.frontier import Frontier
from crawler.frontier.keys import Keys
from crawler.frontier.queue import Queue
from tests.couriers import lasts
from tests.crawls import crawl, end, lines, start
from tests.site import Catalogue, Quirks, running_site

ROOT = Path(__file__).parent.parent
DEADLINE_S = 60
KEYS = Keys("videos")
EARLIER = b'{"id": "of an earlier crawl"}\n'

INSTANCE = """
import os, signal, sys
from pathlib import Path
from redis import Redis
from crawler.feeds.jsonlines import FeedSink
from crawler.frontier.frontier import Frontier
from crawler.frontier.keys import Keys
from crawler.frontier.queue import Queue
class KilledQueue(Queue):
    def begin_feed(self, name, size):
        os.kill(os.getpid(), signal.SIGKILL)
url, name, *paths = sys.argv[1:]
queue = (KilledQueue if name == "killed" else Queue)(Redis.from_url(url), Keys("videos"))
queue.server.ping()
print("ready", flush=True)
sys.stdin.readline()
for path in paths:
    sink = FeedSink(Path(path), queue, overwrite=True)
    for number in range(3):
        sink.append(f"{name} {number}\\n".encode(), lambda: None)
"""


class Videos(Spider):
    name = "videos"


@pytest.fixture
def queue(valkey: str) -> Iterator[Queue]:
    with Redis.from_url(valkey) as server:
        yield Queue(server, KEYS)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "out" / "videos.jsonl"


def instance(valkey: str, name: str, *paths: Path) -> subprocess.Popen[str]:
    """Start a process that is about to append three lines to each file."""
    command = [sys.executable, "-c", INSTANCE, valkey, name, *map(str, paths)]
    process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)  # noqa: S603
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


async def frontier_of(crawler: Crawler) -> Frontier:
    return Frontier.of(crawler)


def earlier(path: Path) -> Path:
    with LineFile(path) as file:
        file.write(EARLIER)
    return path


@given(st.lists(st.binary(max_size=20).map(lambda data: data.replace(b"\r", b"\n")), max_size=10))
def test_an_exporter_hands_on_whole_lines_only(parts: list[bytes]) -> None:
    taken: list[bytes] = []
    with FeedFile(taken.append) as file:
        for end, part in enumerate(parts, 1):
            assert file.write(part) == len(part)
            so_far = b"".join(parts[:end])
            assert b"".join(taken) == so_far[: so_far.rfind(b"\n") + 1]
    assert all(lines.endswith(b"\n") for lines in taken)


def test_scrapys_exporter_hands_on_a_line_a_record() -> None:
    taken: list[bytes] = []
    exporter = JsonLinesItemExporter(cast("BytesIO", FeedFile(taken.append)), encoding="utf-8")
    exporter.start_exporting()
    exporter.export_item({"id": 1, "name": "Zoë"})
    exporter.export_item({"id": 2, "name": None})
    exporter.finish_exporting()
    assert taken == ['{"id": 1, "name": "Zoë"}\n'.encode(), b'{"id": 2, "name": null}\n']


@pytest.mark.parametrize("overwrite", [False, True])
def test_a_new_file_is_noted_with_the_size_that_it_begins_with(queue: Queue, path: Path, *, overwrite: bool) -> None:
    sink = FeedSink(path, queue, overwrite=overwrite)
    sink.append(b"", lasts)
    assert path.read_bytes() == b""
    sink.append(b"one\n", lasts)
    sink.append(b"two\n", lasts)
    assert path.read_bytes() == b"one\ntwo\n"
    assert queue.server.hget(KEYS.feeds, feed_name(path)) == b"0"


def test_a_file_that_is_appended_to_keeps_its_lines_and_is_noted_with_their_size(queue: Queue, path: Path) -> None:
    FeedSink(earlier(path), queue).append(b"one\n", lasts)
    FeedSink(path, queue).append(b"two\n", lasts)
    assert path.read_bytes() == EARLIER + b"one\ntwo\n"
    assert queue.server.hget(KEYS.feeds, feed_name(path)) == str(len(EARLIER)).encode()


def test_a_torn_line_does_not_count_to_the_size(queue: Queue, path: Path) -> None:
    with earlier(path).open("ab") as file:
        file.write(b'{"torn')
    FeedSink(path, queue).append(b"one\n", lasts)
    assert queue.server.hget(KEYS.feeds, feed_name(path)) == str(len(EARLIER)).encode()


def test_a_file_is_begun_anew_by_the_first_instance_only(queue: Queue, path: Path) -> None:
    first, second = (FeedSink(earlier(path), queue, overwrite=True) for _ in range(2))
    first.append(b"one\n", lasts)
    second.append(b"two\n", lasts)
    first.append(b"three\n", lasts)
    FeedSink(path, queue, overwrite=True).append(b"after a restart\n", lasts)
    assert path.read_bytes() == b"one\ntwo\nthree\nafter a restart\n"


def test_a_file_that_the_crawl_has_appended_to_is_not_begun_anew(queue: Queue, path: Path) -> None:
    FeedSink(earlier(path), queue).append(b"one\n", lasts)
    FeedSink(path, queue, overwrite=True).append(b"two\n", lasts)
    assert path.read_bytes() == EARLIER + b"one\ntwo\n"


def test_a_file_that_a_link_leads_to_is_the_same_file(queue: Queue, path: Path) -> None:
    FeedSink(earlier(path), queue, overwrite=True).append(b"one\n", lasts)
    link = path.with_name("link.jsonl")
    link.symlink_to(path)
    FeedSink(link, queue, overwrite=True).append(b"two\n", lasts)
    assert path.read_bytes() == b"one\ntwo\n"


def test_a_file_that_two_machines_share_is_begun_anew_by_the_first_only(
    queue: Queue, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    FeedSink(earlier(path), queue, overwrite=True).append(b"one\n", lasts)
    monkeypatch.setattr(socket, "gethostname", lambda: "another")
    FeedSink(path, queue, overwrite=True).append(b"two\n", lasts)
    assert path.read_bytes() == b"one\ntwo\n"


def test_a_file_of_that_name_on_another_machine_is_begun_anew_too(
    queue: Queue, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    FeedSink(path, queue, overwrite=True).append(b"one\n", lasts)
    monkeypatch.setattr(socket, "gethostname", lambda: "another")
    other = earlier(path.parent / "other" / path.name)
    os.utime(other, ns=(0, path.stat().st_mtime_ns - 10**9))
    FeedSink(other, queue, overwrite=True).append(b"two\n", lasts)
    assert other.read_bytes() == b"two\n"


def test_a_file_is_emptied_and_noted_under_its_lock(queue: Queue, path: Path) -> None:
    seen = []

    class Watched(Queue):
        def begin_feed(self, name: str, size: int) -> int:
            with path.open("rb") as other, pytest.raises(BlockingIOError):
                fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
            seen.append(path.read_bytes())
            return super().begin_feed(name, size)

    FeedSink(earlier(path), Watched(queue.server, KEYS), overwrite=True).append(b"one\n", lasts)
    assert seen == [b"", b""]


def test_instances_that_start_together_begin_each_file_anew_once(valkey: str, tmp_path: Path) -> None:
    paths = [earlier(tmp_path / f"{number}.jsonl") for number in range(40)]
    instances = [instance(valkey, str(number), *paths) for number in range(3)]
    for process in instances:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in instances:
        process.communicate(timeout=DEADLINE_S)
    expected = sorted(f"{name} {number}" for name in range(3) for number in range(3))
    assert [sorted(path.read_text().splitlines()) for path in paths] == [expected] * len(paths)


def test_a_kill_between_emptying_and_noting_the_file_costs_nothing(valkey: str, queue: Queue, path: Path) -> None:
    killed = instance(valkey, "killed", earlier(path))
    killed.communicate("go\n", timeout=DEADLINE_S)
    assert killed.returncode == -signal.SIGKILL
    assert path.read_bytes() == b""
    assert not queue.server.exists(KEYS.feeds)
    FeedSink(path, queue, overwrite=True).append(b"one\n", lasts)
    assert path.read_bytes() == b"one\n"


def test_without_redis_nothing_is_emptied_or_written_until_it_is_back(queue: Queue, path: Path) -> None:
    gone = Redis(unix_socket_path=str(path.with_name("no.sock")), retry=Retry(NoBackoff(), 0))
    sink = FeedSink(earlier(path), Queue(gone, KEYS), overwrite=True)
    with pytest.raises(RedisConnectionError):
        sink.append(b"one\n", lasts)
    assert path.read_bytes() == EARLIER
    sink.queue.server = queue.server
    sink.append(b"one\n", lasts)
    assert path.read_bytes() == b"one\n"


def test_what_redis_has_lost_is_noted_again_when_the_instance_joins_again(queue: Queue, path: Path) -> None:
    queue.join()
    sink = FeedSink(earlier(path), queue)
    sink.append(b"one\n", lasts)
    queue.server.flushall()
    queue.join()
    sink.append(b"two\n", lasts)
    FeedSink(path, queue, overwrite=True).append(b"three\n", lasts)
    assert path.read_bytes() == EARLIER + b"one\ntwo\nthree\n"
    assert queue.server.hget(KEYS.feeds, feed_name(path)) == str(len(EARLIER)).encode()


def test_a_file_that_is_begun_anew_is_not_emptied_again_when_redis_loses_that(queue: Queue, path: Path) -> None:
    queue.join()
    sink = FeedSink(earlier(path), queue, overwrite=True)
    sink.append(b"one\n", lasts)
    queue.server.flushall()
    queue.join()
    sink.append(b"two\n", lasts)
    assert path.read_bytes() == b"one\ntwo\n"


def test_a_file_that_cannot_be_opened_is_named(queue: Queue, path: Path) -> None:
    path.mkdir(parents=True)
    sink = FeedSink(path, queue)
    with pytest.raises(IsADirectoryError) as caught:
        sink.append(b"one\n", lasts)
    assert caught.value.filename == str(path)
    path.rmdir()
    sink.append(b"one\n", lasts)
    assert path.read_bytes() == b"one\n"


def test_when_the_crawl_is_complete_what_it_has_written_twice_is_dropped(
    valkey: str, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    one, two = (b'{"kind": "video", "site": "s", "id": "%d"}\n' % number for number in (1, 2))
    with LineFile(path) as file:
        file.write(one + one)
    crawler = get_crawler(Videos, {"SCHEDULER": "crawler.frontier.scheduler.Scheduler", "REDIS_URL": valkey})
    frontier = asyncio.run(frontier_of(crawler))
    sink = LocalFileStorage.from_crawler(crawler, str(path), feed_options={"format": "jsonl"}).sink()
    assert sink is not None
    frontier.tidy()
    for written in (one, two, one):
        sink.append(written, lasts)
    blocker = path.with_name(f".{path.name}.keep")
    blocker.mkdir()
    frontier.tidy()
    assert f"{path} may hold records twice, because it cannot be rewritten (Is a directory)" in caplog.text
    blocker.rmdir()
    assert path.read_bytes() == one + one + one + two + one
    frontier.tidy()
    assert path.read_bytes() == one + one + two + one
    assert crawler.stats.get_value("feeds/duplicates_dropped") == 1


def test_files_of_instances_that_have_gone_are_put_in_order_too(
    valkey: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    one, two = (b'{"kind": "video", "site": "s", "id": "%d"}\n' % number for number in (1, 2))
    crawler = get_crawler(Videos, {"SCHEDULER": "crawler.frontier.scheduler.Scheduler", "REDIS_URL": valkey})
    frontier = asyncio.run(frontier_of(crawler))
    own = LocalFileStorage.from_crawler(crawler, str(tmp_path / "own.jsonl"), feed_options={"format": "jsonl"})
    assert own.sink() is not None
    with monkeypatch.context() as elsewhere:
        elsewhere.setattr(socket, "gethostname", lambda: "another")
        FeedSink(tmp_path / "elsewhere.jsonl", frontier.queue).append(one + one, lasts)
    names = [tmp_path / f"{name}.jsonl" for name in ("gone", "removed", "blocked", "last")]
    gone, removed, blocked, last = names
    gone.write_bytes(one + one)
    for path in names:
        FeedSink(path, frontier.queue).append(one + two + one, lasts)
    removed.unlink()
    (tmp_path / ".blocked.jsonl.keep").mkdir()
    frontier.tidy()
    assert gone.read_bytes() == one + one + two + one
    assert last.read_bytes() == two + one
    assert blocked.read_bytes() == one + two + one
    assert not removed.exists()
    assert (tmp_path / "elsewhere.jsonl").read_bytes() == one + one
    assert f"{blocked} may hold records twice, because it cannot be rewritten (Is a directory)" in caplog.text
    assert crawler.stats.get_value("feeds/duplicates_dropped") == 2


def test_several_instances_fill_one_file_which_is_begun_anew_once(valkey: str, tmp_path: Path) -> None:
    feed = earlier(tmp_path / "records.jsonl")
    with running_site(Catalogue.generate(users=10, videos=60), Quirks(rate_limit=False)) as site:
        command = "videos", tmp_path, f"url={site.url}", f"REDIS_URL={valkey}"
        ended = [end(process, tmp_path) for process in [start(*command) for _ in range(2)]]
    assert [one.exit_code for one in ended] == [0, 0]
    assert sorted(record["id"] for record in lines(feed)) == sorted(site.truth.videos)


@pytest.mark.parametrize(("option", "left"), [("-O", b""), ("-o", EARLIER)])
def test_a_crawl_that_finds_nothing_leaves_an_empty_file_or_the_former_one(
    tmp_path: Path, option: str, left: bytes
) -> None:
    feed = earlier(tmp_path / "records.jsonl")
    with running_site(Catalogue.generate(users=2, videos=4), Quirks(rate_limit=False)) as site:
        crawl("videos", tmp_path, f"url={site.url}/videos/watch/{uuid4()}", option=option)
    assert feed.read_bytes() == left
