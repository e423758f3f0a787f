from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import pytest

from crawler.frontier.survey import Worker
from crawler.frontier.worker import machine
from tests.queues import Crew, crew_at, push
from tests.surveys import look, say


@pytest.fixture
def crew(valkey: str) -> Iterator[Crew]:
    with crew_at(valkey) as crew:
        yield crew


def test_an_instance_is_told_by_its_machine_and_process(crew: Crew) -> None:
    queue = crew.join()
    say(queue, age_s=100.0)
    (worker,) = look(crew).workers
    assert worker.pid is not None
    assert worker.name.startswith(f"{worker.host}-")
    assert worker.age_s is not None
    assert worker.age_s >= 100
    assert not worker.is_dead
    assert worker.title == f"{worker.host} {worker.pid}"


def test_an_instance_of_a_fleet_goes_by_its_place_too(crew: Crew) -> None:
    say(crew.join(), place="users-1")
    (worker,) = look(crew).workers
    assert worker.title == f"users-1 ({worker.host} {worker.pid})"


def test_an_instance_that_was_killed_on_this_machine_is_known_to_be_dead(crew: Crew) -> None:
    queue = crew.queue()
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    queue.worker = f"{machine()}:{process.pid}:00000000"
    queue.join()
    push(queue, "a")
    found = look(crew)
    assert [worker.is_dead for worker in found.workers] == [True]
    assert found.state == "interrupted"


def test_a_lease_that_is_over_is_told(crew: Crew) -> None:
    queue = crew.join()
    crew.let_lapse(queue)
    (worker,) = look(crew).workers
    assert worker.lease_ms < 0


@pytest.mark.parametrize("name", ["", "x", "a:b", "vm:1:2", "a-b:x:y", "é\x00"])
def test_a_worker_of_any_name_is_told(name: str) -> None:
    worker = Worker(name=name, lease_ms=1, leases=0)
    assert isinstance(worker.host, str)
    assert worker.pid is None or worker.pid >= 0


def test_a_crawl_whose_instance_waits_for_seeds_is_idle_and_without_one_complete(crew: Crew) -> None:
    queue = crew.join()
    say(queue, stays=True)
    assert look(crew).state == "idle"
    queue.leave()
    assert look(crew).state == "complete"
