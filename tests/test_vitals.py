from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from scrapy import Request, Spider, signals
from scrapy.crawler import Crawler
from scrapy.exceptions import NotConfigured
from scrapy.http import Response

from crawler.extensions.vitals import MOST_HOSTS, Answers, Reading, VitalsExtension, disk_of, resident_bytes
from crawler.frontier.survey import Worker, survey
from crawler.frontier.vitals import KEPT_MS, Asked, Vitals, vitals_of
from tests.frontiers import at_work, crawler_at, until
from tests.queues import SITE, Crew, crew_at, finish, push, take


class Videos(Spider):
    name = "videos"


@pytest.fixture
def crew(valkey: str) -> Iterator[Crew]:
    with crew_at(valkey) as crew:
        yield crew


def only_worker(crew: Crew) -> Worker:
    found = survey(crew.server, crew.keys)
    assert found is not None
    (worker,) = found.workers
    return worker


async def told(crawler: Crawler, crew: Crew, *answered: tuple[str, int | None]) -> Worker:
    """Let an instance get answers (None for none), and tell of itself; return what an onlooker reads."""
    extension = VitalsExtension.from_crawler(crawler)
    async with at_work(crawler):
        for url, status in answered:
            request = Request(url)
            if status is not None:
                answer = {"response": Response(url, status=status), "request": request, "spider": crawler.spider}
                crawler.signals.send_catch_log(signals.response_downloaded, **answer)
            crawler.signals.send_catch_log(signals.request_left_downloader, request=request, spider=crawler.spider)
        crawler.stats.inc_value("item_scraped_count", 7)
        await crawler.signals.send_catch_log_async(signals.spider_opened, spider=crawler.spider)

        async def has_told() -> bool:
            return only_worker(crew).vitals is not None

        await until(has_told)
        worker = only_worker(crew)
        await crawler.signals.send_catch_log_async(signals.spider_closed, spider=crawler.spider)
        assert not extension.looks.running
        assert not extension.answered
    return worker


def test_an_instance_tells_how_it_does(valkey: str, crew: Crew, tmp_path: Path) -> None:
    slots = {"slow.example": {"delay": 3}, "fleet": {"concurrency": 9, "delay": 0}}
    feeds = {str(tmp_path / "a.jsonl"): {"format": "jsonlines"}, "s3://bucket/b.jsonl": {"format": "jsonlines"}}
    settings = {"FEEDS": feeds, "DOWNLOAD_DELAY": 0.5, "DOWNLOAD_SLOTS": slots, "VITALS_INTERVAL_S": 60}
    crawler = crawler_at(valkey, Videos, **settings)
    ok, bad = f"https://{SITE}/", "https://bad.example/"
    answered = ((ok, 200), (ok, 404), (ok, 503), (bad, 429), (bad, None), (bad, 200))
    worker = asyncio.run(told(crawler, crew, *answered))
    vitals = worker.vitals
    assert vitals is not None
    assert (worker.pid, worker.leases, worker.is_dead) == (os.getpid(), 0, False)
    assert (vitals.pages, vitals.records, vitals.delay_ms, vitals.every_s) == (5, 7, 500, 60)
    assert vitals.own_delays_ms == {"slow.example": 3000}
    assert vitals.hosts == {SITE: Asked(requests=3, errors=1), "bad.example": Asked(requests=3, errors=2)}
    assert vitals.memory_bytes > 10_000_000
    assert [disk.path for disk in vitals.disks] == [str(tmp_path)]
    assert 0 < vitals.disks[0].free <= vitals.disks[0].total


def test_rates_are_of_the_time_since_the_spider_was_opened_and_of_the_last_minute_at_most(valkey: str) -> None:
    async def past() -> tuple[int, tuple[float, float]]:
        extension = VitalsExtension(crawler_at(valkey, Videos, VITALS_INTERVAL_S=60))
        before = len(extension.past)
        now = extension.reading()
        extension.past += [
            Reading(now.at_s - 600, -6000, now.cpu_s - 600),
            Reading(now.at_s - 70, -140, now.cpu_s - 7),
        ]
        return before, extension.rates()

    before, (pages_per_s, cpu_share) = asyncio.run(past())
    assert before == 0
    assert 0 < pages_per_s <= 2
    assert 0 < cpu_share < 0.5


def test_without_an_interval_or_a_frontier_nothing_is_told(valkey: str) -> None:
    for settings in (
        {"VITALS_INTERVAL_S": 0},
        {"VITALS_INTERVAL_S": 5, "SCHEDULER": "scrapy.core.scheduler.Scheduler"},
    ):
        with pytest.raises(NotConfigured):
            VitalsExtension.from_crawler(crawler_at(valkey, Videos, **settings))


def test_what_is_told_is_kept_for_a_while_only(crew: Crew) -> None:
    queue = crew.join()
    assert queue.execute(Vitals(pages=3).command(queue)) == 1
    (name,) = crew.names("*:vitals:*")
    assert name == f"{crew.keys.prefix}vitals:{queue.worker}"
    assert 0 < crew.server.pttl(name) <= KEPT_MS


def test_a_worker_that_is_not_known_tells_nothing(crew: Crew) -> None:
    crew.join()
    assert crew.queue().execute(Vitals().command(crew.queue())) == 0
    assert crew.names("*:vitals:*") == []


def test_with_it_goes_a_note_of_how_far_the_crawl_is(crew: Crew) -> None:
    queue = crew.join()
    push(queue, "a", "b")
    finish(queue, *take(queue).values())
    crew.server.sadd(crew.keys.recorded, "r")
    for _ in range(3):
        queue.execute(Vitals().command(queue))
    found = survey(crew.server, crew.keys)
    assert found is not None
    assert {(note.done, note.records) for note in found.history} == {(2, 1)}
    assert 1 <= len(found.history) <= 2


def test_a_crawl_of_which_a_count_is_gone_is_no_reason_to_fail(crew: Crew) -> None:
    queue = crew.join()
    crew.server.hdel(crew.keys.control, "done")
    assert queue.execute(Vitals().command(queue)) == 1


def test_a_new_crawl_has_no_history(crew: Crew) -> None:
    queue = crew.join()
    queue.execute(Vitals().command(queue))
    assert crew.server.exists(crew.keys.history)
    queue.leave()
    crew.queue().join(anew=True)
    assert not crew.server.exists(crew.keys.history)


@pytest.mark.parametrize("stored", [None, b"", b"{", b"[]", b'{"pages": "many"}', b"\xff"])
def test_what_cannot_be_read_is_as_if_it_had_not_been_told(stored: bytes | None) -> None:
    assert vitals_of(stored) is None


def test_what_another_version_tells_is_read_as_far_as_it_is_known() -> None:
    assert vitals_of(b'{"pages": 3, "of a later version": [1]}') == Vitals(pages=3)


def test_hosts_that_were_asked_most_are_told_of() -> None:
    answers = Answers()
    for number in range(MOST_HOSTS + 20):
        for _ in range(1 + (number >= 20)):
            answers.count(f"{number}.example", is_error=False)
    assert set(answers.by_host()) == {f"{number}.example" for number in range(20, MOST_HOSTS + 20)}


def test_answers_of_long_ago_count_no_more() -> None:
    answers = Answers()
    answers.count(SITE, is_error=True)
    minute, hosts = answers.minutes[0]
    answers.minutes[0] = minute - 11, hosts
    answers.count(SITE, is_error=False)
    assert answers.by_host() == {SITE: Asked(requests=1, errors=0)}


def test_a_folder_that_is_gone_has_no_disk(tmp_path: Path) -> None:
    assert disk_of(tmp_path / "gone") is None
    assert resident_bytes() > 0
