from __future__ import annotations

from typing import Any

import pytest
from redis import Redis
from scrapy.settings import Settings

from crawler.frontier.alarms import (
    USUAL,
    Alarm,
    Limits,
    Memory,
    alarms_of_crawl,
    alarms_of_store,
    memory_of,
)
from crawler.frontier.survey import Host, Note, Survey, Worker
from crawler.frontier.vitals import Disk, Vitals

NOW_MS = 10_000_000
GIB = 1024**3
NAME = "paris-0011aabb:7:cafe"


def crawl(**fields: Any) -> Survey:
    """A crawl of which nothing is wrong, but for `fields`."""
    fine: dict[str, Any] = {
        "progress": "working",
        "at_ms": NOW_MS,
        "left": 9,
        "for_the_end": 0,
        "suspects": 0,
        "seeds_waiting": 0,
        "records": 0,
        "control": {"done": "5", "dead": "0"},
        "history": [],
        "workers": [worker()],
        "hosts": [Host(slot="s", pending=9)],
        "hosts_pending": 1,
    }
    return Survey(**(fine | fields))


def worker(**fields: Any) -> Worker:
    fine: dict[str, Any] = {
        "name": NAME,
        "lease_ms": 9_000,
        "leases": 2,
        "told_ms": 1_000,
        "vitals": Vitals(age_s=3_600),
    }
    return Worker(**(fine | fields))


def kinds(one: Survey) -> list[str]:
    return [alarm.kind for alarm in alarms_of_crawl("users", one)]


def stalled(seconds: float = USUAL.stalled_s) -> list[Note]:
    return [Note(int(NOW_MS - 1000 * seconds), 5, 0)]


def test_of_a_crawl_that_does_well_there_are_no_alarms() -> None:
    assert kinds(crawl()) == []
    assert kinds(crawl(history=stalled(USUAL.stalled_s - 1))) == []


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({"progress": "lost"}, "lost"),
        ({"progress": "unread", "workers": []}, "seeds_unread"),
        ({"control": {"done": "5", "dead": "2"}}, "dead_letters"),
        ({"history": stalled()}, "no_progress"),
        ({"workers": [worker(lease_ms=-1_500)]}, "lease_overdue"),
        ({"workers": [worker(is_dead=True)]}, "lease_overdue"),
        ({"workers": [worker(told_ms=60_000)]}, "stuck"),
        (
            {"workers": [worker(vitals=Vitals(disks=[Disk(path="/d", free=GIB - 1, total=1)]))]},
            "feed_disk",
        ),
    ],
)
def test_each_thing_that_is_wrong_is_an_alarm_of_its_kind(fields: dict[str, Any], kind: str) -> None:
    (alarm,) = alarms_of_crawl("users", crawl(**fields))
    assert (alarm.kind, alarm.crawl) == (kind, "users")
    assert alarm.text.endswith(".")


@pytest.mark.parametrize(
    "fields",
    [
        {"left": 0},
        {"progress": "paused", "control": {"done": "5", "paused_ms": "1"}},
        {"workers": []},
        {"hosts": [Host(slot="s", pending=9, next_ms=600_000)], "workers": [worker(leases=0)]},
    ],
)
def test_a_crawl_that_has_to_wait_gets_on_as_it_should(fields: dict[str, Any]) -> None:
    assert kinds(crawl(history=stalled(), **fields)) == []


def test_a_crawl_with_requests_in_hand_does_not_only_wait() -> None:
    assert kinds(crawl(history=stalled(), hosts=[Host(slot="s", pending=9, next_ms=600_000)])) == ["no_progress"]


def test_a_crawl_that_was_interrupted_does_not_stall_since_then() -> None:
    resumed, older = worker(vitals=Vitals(age_s=9)), worker(vitals=Vitals(age_s=299))
    assert kinds(crawl(history=stalled(86_400), workers=[resumed])) == []
    assert kinds(crawl(history=stalled(86_400), workers=[resumed, older])) == ["no_progress"]
    assert kinds(crawl(history=stalled(86_400), workers=[resumed, worker(vitals=None)])) == ["no_progress"]


def test_what_is_an_alarm_is_for_the_operator_to_say() -> None:
    settings = {"NO_PROGRESS_S": "900", "FREE_DISK_LEAST_BYTES": 10, "REDIS_FULL_SHARE": 0.5}
    limits = Limits.from_settings(Settings(settings))
    assert limits == Limits(stalled_s=900, least_free_bytes=10, full_share=0.5)
    assert Limits.from_settings(Settings()) == USUAL
    full = crawl(workers=[worker(vitals=Vitals(age_s=3_600, disks=[Disk(path="/d", free=9, total=99)]))])
    assert [one.kind for one in alarms_of_crawl("users", full, limits)] == ["feed_disk"]
    assert list(alarms_of_crawl("users", crawl(history=stalled(899)), limits)) == []
    assert [one.kind for one in alarms_of_crawl("users", crawl(history=stalled(900)), limits)] == ["no_progress"]
    assert [one.kind for one in alarms_of_store(Memory(used=50, most=100), limits)] == ["redis_memory"]


def test_an_instance_that_seldom_says_anything_is_not_stuck_so_soon() -> None:
    assert kinds(crawl(workers=[worker(told_ms=100_000, vitals=Vitals(every_s=60))])) == []
    assert kinds(crawl(workers=[worker(told_ms=None, vitals=None)])) == []


def test_a_disk_that_several_instances_write_to_is_one_alarm() -> None:
    told = Vitals(disks=[Disk(path="/d", free=5 * 1024**2, total=1)])
    alarms = list(alarms_of_crawl("users", crawl(workers=[worker(vitals=told), worker(vitals=told)])))
    text = "The disk of /d on paris is nearly full (5 MiB are free): make room."
    assert alarms == [Alarm("feed_disk", text, "users")]


@pytest.mark.parametrize(
    ("memory", "kind"),
    [
        (Memory(policy="allkeys-lru"), "eviction"),
        (Memory(used=90, most=100), "redis_memory"),
        (Memory(writes=False), "redis_disk"),
    ],
)
def test_a_store_that_will_not_do_for_long_is_an_alarm(memory: Memory, kind: str) -> None:
    assert [alarm.kind for alarm in alarms_of_store(memory)] == [kind]


def test_a_store_without_a_limit_is_not_full() -> None:
    assert list(alarms_of_store(Memory(used=10**12))) == []


def test_a_server_tells_of_its_memory(valkey: str) -> None:
    with Redis.from_url(valkey) as server:
        memory = memory_of(server)
    assert memory.used > 0
    assert (memory.most, memory.policy, memory.writes) == (0, "noeviction", True)
