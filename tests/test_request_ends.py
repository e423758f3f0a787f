from __future__ import annotations

from collections.abc import Callable
from functools import cache

import pytest

from tests.request_ends.crawls import Crawl, crawl
from tests.request_ends.page import PAGE, page
from tests.request_ends.paths import Path, name_of, paths_of
from tests.request_ends.witness import PROCESSES, SPIDERS

Crawls = Callable[..., Crawl]
PATHS = {spider: paths_of(cls) for spider, cls in SPIDERS.items()}
EACH = [
    pytest.param(spider, name, path, id=f"{spider}-{name}") for spider in PATHS for name, path in PATHS[spider].items()
]
of_every_crawl = pytest.mark.parametrize("spider", SPIDERS)


@pytest.fixture(scope="session")
def crawled(valkey_server: str, tmp_path_factory: pytest.TempPathFactory) -> Crawls:
    """The crawl of a spider, which goes down all of its paths; once for all tests of this process."""

    @cache
    def crawled(spider: str, process: str = "AsyncCrawlerProcess") -> Crawl:
        return crawl(spider, valkey_server, tmp_path_factory.mktemp(spider), process)

    return crawled


def ends_as_told(crawl: Crawl, name: str, path: Path) -> None:
    assert crawl.ends(name) == path.ends
    assert (crawl.count(name, "item"), crawl.count(name, "link")) == (path.items, path.links)
    assert crawl.fetches(name) == path.fetches
    assert crawl.too_late(name) == []


@pytest.mark.parametrize(("spider", "name", "path"), EACH)
def test_a_request_ends_when_its_items_and_links_are_through(
    spider: str, name: str, path: Path, crawled: Crawls
) -> None:
    ends_as_told(crawled(spider), name, path)


@pytest.mark.parametrize("spider", ["callbacks", "failures"])
def test_they_end_the_same_way_in_the_other_kind_of_process(spider: str, crawled: Crawls) -> None:
    crawl = crawled(spider, *PROCESSES.keys() - {"AsyncCrawlerProcess"})
    for name, path in PATHS[spider].items():
        ends_as_told(crawl, name, path)


@of_every_crawl
def test_each_crawl_ends_by_itself_with_every_request_done_or_dead(spider: str, crawled: Crawls) -> None:
    crawl = crawled(spider)
    done, dead = int(crawl.control["done"]), int(crawl.control["dead"])
    assert crawl.reasons[-1] == "finished"
    assert (crawl.left, int(crawl.control["sequence"])) == (0, done + dead)
    assert done == sum(event.get("how") in {"acknowledged", "replaced"} for event in crawl.events)
    assert sorted(map(name_of, crawl.dead)) == [name for name, path in PATHS[spider].items() if path.is_dead]


@of_every_crawl
def test_each_request_ends_once_for_each_time_it_was_handed_out_and_then_no_more(spider: str, crawled: Crawls) -> None:
    crawl = crawled(spider)
    assert crawl.ids("ended") == crawl.ids("handed")
    assert crawl.after_its_end() == []


@of_every_crawl
def test_the_engine_has_let_go_of_what_has_ended_and_nothing_else_is_forgotten(spider: str, crawled: Crawls) -> None:
    assert [event for event in crawled(spider).events if event["forgotten"]] == []


@of_every_crawl
def test_what_has_leaked_is_counted(spider: str, crawled: Crawls) -> None:
    crawl = crawled(spider)
    assert crawl.leaked == sum(path.ends.count("leaked") for path in PATHS[spider].values())
    assert crawl.log.count("was lost by a middleware") == crawl.leaked


@of_every_crawl
def test_no_response_is_kept_when_its_request_has_ended(spider: str, crawled: Crawls) -> None:
    assert crawled(spider).kept == 0


def test_only_a_crawl_that_was_closed_needs_another_run(crawled: Crawls) -> None:
    reasons = {spider: crawled(spider).reasons[:-1] for spider in SPIDERS}
    assert set(reasons.pop("closes")) <= {"closes", "closes_after_output"}
    assert not any(reasons.values())


def test_the_page_of_paths_says_what_the_tests_say() -> None:
    assert PAGE.read_text("utf-8") == page(), "run `python -m tests.request_ends`"
