from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from redis import Redis

from crawler.frontier.store import EmbeddedStore
from tests.crawls import kill_started
from tests.faults.servers import PASSWORD, REDIS, USER, server

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def _no_instance_outlives_its_test() -> Iterator[None]:
    yield
    kill_started()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--store",
        choices=("valkey", "redis", "locked"),
        default="valkey",
        help="server of the tests: the embedded Valkey, Debian's Redis, or that with TLS, a password and an ACL; "
        "with the latter two only the tests that use it run",
    )


def pytest_configure(config: pytest.Config) -> None:
    # A process of the tests that crashes says where, which its exit code alone does not.
    os.environ["PYTHONFAULTHANDLER"] = "1"
    if config.getoption("--store") != "valkey" and not Path(REDIS).exists():
        raise pytest.UsageError(f"{REDIS} is missing: install it with: sudo apt-get install redis-server")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what would be the same on another server: tests that have none, or start one of their own."""
    if config.getoption("--store") == "valkey":
        return
    others = [item for item in items if "valkey_server" not in getattr(item, "fixturenames", ())]
    config.hook.pytest_deselected(items=others)
    items[:] = [item for item in items if item not in others]


@pytest.fixture(scope="session")
def valkey_server(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> Iterator[str]:
    store = pytestconfig.getoption("--store")
    if store == "valkey":
        with EmbeddedStore(tmp_path_factory.mktemp("valkey")) as url:
            yield url
        return
    with server(REDIS, locked_down=store == "locked") as other:
        # The tests look into the server, which the crawler's own user may not: another one, by the same door.
        with other.client() as client:
            client.execute_command("ACL", "SETUSER", "tests", "on", f">{PASSWORD}", "~*", "&*", "+@all")
        yield other.url.replace(f"//{USER}:", "//tests:")


@pytest.fixture
def valkey(valkey_server: str) -> str:
    """URL of a real server that is empty; each process of the tests has its own."""
    with Redis.from_url(valkey_server) as client:
        client.flushall()
    return valkey_server
