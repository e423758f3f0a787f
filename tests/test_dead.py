from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from crawler.frontier.queue import NewLink, Queue
from tests.commands import answer, run
from tests.faults.servers import RULES
from tests.queues import SITE, Crew, crew_at, ids, link, push, signed_in, take, tell

PAGE = f"https://{SITE}/"


@pytest.fixture
def crew(valkey: str) -> Iterator[Crew]:
    with crew_at(valkey) as crew:
        yield crew


@pytest.fixture
def queue(crew: Crew) -> Queue:
    """A worker that has made three dead letters."""
    queue = crew.join()
    push(queue, link(f"{PAGE}a"), link("https://other.example/b", "other.example"))
    tell(queue, dead=[(one, "5 crashes") for one in take(queue).values()])
    push(queue, NewLink(None, SITE, 0, False, b"no request"))  # noqa: FBT003 - as it is told
    tell(queue, dead=[(one, "not_json: line 1") for one in ids(queue.pop(1))])
    return queue


def test_dead_letters_are_lines_for_other_programs(queue: Queue, valkey: str) -> None:
    assert queue.workers()
    shown = run("dead", "videos", "-s", f"REDIS_URL={valkey}")
    assert (shown.returncode, shown.stderr) == (0, "")
    assert shown.stdout == (
        f"videos\t0000000001\t0\t{SITE}\t5 crashes\t{PAGE}a\n"
        "videos\t0000000002\t0\tother.example\t5 crashes\thttps://other.example/b\n"
        "videos\t0000000003\t0\t\tnot_json: line 1\tno request\n"
    )


def test_dead_letters_are_one_object_of_json(queue: Queue, valkey: str) -> None:
    assert queue.workers()
    assert answer("dead", "--host", SITE, "-s", f"REDIS_URL={valkey}") == {
        "letters": [
            {
                "crawl": "videos",
                "id": "0000000001",
                "reason": "5 crashes",
                "deliveries": 0,
                "url": f"{PAGE}a",
                "host": SITE,
                "readable": True,
            }
        ],
        "found": 1,
        "retried": 0,
        "dropped": 0,
        "unreadable": 0,
    }


def test_dead_letters_are_put_back_and_what_cannot_be_read_is_told_of(queue: Queue, valkey: str) -> None:
    ended = run("dead", "videos", "--retry", "-s", f"REDIS_URL={valkey}")
    assert (ended.returncode, ended.stderr) == (1, "")
    assert ended.stdout == (
        "videos: 2 dead letters put back into the queue.\n"
        "videos: 1 not put back, as no instance can read them: --drop forgets them.\n"
    )
    assert len(take(queue)) == 2


def test_dead_letters_are_forgotten_by_reason(crew: Crew, queue: Queue, valkey: str) -> None:
    ended = run("dead", "videos", "--drop", "--reason", "JSON", "-s", f"REDIS_URL={valkey}")
    assert (ended.returncode, ended.stdout) == (0, "videos: 1 dead letter forgotten, and counted as done.\n")
    assert set(crew.letters()) == {f"{PAGE}a", "https://other.example/b"}
    assert queue.beat() == "ok"


def test_without_a_crawl_there_are_none_and_no_store_is_made(tmp_path: Path) -> None:
    ended = run("dead", "users", "-s", f"STORE_DIR={tmp_path / 'store'}")
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "There are no dead letters.\n")
    ended = run("dead", "users", "--reason", "crashes", "-s", f"STORE_DIR={tmp_path / 'store'}")
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "There are no such dead letters.\n")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["nobody"], "there is no spider nobody: there are users, videos."),
        (["--retry", "--drop"], "not allowed with argument"),
        (["-s", "REDIS_URL=redis://127.0.0.1:1/0"], "does not answer"),
    ],
)
def test_what_cannot_work_is_said_in_a_sentence(words: list[str], sentence: str) -> None:
    ended = run("dead", *words)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert sentence in ended.stderr
    assert "Traceback" not in ended.stderr


def test_the_rights_that_an_operator_is_told_to_give_are_enough(crew: Crew, queue: Queue, valkey: str) -> None:
    push(queue, link(f"{PAGE}c"))
    crew.server.execute_command("ACL", "SETUSER", "onlooker", "on", ">open", *RULES)  # type: ignore[no-untyped-call]
    words = ("-s", f"REDIS_URL={signed_in(valkey, 'onlooker', 'open')}")
    try:
        told = [
            answer(*command, *words)
            for command in (["status"], ["explain", "--offline", f"{PAGE}c"], ["dead", "--retry"])
        ]
    finally:
        crew.server.execute_command("ACL", "DELUSER", "onlooker")  # type: ignore[no-untyped-call]
    status, explained, dead = told
    assert [alarm["kind"] for alarm in status["alarms"]] == ["dead_letters"]
    assert explained["crawls"][1]["state"] == "waiting"
    assert (dead["retried"], dead["unreadable"]) == (2, 1)
