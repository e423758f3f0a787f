from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any, cast

from crawler.frontier.keys import Keys
from crawler.seeds import parse_seed
from crawler.spiders.hosts import Hosts, speaks_tls
from crawler.spiders.planter import no_fetch, probe

UNFINDABLE = ".".join(["a" * 60] * 6)
"""Longer than a name can be: no resolver is asked."""


def test_hosts_are_asked_at_the_same_time_and_it_is_told_how_many_have_answered() -> None:
    hosts = Hosts(cast("Any", SimpleNamespace(keys=Keys("users"))), no_fetch)
    told: list[tuple[int, int]] = []
    waiting: list[asyncio.StreamWriter] = []

    def watch(answered: int, asked: int) -> None:
        told.append((answered, asked))
        if len(waiting) == 3:  # nobody is answered before all have asked, and that was told
            for writer in waiting:
                writer.close()

    async def ask() -> None:
        servers = [
            await asyncio.start_server(lambda _, writer: waiting.append(writer), "127.0.0.1", 0) for _ in range(3)
        ]
        ports = [server.sockets[0].getsockname()[1] for server in servers]
        await probe(hosts, [parse_seed(f"127.0.0.1:{port}/@kim") for port in ports], watch)
        for server in servers:
            server.close()

    asyncio.run(ask())
    assert told[0] == (0, 3)
    assert len(told) > 1
    assert list(hosts.schemes.values()) == ["http"] * 3


def test_a_host_whose_name_is_not_found_keeps_https() -> None:
    assert asyncio.run(speaks_tls(UNFINDABLE, 443))


def test_a_host_that_refuses_connections_gets_http() -> None:
    assert not asyncio.run(speaks_tls("127.0.0.1", 1))


def test_hosts_of_seeds_that_a_crawl_begins_with_are_asked_at_the_same_time_and_once_each() -> None:
    hosts = Hosts(cast("Any", SimpleNamespace(keys=Keys("users"))), no_fetch)
    waiting: list[asyncio.StreamWriter] = []

    async def greet(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        waiting.append(writer)
        if len(waiting) == 3:  # nobody is answered before all have asked
            for one in waiting:
                one.close()

    async def ask() -> None:
        servers = [await asyncio.start_server(greet, "127.0.0.1", 0) for _ in range(3)]
        ports = [server.sockets[0].getsockname()[1] for server in servers]
        await hosts.learn_schemes(parse_seed(f"127.0.0.1:{port}/@{name}") for port in ports for name in ("kim", "ada"))
        for server in servers:
            server.close()

    asyncio.run(ask())
    assert list(hosts.schemes.values()) == ["http"] * 3
    assert len(waiting) == 3
