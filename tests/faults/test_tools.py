"""The tools of the fault tests do what they say."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from pathlib import Path
from urllib.request import urlopen

import pytest
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import OutOfMemoryError
from redis.exceptions import TimeoutError as RedisTimeoutError
from redis.retry import Retry

from tests.faults.outcome import read
from tests.faults.relay import relay
from tests.faults.servers import REDIS, refuses, server
from tests.faults.site import NONE, Faults, fault_site


def client_of(url: str, timeout_s: float = 30) -> Redis:
    """Return a client that tries once."""
    return Redis.from_url(url, retry=Retry(NoBackoff(), 0), socket_timeout=timeout_s)


def test_the_relay_resets_and_refuses_and_accepts_again(valkey: str) -> None:
    with relay(valkey) as wire, client_of(wire.url) as client:
        assert client.ping()
        wire.reset()
        with suppress(RedisConnectionError):  # the client may have seen it before
            client.ping()
        assert client.ping()
        assert wire.connections == 2
        wire.refuse()
        with pytest.raises(RedisConnectionError):
            client.ping()
        wire.accept()
        assert client.ping()


def test_the_relay_loses_a_reply_of_what_was_done(valkey: str) -> None:
    with relay(valkey) as wire, client_of(wire.url) as client:
        client.ping()
        wire.replies_to_lose = 1
        with pytest.raises(RedisConnectionError):
            client.incr("done")
        assert client.get("done") == b"1"


def test_the_relay_is_silent_and_then_hands_on_what_was_held_up(valkey: str) -> None:
    with relay(valkey) as wire, client_of(wire.url) as client, client_of(wire.url, 0.2) as impatient:
        client.ping()
        impatient.ping()
        wire.pause()
        with pytest.raises(RedisTimeoutError):
            impatient.set("held", "up")
        wire.resume()
        assert client.ping()


def test_a_server_comes_back_with_its_data_or_without_and_runs_out_of_memory() -> None:
    with server() as store, store.client() as client:
        client.set("kept", "yes")
        store.restart()
        assert store.client().get("kept") == b"yes"
        store.restart(without_data=True)
        assert store.client().get("kept") is None
        store.fill()
        with pytest.raises(OutOfMemoryError):
            store.client().set("more", "than there is room for")
        store.set("maxmemory", 0)
        assert store.client().set("more", "than there was room for")


@pytest.mark.skipif(not Path(REDIS).exists(), reason=f"{REDIS} is missing: install redis-server")
def test_a_locked_down_server_lets_the_crawler_use_its_own_keys_only() -> None:
    with server(REDIS, locked_down=True) as store:
        assert not refuses(store.url, "SET", "{crawler}:key", "1")
        assert refuses(store.url, "SET", "key", "1")
        assert refuses(store.url, "FLUSHALL")
        assert refuses(store.url, "CONFIG", "GET", "*")


def test_each_page_of_the_site_is_linked_once_and_its_faults_strike_once() -> None:
    faults = Faults(fail=0.2, throttle=0.1, redirect=0.2, latency_ms=0)
    with fault_site(60, faults) as site:
        links = Counter(child for path in site.linked for child in site.tree.children(path))
        assert links.keys() == site.linked - {*site.tree.homes}
        assert set(links.values()) == {1}
        for path in site.linked:
            answers = [site.answer(path).status for _ in range(2)]
            assert answers in ([200, 200], [500, 200], [429, 200], [302, 302])
        assert site.below(site.seeds) == site.truth
        assert site.below([f"{site.url}/v/1"]) == set(), "it has a page more"
        assert site.below([f"{site.url}/v/1", f"{site.url}/w/1"]) == {site.record_id(1)}


def test_the_site_counts_what_is_fetched_again() -> None:
    with fault_site(10, NONE) as site:
        for path in ("/v/1", "/v/1", "/v/2", "/v/2", "/v/2"):
            with urlopen(site.url + path) as response:  # noqa: S310 - http, on loopback
                response.read()
        assert site.again() == 3
        assert site.pages == 12


def test_lost_torn_and_repeated_lines_are_counted(tmp_path: Path) -> None:
    feed = tmp_path / "feed.jsonl"
    feed.write_text('{"id": "a"}\n{"id": "a"}\n{"id": "c"}{"id": "d"}\n{"id": "e"')
    outcome = read([feed], ["a", "b"])
    assert outcome.lost == ["b"]
    assert outcome.duplicates == 1
    assert outcome.torn == 3
