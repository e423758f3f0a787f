from __future__ import annotations

from functools import cache
from typing import Protocol

import pytest

from tests.request_ends.crawls import Crawl, crawl
from tests.request_ends.paths import Path, paths_of
from tests.request_ends.witness import SPIDERS

PATHS = [
    pytest.param(spider, name, path, id=f"{spider}-{name}")
    for spider, cls in SPIDERS.items()
    for name, path in paths_of(cls).items()
]
every_crawl = pytest.mark.parametrize("spider", SPIDERS)


class Crawls(Protocol):
    def __call__(self, spider: str) -> Crawl: ...


@pytest.fixture(scope="session")
def crawled(valkey_server: str, tmp_path_factory: pytest.TempPathFactory) -> Crawls:
    """The crawl of a spider, which goes down all of its paths; once for all tests of this process."""
    return cache(lambda spider: crawl(spider, valkey_server, tmp_path_factory.mktemp(spider)))


@pytest.mark.parametrize(("spider", "name", "path"), PATHS)
def test_a_request_on_this_path_ends_once_and_not_before_its_items_and_links(
    spider: str, name: str, path: Path, crawled: Crawls
) -> None:
    crawl = crawled(spider)
    assert crawl.ends(name) == path.ends
    assert (crawl.items(name), crawl.links(name), crawl.fetches(name)) == (path.items, path.links, path.fetches)
    assert crawl.after_its_end(name) == []


@every_crawl
def test_a_crawl_ends_by_itself_with_every_request_done_or_dead(spider: str, crawled: Crawls) -> None:
    crawl = crawled(spider)
    control = crawl.control
    assert crawl.reasons[-1] == "finished"
    assert int(control["sequence"]) == int(control["done"]) + int(control["dead"])
    assert crawl.left == 0


@every_crawl
def test_the_engine_has_let_go_of_a_request_when_its_end_is_told(spider: str, crawled: Crawls) -> None:
    assert [event for event in crawled(spider).events if event["forgotten"]] == []
