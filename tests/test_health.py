from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from crawler.frontier.vitals import Vitals
from crawler.health import instances_here
from tests.commands import answer, run
from tests.queues import Crew, crew_at, link, push, take

ELSEWHERE = "elsewhere-00000000:1:abcdef01"
IN_2100_MS = 4_102_444_800_000


@pytest.fixture
def crew(valkey: str) -> Iterator[Crew]:
    with crew_at(valkey) as crew:
        yield crew


def judged(valkey: str, *words: str) -> tuple[int, list[str]]:
    ended = run("health", *words, "-s", f"REDIS_URL={valkey}")
    assert ended.stderr == ""
    return ended.returncode, ended.stdout.splitlines()


def test_an_instance_of_this_machine_is_well(valkey: str, crew: Crew) -> None:
    queue = crew.join()
    queue.execute(Vitals(every_s=5).command(queue))
    assert judged(valkey) == (0, ["1 instance at work, all well."])
    found = answer("health", "videos", "-s", f"REDIS_URL={valkey}")
    assert found["healthy"]
    assert [(one["worker"], one["trouble"]) for one in found["instances"]] == [(queue.worker, None)]


def test_one_of_another_machine_or_of_another_crawl_does_not_count(valkey: str, crew: Crew) -> None:
    queue = crew.join()
    assert judged(valkey, "users") == (1, ["No instance of this machine is at work."])
    assert judged(valkey, "-s", "CRAWL_ID=nightly")[0] == 1
    crew.server.zrem(crew.keys.workers, queue.worker)
    crew.server.zadd(crew.keys.workers, {ELSEWHERE: IN_2100_MS})
    assert judged(valkey, "videos")[0] == 1


def test_one_whose_lease_has_ended_does_not_count(valkey: str, crew: Crew) -> None:
    queue, other = crew.join(), crew.join()
    crew.let_lapse(queue)
    assert judged(valkey) == (0, ["1 instance at work, all well."])
    crew.let_lapse(other)
    assert judged(valkey)[0] == 1


def test_one_that_has_died_does_not_count(valkey: str, crew: Crew) -> None:
    queue = crew.join()
    machine = queue.worker.rsplit(":", 2)[0]
    crew.server.zrem(crew.keys.workers, queue.worker)
    crew.server.zadd(crew.keys.workers, {f"{machine}:4194305:abcdef01": IN_2100_MS})  # beyond the largest process id
    assert judged(valkey)[0] == 1


def test_one_that_lives_and_says_nothing_is_stuck(valkey: str, crew: Crew) -> None:
    queue = crew.join()
    queue.execute(Vitals(every_s=5).command(queue))
    crew.server.hincrbyfloat(f"{crew.keys.prefix}vitals:{queue.worker}", "told_ms", -61_000)
    code, (counted, trouble) = judged(valkey)
    assert (code, counted) == (1, "1 instance at work.")
    assert "lives, and has said nothing of itself for " in trouble


def test_what_an_instance_has_in_hand_is_read_too(crew: Crew) -> None:
    queue = crew.join()
    push(queue, *(link(f"p{number}") for number in range(3)))
    take(queue, 2)
    (found,) = instances_here(crew.server, crew.keys)
    assert (found.name, found.leases, found.vitals) == (queue.worker, 2, None)
    assert found.lease_ms > 0


def test_where_there_is_no_store_there_is_no_instance(tmp_path: Path) -> None:
    ended = run("health", "-s", f"STORE_DIR={tmp_path / 'none'}")
    assert (ended.returncode, ended.stdout) == (1, "No instance of this machine is at work.\n")
    assert not (tmp_path / "none").exists()


def test_a_redis_that_does_not_answer_says_nothing_of_the_instance(tmp_path: Path) -> None:
    ended = run("health", "-s", f"REDIS_URL=unix://{tmp_path}/none.sock")
    assert ended.returncode == 2
    assert "does not answer" in ended.stderr


def test_a_spider_that_there_is_not_is_a_wrong_argument() -> None:
    ended = run("health", "channels")
    assert ended.returncode == 2
    assert "there is no spider channels" in ended.stderr


def test_an_identity_may_come_from_the_environment(valkey: str) -> None:
    with crew_at(valkey, "videos@nightly") as crew:
        queue = crew.join()
        found = run("health", "--json", REDIS_URL=valkey, CRAWL_ID="nightly", PATH="/usr/bin:/bin")
        assert found.returncode == 0, found
        assert queue.worker in found.stdout
