from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from redis import Redis
from scrapy import Request, Spider
from scrapy_redis.queue import PriorityQueue

from crawler.frontier.store import EmbeddedStore
from tests.crawls import lines
from tests.faults.servers import free_port, server
from tests.faults.site import fault_site
from tests.shop import DEADLINE_S, PAGE, ROOT, Project

RECORDS = 30


@pytest.fixture
def project(tmp_path: Path, valkey: str) -> Iterator[Project]:
    with fault_site(RECORDS) as site, Redis.from_url(valkey) as client:
        one = Project(tmp_path, client, site, {"REDIS_URL": valkey})
        one.make()
        yield one
        for process in one.running:
            if process.poll() is None:
                process.kill()
            process.communicate()


def push_to(client: Redis, kind: str, messages: list[str]) -> dict[str, str]:
    """Push seeds to a key of a kind; return scrapy-redis' setting for it."""
    if kind == "set":
        client.sadd("books:start_urls", *messages)
        return {"REDIS_START_URLS_AS_SET": "True"}
    if kind == "zset":
        client.zadd("books:start_urls", {message: number for number, message in enumerate(messages)})
        return {"REDIS_START_URLS_AS_ZSET": "True"}
    client.rpush("books:start_urls", *messages)
    return {}


@pytest.mark.parametrize("kind", ["list", "set", "zset"])
def test_two_instances_share_the_seeds_of_a_list_a_set_or_a_sorted_set(project: Project, kind: str) -> None:
    first, *others = sorted(project.site.truth)
    with project.site.withholding(first.removeprefix(project.site.url)):
        settings = {"CONCURRENT_REQUESTS": "1", "PREFETCH_COUNT": "1"} | push_to(
            project.client, kind, [json.dumps({"url": first})]
        )
        instances = [project.start(settings=settings | {"USER_AGENT": f"instance {n}"}) for n in range(2)]
        project.until(lambda: project.client.zcard("{crawler}:books:workers") == 2)
        project.until(lambda: not project.client.exists("books:start_urls"))
        push_to(project.client, kind, [json.dumps({"url": one}) for one in others])
        project.until(project.site.crawled)  # by the other one: the first waits for its only answer
    for instance in instances:
        assert "Closing spider (finished)" in project.end(instance)
    assert project.found() == sorted(one.removeprefix(project.site.url) for one in project.site.truth)
    assert {asked.agent for asked in project.site.crawled()} == {"instance 0", "instance 1"}
    assert project.site.again() == 0


def test_the_seeds_are_where_the_spider_or_the_setting_says(project: Project) -> None:
    project.seed("/v/1", "seeds:of:elsewhere")
    project.seed("/v/2", "seeds-of-books")
    project.run("elsewhere")
    project.run(settings={"REDIS_START_URLS_KEY": "seeds-of-%(name)s"})
    assert project.found() == ["/v/1", "/v/2"]
    assert project.client.exists("seeds:of:elsewhere", "seeds-of-books") == 0


def test_seeds_become_requests_as_scrapy_redis_or_the_spider_makes_them(project: Project) -> None:
    project.seed("/v/1", meta={"shelf": "7"}, method="post", title="Emma")
    project.client.rpush("books:start_urls", project.site.url + "/v/2", "no URL")
    project.client.rpush(
        "own_seeds:start_urls", *(json.dumps({"numbers": [project.site.url, *n]}) for n in ([], [3, 4]))
    )
    log = project.run(settings={"ITEM_PIPELINES": '{"scrapy_redis.pipelines.RedisPipeline": 300}'}, code=1)
    project.run("own_seeds")
    by_path = {item.pop("url").removeprefix(project.site.url): item for item in lines(project.folder / "items.jsonl")}
    assert by_path == {
        "/v/1": {"shelf": "7", "method": "POST", "body": "title=Emma"},
        "/v/2": {"shelf": None, "method": "GET", "body": ""},
        "/v/3": {"shelf": "3", "method": "GET", "body": ""},
        "/v/4": {"shelf": "4", "method": "GET", "body": ""},
    }
    assert project.client.llen("books:items") == 2
    (letter,) = cast("list[bytes]", project.client.hvals("{crawler}:books:dead"))
    assert json.loads(letter)["reason"].startswith("The seed 'no URL' from Redis cannot be used (ValueError: ")
    assert "The seed 'no URL' from Redis cannot be used (ValueError: " in log
    assert log.rstrip().endswith("1 dead letter: what cannot be read, or instances died of (scrapy dead lists them)")


def test_a_seed_that_is_in_hand_at_a_kill_is_fetched_by_the_next_instance(project: Project) -> None:
    project.seed("/v/1")
    with project.site.withholding("/v/1"):
        killed = project.start()
        project.until(lambda: not project.client.exists("books:start_urls"))
        killed.kill()
        killed.wait()
    assert "Closing spider (finished)" in project.run()
    assert project.found() == ["/v/1"]


def test_an_instance_without_anything_to_do_ends_and_leaves_no_queue(project: Project) -> None:
    log = project.run()
    assert "A new crawl begins" in log
    assert "Closing spider (finished)" in log
    assert "There was nothing to do: no seeds are in books:start_urls" in log.splitlines()[-1]
    assert not project.client.exists("{crawler}:books:requests", "{crawler}:books:workers")


def test_settings_that_are_said_to_have_no_meaning_have_none(project: Project) -> None:
    table = PAGE.partition("## Settings without a meaning")[2].partition("Not to be set")[0]
    named = re.findall(r"`([A-Z_]+)`", "".join(re.findall(r"^\|(.+?)\|", table, re.MULTILINE)))
    project.seed("/")
    log = project.run(settings=dict.fromkeys(named, "1"))
    assert "AutoThrottle" not in log
    assert len(named) > 15
    assert len(project.found()) == len(project.site.linked)
    assert [key for key in project.client.scan_iter() if not key.startswith(b"{crawler}:")] == []


def test_another_scheduler_that_is_left_in_the_settings_is_named(project: Project) -> None:
    log = project.run(settings={"SCHEDULER": "scrapy_redis.scheduler.Scheduler"}, code=2)
    assert "SCHEDULER (scrapy_redis.scheduler.Scheduler) is not the frontier's: leave it out, or take the add" in log
    assert "Traceback" not in log


def test_collecting_needs_spiders_of_ours(project: Project) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "scrapy", "collect", "https://site.example", "-s", "REDIS_HOST=127.0.0.1"],
        cwd=project.folder,
        env={**os.environ, "SCRAPY_SETTINGS_MODULE": "shop.settings"},
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        check=False,
    )
    assert done.returncode == 2
    assert "this project has no users and no videos: use scrapy crawl SPIDER." in done.stderr
    assert "Traceback" not in done.stderr
    assert list(project.folder.glob("*.log")) == []


def test_without_a_redis_named_there_is_the_embedded_store_of_the_folder(project: Project) -> None:
    with EmbeddedStore(project.folder / ".crawler") as url, Redis.from_url(url) as client:
        client.rpush("books:start_urls", project.message("/v/1"))
        del project.settings["REDIS_URL"]
        project.run()
    assert len(lines(project.folder / "items.jsonl")) == 1


def test_a_redis_crawl_spider_follows_its_rules(project: Project) -> None:
    project.seed("/", "crawling:start_urls")
    project.run("crawling")
    assert project.found() == sorted(project.site.linked - {"/"})


def test_a_request_that_is_no_json_is_refused_and_the_others_go_on(project: Project) -> None:
    project.seed("/v/0", "unfit:start_urls")
    log = project.run("unfit", code=1)
    assert "cannot be queued (callback: <function Unfit.parse.<locals>.<lambda>" in log
    assert "cannot be queued (URL: 'file:///etc/passwd')" in log
    assert "'frontier/not_queued': 2" in log
    assert project.found() == ["/v/0"]


def test_the_projects_fingerprints_tell_what_is_known(project: Project) -> None:
    project.client.rpush("own_seeds:start_urls", json.dumps({"numbers": [project.site.url, "5?a=1", "5?a=2", "6"]}))
    project.run("own_seeds", {"REQUEST_FINGERPRINTER_CLASS": "shop.spiders.Fingerprinter"})
    assert [path.partition("?")[0] for path in project.found()] == ["/v/5", "/v/6"]


def test_host_port_and_parameters_name_the_redis_and_the_package_may_be_on_the_path(project: Project) -> None:
    (project.folder / "crawler").unlink()
    with server() as other, other.client() as client:
        port = free_port()
        client.config_set("port", port)
        client.config_set("requirepass", "open sesame")
        client.auth("open sesame")
        client.select(3)
        client.rpush("books:start_urls", project.message("/v/1"))
        project.settings = {"REDIS_HOST": "127.0.0.1", "REDIS_PORT": str(port), "REDIS_DB": "3"}
        settings = {"REDIS_PARAMS": '{"password": "open sesame"}'}
        project.end(project.start(settings=settings, environment={"PYTHONPATH": str(ROOT)}))
        assert not client.exists("books:start_urls")
    assert project.found() == ["/v/1"]


def test_a_queue_of_scrapy_redis_is_moved(project: Project) -> None:
    class Moving(Spider):
        name = "moving"

        def parse(self, response: Any, **_: Any) -> None:
            raise NotImplementedError

    spider = Moving()
    old = PriorityQueue(project.client, spider, "%(spider)s:requests")
    for number in range(4):
        old.push(Request(f"{project.site.url}/v/{number}", spider.parse, meta={"shelf": str(number)}))
    project.run("moving")
    assert project.found() == ["/v/0", "/v/1", "/v/2", "/v/3"]
    assert {item["shelf"] for item in lines(project.folder / "items.jsonl")} == {"0", "1", "2", "3"}
    assert project.client.zcard("moving:requests") == 4


@pytest.mark.parametrize("code", [1, 0])
def test_a_lost_queue_is_loud_and_an_exit_code_of_our_command(project: Project, code: int) -> None:
    if not code:
        settings = project.folder / "shop" / "settings.py"
        settings.write_text(settings.read_text().replace("COMMANDS_MODULE", "NO_COMMANDS"))
    project.seed("/v/1")
    with project.site.withholding("/v/1"):
        instance = project.start()
        project.until(lambda: not project.client.exists("books:start_urls"))
        project.client.flushall()
    log = project.end(instance, code)
    assert "The queue is lost" in log
    assert "Closing spider (queue_lost)" in log
