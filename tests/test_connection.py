from __future__ import annotations

import logging
import os
import re
import signal
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis
from redis.exceptions import ConnectionError as RedisConnectionError
from scrapy.settings import Settings

from crawler.errors import StoreError
from crawler.frontier import patience
from crawler.frontier.connection import ask, connect, release, revive, shown, store_folder
from crawler.frontier.keys import Keys
from crawler.frontier.patience import Patience
from crawler.frontier.queue import Queue
from crawler.frontier.standing import other_crawl
from tests.faults.relay import relay
from tests.instances import Server
from tests.listening import acting_on_log
from tests.queues import signed_in

QUICK = {"socket_timeout": 0.2, "socket_connect_timeout": 0.2}
NOBODY = "127.0.0.1:1"
DEADLINE_S = 60


@pytest.fixture(autouse=True)
def _let_go() -> Iterator[None]:
    yield
    release()


@pytest.fixture
def policy(valkey: str) -> Iterator[Redis]:
    """A server whose maxmemory-policy is as before after the test."""
    with Redis.from_url(valkey) as client:
        yield client
        client.config_set("maxmemory-policy", "noeviction")


def settings(**values: object) -> Settings:
    return Settings({"REDIS_PARAMS": QUICK, **values})


def refusal(**values: object) -> str:
    """Return what is said where no crawl can use a Redis."""
    with pytest.raises(StoreError) as caught:
        connect(settings(**values))
    return str(caught.value)


def answers_again(client: Redis) -> None:
    """Wait for a server that was started again."""
    Patience(DEADLINE_S, threading.Event(), lambda: None, lambda: None).insist(client.ping)


# --- a server of the user's ---


def test_the_server_that_is_named_is_used(valkey: str, tmp_path: Path) -> None:
    here = settings(REDIS_URL=valkey, STORE_DIR=str(tmp_path / "store"))
    with connect(here) as client:
        client.set("key", "value")
        assert client.get("key") == b"value"
    assert here["REDIS_URL"] == valkey
    assert not (tmp_path / "store").exists()


def test_a_server_can_be_named_by_its_host(tmp_path: Path) -> None:
    said = refusal(REDIS_HOST="127.0.0.1", REDIS_PORT=1, STORE_DIR=str(tmp_path / "store"))
    assert said.startswith("REDIS_URL 127.0.0.1 does not answer (")
    assert not (tmp_path / "store").exists()


@pytest.mark.parametrize("name", ["url", "host", "unix_socket_path"])
def test_a_server_can_be_named_by_the_parameters_of_scrapy_redis(tmp_path: Path, name: str) -> None:
    params: dict[str, dict[str, object]] = {
        "url": {"url": f"redis://{NOBODY}"},
        "host": {"host": "127.0.0.1", "port": 1},
        "unix_socket_path": {"unix_socket_path": str(tmp_path / "none.sock")},
    }
    said = refusal(REDIS_PARAMS={**QUICK, **params[name]}, STORE_DIR=str(tmp_path / "store"))
    assert "does not answer (" in said
    assert not (tmp_path / "store").exists()


@pytest.mark.parametrize("values", [{"REDIS_PORT": 6380}, {"REDIS_PARAMS": {"port": 6380}}])
def test_a_port_without_a_host_is_refused_with_the_remedy(tmp_path: Path, values: dict[str, object]) -> None:
    said = refusal(**values, STORE_DIR=str(tmp_path / "store"))
    assert said.startswith("REDIS_PORT (6380) is set without a host: set REDIS_HOST too, such as localhost")
    assert not (tmp_path / "store").exists()


def test_replies_are_bytes_whatever_the_user_has_set(valkey: str) -> None:
    with connect(settings(REDIS_URL=valkey, REDIS_PARAMS=QUICK | {"decode_responses": True})) as client:
        client.set("key", b"\xff")
        assert client.get("key") == b"\xff"


def test_the_client_repeats_nothing_by_itself(valkey: str) -> None:
    with connect(settings(REDIS_URL=valkey)) as client:
        assert client.get_retry().get_retries() == 0


@pytest.mark.parametrize("name", ["allkeys-lru", "volatile-ttl"])
def test_a_server_that_drops_keys_is_refused_with_the_remedy(valkey: str, policy: Redis, name: str) -> None:
    policy.config_set("maxmemory-policy", name)
    said = refusal(REDIS_URL=valkey)
    assert f"has the maxmemory-policy {name}: it would drop requests" in said
    assert "CONFIG SET maxmemory-policy noeviction" in said


def test_a_server_that_nobody_is_at_is_named_with_the_remedy() -> None:
    said = refusal(REDIS_URL=f"redis://{NOBODY}/0")
    assert said.startswith(f"REDIS_URL redis://{NOBODY}/0 does not answer (")
    assert said.endswith("): start that server, or unset REDIS_URL to use the embedded one.")


def test_a_server_that_stays_silent_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        where = f"127.0.0.1:{silent.getsockname()[1]}"
        assert refusal(REDIS_URL=f"redis://{where}/0").startswith(
            f"REDIS_URL redis://{where}/0 does not answer (Timeout"
        )


@pytest.mark.parametrize(
    ("url", "where"),
    [
        (f"redis://me:hidden@{NOBODY}/0", f"redis://{NOBODY}/0"),
        (f"redis://me:hid@den@{NOBODY}/0", f"redis://{NOBODY}/0"),
        (f"redis://{NOBODY}/0?password=hidden", f"redis://{NOBODY}/0"),
        ("unix:///none.sock?password=hidden", "unix:///none.sock"),
        (f"redis://:hid/den@{NOBODY}/0", "redis://…"),
        (f"redis://:hid#den@{NOBODY}/0", "redis://…"),
        (f"redis://:hid?den@{NOBODY}/0", "redis://…"),
        (f"redis://{NOBODY}/0?password=hid@den", "redis://…"),
        (f"redis://[:hidden@{NOBODY}/0", "redis://…"),
        (f"redis://me:hidden@{NOBODY}?socket_timeout=hidden", f"redis://{NOBODY}"),
        (f"rediss://me:hidden@{NOBODY}?ssl_cert_reqs=odd", f"rediss://{NOBODY}"),
        (f"me:hidden@{NOBODY}", NOBODY),
    ],
)
def test_no_password_is_shown(url: str, where: str) -> None:
    assert shown(url) == where
    said = refusal(REDIS_URL=url)
    assert said.startswith(f"REDIS_URL {where}")
    assert "hid" not in said
    assert "den" not in said


@pytest.mark.parametrize(
    "values",
    [
        {"REDIS_URL": "queue.example:6379"},
        {"REDIS_URL": "http://queue.example"},
        {"REDIS_URL": "redis://queue.example:port"},
        {"REDIS_URL": f"redis://{NOBODY}", "REDIS_PARAMS": {"no_such_parameter": 1}},
    ],
)
def test_what_is_no_url_of_a_redis_is_said_with_the_form_of_one(values: dict[str, object]) -> None:
    said = refusal(**values)
    assert said.startswith(f"REDIS_URL {values['REDIS_URL']}, or REDIS_PARAMS, cannot be used: ")
    assert "redis://USER:PASSWORD@HOST:PORT/0" in said


def test_a_wrong_password_is_said_and_not_shown(valkey: str) -> None:
    said = refusal(REDIS_URL=signed_in(valkey, "me", "hidden"))
    assert "invalid username-password pair" in said
    assert "hidden" not in said


# --- what is asked of it before the crawl is entered ---


def test_a_connection_that_breaks_between_two_questions_is_waited_for(valkey: str) -> None:
    with relay(valkey) as between:
        here = settings(REDIS_URL=between.url)
        with connect(here) as client:
            between.refuse()
            with acting_on_log(patience.logger, between.accept) as said:
                assert ask(here, client, client.ping)
    assert "Redis does not answer (" in said[0]


def test_a_server_that_goes_away_for_good_is_said_with_the_remedy(valkey: str) -> None:
    with relay(valkey) as between:
        here = settings(REDIS_URL=between.url, STORE_PATIENCE_S=0)
        with connect(here) as client:
            between.refuse()
            remedy = re.escape(f": see to REDIS_URL {shown(between.url)}, then")
            with pytest.raises(StoreError, match=rf"^Redis has not answered for 0 s .*{remedy}"):
                ask(here, client, client.ping)


def test_keys_of_another_program_are_said_with_the_remedy(valkey: str) -> None:
    here, keys = settings(REDIS_URL=valkey), Keys("videos")
    with connect(here) as client:
        client.set(keys.control, "another program's")
        with pytest.raises(
            StoreError, match=r"WRONGTYPE.*: REDIS_URL .* hold nothing of other programs below \{crawler}"
        ):
            ask(here, client, lambda: other_crawl(client, keys, "url=https://site.example"))


def test_what_the_user_may_not_do_is_said_with_the_remedy(valkey: str) -> None:
    with Redis.from_url(valkey) as client:
        client.execute_command("ACL", "SETUSER", "reader", "on", ">open", "~*", "+@all", "-evalsha")
    here = settings(REDIS_URL=signed_in(valkey, "reader", "open"))
    with connect(here) as client, pytest.raises(StoreError, match=r"evalsha.* let its user do what docs/frontier\.md"):
        ask(here, client, Queue(client, Keys("videos")).join)


# --- the embedded one ---


def test_a_project_has_one_store_for_all_folders_within_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    within = tmp_path / "project" / "sub" / "sub"
    within.mkdir(parents=True)
    (tmp_path / "project" / "scrapy.cfg").touch()
    for folder in (within, tmp_path / "project"):
        monkeypatch.chdir(folder)
        assert store_folder(settings(STORE_DIR="store")).absolute() == tmp_path / "project" / "store"
        assert store_folder(settings(STORE_DIR=str(tmp_path / "own"))) == tmp_path / "own"
    monkeypatch.chdir(tmp_path)
    assert store_folder(settings()).absolute() == tmp_path / ".crawler"


def test_without_a_name_the_embedded_server_is_started_and_named_for_others(tmp_path: Path) -> None:
    here = settings(STORE_DIR=str(tmp_path / "store"))
    with connect(here) as client:
        assert client.ping()
    assert here["REDIS_URL"].startswith("unix://")
    with Redis.from_url(here["REDIS_URL"]) as client:
        assert client.ping()
    again = settings(STORE_DIR=str(tmp_path / "store"))
    with connect(again) as client:
        assert client.ping()
    assert again["REDIS_URL"] == here["REDIS_URL"]


def test_a_project_that_names_no_folder_gets_one_where_it_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    here = settings()
    with connect(here) as client:
        assert client.ping()
    assert (tmp_path / ".crawler" / "valkey.sock").exists()
    server = Server(here["REDIS_URL"])
    server.kill()
    os.close(server.descriptor)
    revive(here)
    with Redis.from_url(here["REDIS_URL"]) as client:
        answers_again(client)


def test_letting_go_stops_it_once(tmp_path: Path) -> None:
    here = settings(STORE_DIR=str(tmp_path / "store"))
    connect(here).close()
    server = Server(here["REDIS_URL"])
    release()
    release()
    assert server.has_ended()
    os.close(server.descriptor)


def test_a_store_that_cannot_be_started_is_an_error_with_its_reason(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert "cannot be made" in refusal(STORE_DIR=str(tmp_path / "file" / "store"))


def test_a_server_is_asked_for_nothing_that_it_does_not_have(valkey: str, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, "redis"), connect(settings(REDIS_URL=valkey)) as client:
        client.ping()
    assert caplog.messages == []


def test_a_killed_server_is_started_again_with_its_data(tmp_path: Path) -> None:
    here = settings(STORE_DIR=str(tmp_path / "store"))
    with connect(here) as client:
        client.set("key", "kept")
        client.waitaof(1, 0, 60_000)
        server = Server(here["REDIS_URL"])
        server.kill()
        os.close(server.descriptor)
        with pytest.raises(RedisConnectionError):
            client.ping()
        revive(here)
        answers_again(client)
        assert client.get("key") == b"kept"
        pid = client.info()["process_id"]
        revive(here)
        assert client.info()["process_id"] == pid, "one that runs is left alone"


def test_a_server_of_the_users_is_not_ours_to_start(tmp_path: Path) -> None:
    here = settings(STORE_DIR=str(tmp_path / "store"))
    connect(here).close()
    server = Server(here["REDIS_URL"])
    os.kill(server.pid, signal.SIGKILL)
    assert server.has_ended()
    revive(settings(REDIS_URL=f"redis://{NOBODY}/0", STORE_DIR=str(tmp_path / "store")))
    revive(settings(REDIS_URL=here["REDIS_URL"], STORE_DIR=str(tmp_path / "other")))
    with pytest.raises(RedisConnectionError), Redis.from_url(here["REDIS_URL"]) as client:
        client.ping()
    revive(here)
    with Redis.from_url(here["REDIS_URL"]) as client:
        answers_again(client)
    os.close(server.descriptor)


def test_what_keeps_it_from_being_started_again_is_left_to_who_waits(tmp_path: Path) -> None:
    here = settings(STORE_DIR=str(tmp_path / "store"))
    with connect(here) as client:
        client.set("key", "value")
    server = Server(here["REDIS_URL"])
    server.kill()
    os.close(server.descriptor)
    manifest = next((tmp_path / "store" / "appendonlydir").glob("*.manifest"))
    manifest.rename(tmp_path / "manifest")
    revive(here)
    with pytest.raises(RedisConnectionError), Redis.from_url(here["REDIS_URL"]) as client:
        client.ping()
    (tmp_path / "manifest").rename(manifest)
