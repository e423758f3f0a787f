from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from redis import Redis

from crawler.frontier.store import EmbeddedStore
from tests.crawls import kill_started

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def _no_instance_outlives_its_test() -> Iterator[None]:
    yield
    kill_started()


@pytest.fixture(scope="session")
def valkey_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with EmbeddedStore(tmp_path_factory.mktemp("valkey")) as url:
        yield url


@pytest.fixture
def valkey(valkey_server: str) -> str:
    """URL of a real server that is empty; each process of the tests has its own."""
    with Redis.from_url(valkey_server) as client:
        client.flushall()
    return valkey_server
