from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest
from redis import Redis
from rich.console import Console

from crawler.board import MOST_HOSTS, MOST_LISTINGS, lines_of, screen_of
from crawler.commands.status import fitting
from crawler.frontier.alarms import Alarm
from crawler.frontier.keys import Keys
from crawler.frontier.queue import Queue
from crawler.frontier.vitals import Asked, Disk, Vitals
from crawler.items import RecordKey
from crawler.status import Observer, Status
from tests.books import Book
from tests.commands import answer, run
from tests.crawls import DEADLINE_S, ROOT, STARTED, end, start, until_lines
from tests.queues import SITE, Crew, crew_at, link, push, take, tell
from tests.site import Catalogue, Quirks, running_site

GIB = 1024**3
HOUR_MS = 3_600_000


@pytest.fixture
def crew(valkey: str) -> Iterator[Crew]:
    with crew_at(valkey) as crew:
        yield crew


@pytest.fixture
def status(crew: Crew) -> Status:
    """Of a crawl with something of everything."""
    queue = crew.join()
    push(queue, *(link(f"p{number}") for number in range(9)), link("q", ""))
    taken = take(queue, 4)
    tell(queue, dead=[(next(iter(taken.values())), "x")])
    vitals = Vitals(
        age_s=3_725,
        every_s=5,
        pages=40,
        records=30,
        pages_per_s=2.5,
        memory_bytes=150 * 1024**2,
        cpu_share=0.3,
        delay_ms=250,
        hosts={SITE: Asked(requests=200, errors=1)},
        disks=[Disk(path="/data", free=5 * GIB, total=9 * GIB)],
    )
    queue.execute(vitals.command(queue))
    crew.server.hset(crew.keys.control, "seeds", "url=https://site.example")
    book = Book(crew.server, crew.keys)
    rows = [RecordKey("video", "s", name) for name in "abc"]
    book.scribe.listing("videos of s", "video", whole=True, declared=4, listed=rows)
    book.record(*rows[:2])
    return Observer(crew.server, {"users": Keys("users"), "videos": crew.keys}).look()


def test_a_reader_sees_a_crawl_as_lines(status: Status) -> None:
    lines = list(lines_of(status))
    assert lines[0] == "ALARM dead_letters: videos: 1 request was given up: see scrapy dead videos."
    assert lines[1:4] == [
        "No crawl of users here",
        "videos: running, 1 instance, url=https://site.example",
        "  6 pending, 3 leased, 0 done, 1 dead, 2 records",
    ]
    assert "  all videos: 2 found of 4 declared (50.0 %), 0 refused, 0 failed" in lines
    assert "  videos of s (videos): 4 declared, 3 listed, 2 found, 2 missing" in lines
    assert any(
        line.startswith(f"  host {SITE}: pending 6, ") and "delay 0.25 s, errors 0.5 %" in line for line in lines
    )
    assert "age 1:02:05, pages/s 2.5, memory 150 MiB, cpu 30 %, leased 3" in lines[-1]


def test_a_terminal_shows_the_same_as_tables(status: Status) -> None:
    console = Console(width=160, record=True, force_terminal=True, file=StringIO())
    console.print(screen_of(status, console.width))
    shown = console.export_text()
    for words in (
        "running, 1 instance",
        "No crawl of users here",
        "1:02:05",
        "150 MiB",
        "0.5 %",
        "! videos: 1 request",
    ):
        assert words in shown


def test_a_spider_without_a_crawl_is_told_of_where_it_was_named_or_there_is_nothing_else(status: Status) -> None:
    unnamed = replace(status, named=False)
    assert "No crawl of users here" in list(lines_of(status))
    assert "No crawl of users here" not in list(lines_of(unnamed))
    assert [one["crawl"] for one in unnamed.as_json()["crawls"]] == ["users", "videos"]
    assert list(lines_of(Status({"users": None}, named=False))) == ["No crawl of users here"]


@pytest.mark.parametrize("height", [2, 6, 10])
def test_a_low_window_shows_alarms_first_and_how_many_lines_are_missing(status: Status, height: int) -> None:
    whole, low = (Console(width=100, height=lines, record=True, file=StringIO()) for lines in (200, height))
    whole.print(fitting(status, whole))
    low.print(fitting(status, low))
    lines, seen = whole.export_text().splitlines(), low.export_text().splitlines()
    assert len(seen) == height
    assert seen[0].startswith("! videos: 1 request")
    assert [line.rstrip() for line in seen[:-1]] == [line.rstrip() for line in lines[: height - 1]]
    assert seen[-1] == f"… {len(lines) - height + 1} more lines: a higher window shows them"


def test_all_of_it_is_one_object_of_json(status: Status) -> None:
    told = json.loads(json.dumps(status.as_json()))
    assert told["alarms"] == [
        {"kind": "dead_letters", "crawl": "videos", "text": "1 request was given up: see scrapy dead videos."}
    ]
    assert told["redis"]["policy"] == "noeviction"
    users, videos = told["crawls"]
    assert users == {"crawl": "users", "state": "none"}
    assert (videos["pending"], videos["leased"], videos["done"], videos["dead"]) == (6, 3, 0, 1)
    numbers = {"kind": "video", "declared": 4, "listed": 3, "found": 2, "refused": 0, "failed": 0, "share": 0.5}
    numbers |= {"missing": 2, "max_per_user": None}
    assert videos["completeness"] == [{**numbers, "missing_ids": []}]
    assert videos["listings"] == [{"name": "videos of s", **numbers, "missing_ids": ["c"]}]
    (host,) = videos["hosts"]
    assert (host["host"], host["pending"], host["delay_s"], host["error_rate"]) == (SITE, 6, 0.25, 0.005)
    (worker,) = videos["workers"]
    assert (worker["memory_bytes"], worker["pages_per_s"], worker["leased"]) == (150 * 1024**2, 2.5, 3)
    assert worker["disks"] == [{"path": "/data", "free_bytes": 5 * GIB, "total_bytes": 9 * GIB}]


def test_every_name_of_the_json_is_documented(status: Status) -> None:
    page = (ROOT / "docs" / "status.md").read_text("utf-8")
    told = status.as_json()
    names = set(told) | set(told["redis"]) | set(told["alarms"][0]) | set(told["crawls"][1])
    for part in ("hosts", "workers", "completeness", "listings"):
        names |= set(told["crawls"][1][part][0])
    names |= set(told["crawls"][1]["workers"][0]["disks"][0]) | set(told["crawls"][1]["rates"]["1_min"])
    assert {name for name in names if f"`{name}`" not in page} == set()


def test_the_listings_that_lack_most_are_shown_first_and_json_has_all(crew: Crew) -> None:
    crew.join()
    book = Book(crew.server, crew.keys)
    for number in range(MOST_LISTINGS + 5):
        rows = [RecordKey("video", "s", f"{number}-0")]
        book.scribe.listing(f"videos of {number}", "video", whole=False, declared=1 + number, listed=rows)
        book.record(*rows)
    status = Observer(crew.server, {"videos": crew.keys}).look()
    lines = [line for line in lines_of(status) if line.startswith("  videos of ")]
    assert lines[0] == "  videos of 24 (videos): 25 declared, 1 listed, 1 found, 24 missing"
    assert len(lines) == MOST_LISTINGS
    assert "  … and 4 more incomplete listings (--json has all)" in list(lines_of(status))
    told = status.as_json()["crawls"][0]["listings"]
    assert [one["missing"] for one in told] == sorted(range(MOST_LISTINGS + 5), reverse=True)


def test_without_completeness_no_listing_is_told(crew: Crew) -> None:
    crew.join()
    Book(crew.server, crew.keys).scribe.listing("videos of s", "video", whole=True, declared=4, listed=[])
    status = Observer(crew.server, {"videos": crew.keys}, quick=True).look()
    assert status.as_json()["crawls"][0]["listings"] == []


def test_most_hosts_are_counted_only(crew: Crew) -> None:
    push(crew.join(), *(link(f"{number}", f"{number}.example") for number in range(MOST_HOSTS + 3)))
    lines = list(lines_of(Observer(crew.server, {"videos": crew.keys}, quick=True).look()))
    assert sum(line.startswith("  host ") for line in lines) == MOST_HOSTS
    assert "  … and 3 more hosts" in lines


def test_how_complete_it_is_can_be_left_out(crew: Crew) -> None:
    crew.join()
    Book(crew.server, crew.keys).record(RecordKey("video", "s", "a"))
    for quick, counts in ((True, 0), (False, 1)):
        (crawl,) = Observer(crew.server, {"videos": crew.keys}, quick=quick).look().as_json()["crawls"]
        assert len(crawl["completeness"]) == counts


def test_an_alarm_of_the_store_is_nobodys() -> None:
    status = Status({}, alarms=(Alarm("eviction", "It drops keys."),))
    assert list(lines_of(status)) == ["ALARM eviction: It drops keys."]
    assert status.as_json() == {
        "crawls": [],
        "alarms": [{"kind": "eviction", "crawl": None, "text": "It drops keys."}],
        "redis": None,
    }


# --- the command ---


def test_without_a_crawl_it_says_so_and_makes_no_store(tmp_path: Path) -> None:
    shown = run("status", "users", "-s", f"STORE_DIR={tmp_path / 'store'}")
    assert (shown.returncode, shown.stdout, shown.stderr) == (0, "No crawl of users here\n", "")
    assert list(tmp_path.iterdir()) == []


def test_alarms_are_an_exit_code(crew: Crew, valkey: str) -> None:
    queue = crew.join()
    assert run("status", "-s", f"REDIS_URL={valkey}").returncode == 0
    push(queue, "a")
    tell(queue, dead=[(one, "x") for one in take(queue).values()])
    shown = run("status", "-s", f"REDIS_URL={valkey}")
    assert (shown.returncode, shown.stderr) == (1, "")
    assert "ALARM dead_letters" in shown.stdout


def test_a_redis_that_may_drop_requests_is_looked_at_and_is_an_alarm(valkey: str) -> None:
    with Redis.from_url(valkey) as server:
        server.config_set("maxmemory-policy", "allkeys-lru")
        try:
            told = answer("status", "videos", "-s", f"REDIS_URL={valkey}")
        finally:
            server.config_set("maxmemory-policy", "noeviction")
    assert [alarm["kind"] for alarm in told["alarms"]] == ["eviction"]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["nobody"], "there is no spider nobody"),
        (["--watch", "--json"], "--watch draws, and --json prints one object"),
        (["-s", "REDIS_URL=redis://127.0.0.1:1/0"], "does not answer"),
    ],
)
def test_what_cannot_work_is_said_in_a_sentence(words: list[str], sentence: str) -> None:
    ended = run("status", *words)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert sentence in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_watched_crawl_is_shown_until_a_signal_to_stop(crew: Crew, valkey: str, number: signal.Signals) -> None:
    push(crew.join(), "a")
    words = ("status", "videos", "--watch", "-s", f"REDIS_URL={valkey}")
    command = [sys.executable, "-W", "error", "-m", "scrapy", *words]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:  # noqa: S603
        STARTED.append(process)
        assert process.stdout is not None
        assert process.stdout.readline().startswith("videos: running")
        process.send_signal(number)
        _, errors = process.communicate(timeout=DEADLINE_S)
    assert (process.returncode, errors) == (0, "")


def test_instances_of_a_real_crawl_are_seen_at_work_and_gone_when_they_are_stopped(tmp_path: Path) -> None:
    store = ("-s", f"STORE_DIR={tmp_path / 'store'}")
    with running_site(Catalogue.generate(users=4, videos=40), Quirks(rate_limit=False)) as site:
        instance = start("videos", tmp_path, f"url={site.url}", "DOWNLOAD_DELAY=0.05", "VITALS_INTERVAL_S=0.2")
        until_lines(instance, tmp_path / "records.jsonl", 1)
        with Redis(unix_socket_path=str(tmp_path / "store" / "valkey.sock")) as server:
            queue = Queue(server, Keys("videos"))
            queue.call(*queue.hold_words("127.0.0.1", HOUR_MS, slower=False))
        running = answer("status", "videos", *store)
        instance.send_signal(signal.SIGINT)
        ended = end(instance, tmp_path)
        assert ended.exit_code == 0, ended.log
        stopped = answer("status", "videos", *store)
    (crawl,) = running["crawls"]
    (worker,) = crawl["workers"]
    assert (crawl["state"], worker["pid"]) == ("running", instance.pid)
    assert crawl["seeds"].startswith(f"url={site.url}")
    assert worker["memory_bytes"] > 10_000_000
    assert [disk["path"] for disk in worker["disks"]] == [str(tmp_path)]
    (host,) = crawl["hosts"]
    assert (host["host"], host["delay_s"], host["next_in_s"] > 60) == ("127.0.0.1", 0.05, True)
    (crawl,) = stopped["crawls"]
    assert (crawl["state"], crawl["workers"], crawl["leased"], crawl["records"]) == (
        "interrupted",
        [],
        0,
        len(ended.records),
    )
    assert crawl["pending"] > 0
    assert (running["alarms"], stopped["alarms"]) == ([], [])
