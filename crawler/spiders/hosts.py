"""What is known of hosts: the software they run, once for the fleet, and whether they speak TLS."""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterable
from functools import cache
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urljoin, urlsplit

from crawler.frontier.queue import text
from crawler.pages import HOMES, PLATFORMS, platform_of
from crawler.pages.base import Link, Response

if TYPE_CHECKING:
    from crawler.frontier.keys import Keys
    from crawler.seeds import Seed

logger = logging.getLogger(__name__)

TLS_PROBE_TIMEOUT_S = 10.0
PROBES_AT_ONCE = 100
"""Hosts that are asked at the same time whether they speak TLS, and whose names are looked up meanwhile."""
Fetch = Callable[[Link], Awaitable[Response | None]]


class Desk(Protocol):
    """Where the fleet's knowledge is: a frontier, by rule."""

    keys: Keys

    async def execute(self, *command: Any) -> Any:
        """Run a command of Redis."""

    def note(self, *command: Any) -> None:
        """Run an idempotent command of Redis, soon."""


class Hosts:
    """Remembers which software a host runs."""

    def __init__(self, frontier: Desk, fetch: Fetch) -> None:
        self.frontier = frontier
        self.key = frontier.keys.platforms
        self.fetch = fetch
        self.platforms: dict[str, str] = dict(HOMES)
        self.asked: dict[str, asyncio.Task[str | None]] = {}
        self.schemes: dict[str, str] = {}

    def known(self, host: str) -> str | None:
        """Return the software that `host` is known here to run: a name, "" for none, None when nobody has asked."""
        return self.platforms.get(host)

    async def look_up(self, hosts: Iterable[str]) -> None:
        """Learn what other instances know of hosts."""
        unknown = [host for host in dict.fromkeys(hosts) if host not in self.platforms]
        if unknown:
            for host, stored in zip(unknown, await self.frontier.execute("HMGET", self.key, *unknown), strict=True):
                if stored is not None:
                    self.platforms[host] = text(stored)

    def remember(self, host: str, platform: str) -> None:
        """Note what `host` runs, for the fleet."""
        self.platforms[host] = platform
        self.frontier.note("HSET", self.key, host, platform)

    async def identify(self, response: Response) -> str:
        """Return the software that made `response`, by its HTML or, asked once a host, by nodeinfo; "" for none."""
        await self.look_up([response.host])
        if (known := self.known(response.host)) is not None:
            return known
        name = platform_of(response)
        if name is None:
            if response.host not in self.asked:
                self.asked[response.host] = asyncio.ensure_future(self.ask_nodeinfo(response.base))
            name = await self.asked[response.host]
        if name is None:
            self.platforms[response.host] = ""  # for this instance: another may get an answer
            return ""
        self.remember(response.host, name)
        return name

    async def ask_nodeinfo(self, base: str) -> str | None:
        """Return what the host says in nodeinfo that it runs, "" for nothing we know, None for no answer."""
        answer = await self.fetch(Link(f"{base}/.well-known/nodeinfo", "listing"))
        if answer is None or answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            return None
        hrefs = [
            link.get("href")
            for link in as_list(json_object(answer).get("links"))
            if isinstance(link, dict) and "nodeinfo" in str(link.get("rel"))
        ]
        url = on_same_host(base, str(hrefs[-1])) if hrefs else None
        software = json_object(await self.fetch(Link(url, "listing"))).get("software") if url else None
        name = str(software.get("name")).lower() if isinstance(software, dict) else ""
        # A site that is at its own hosts only is no software, whatever another host calls itself.
        return name if name in PLATFORMS and not PLATFORMS[name].hosts else ""

    async def learn_schemes(self, seeds: Iterable[Seed]) -> None:
        """Ask the hosts of seeds without a scheme whether they speak TLS, many at the same time."""
        turns = asyncio.Semaphore(PROBES_AT_ONCE)

        async def learn(seed: Seed) -> None:
            async with turns:
                await self.with_scheme(seed)

        await asyncio.gather(*map(learn, {urlsplit(seed.url).netloc: seed for seed in seeds if seed.guessed}.values()))

    async def with_scheme(self, seed: Seed) -> str:
        """Return the seed's URL with `http` where the scheme was a guess and the host does not speak TLS."""
        parts = urlsplit(seed.url)
        if not seed.guessed:
            return seed.url
        if parts.netloc not in self.schemes:
            self.schemes[parts.netloc] = (
                "https" if await speaks_tls(parts.hostname or "", parts.port or 443) else "http"
            )
        return parts._replace(scheme=self.schemes[parts.netloc]).geturl()


async def speaks_tls(host: str, port: int) -> bool:
    """Tell whether a TLS handshake succeeds; whose certificate it is, the request itself will check.

    Only hosts of seeds are asked, which may be at any address, see crawler/addresses.

    Of a host whose name is not found, as by a resolver that is asked too much at once, https is taken for granted.
    """
    try:
        _, writer = await asyncio.wait_for(asyncio.open_connection(host, port, ssl=unchecked()), TLS_PROBE_TIMEOUT_S)
    except socket.gaierror:
        return True
    except (OSError, TimeoutError, ValueError):  # the last for a name that no host can have
        return False
    writer.close()
    return True


@cache
def unchecked() -> ssl.SSLContext:
    """Return what takes any certificate; without those of the authorities, which take 20 ms to read."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def json_object(response: Response | None) -> dict[str, Any]:
    """Return the JSON object that was answered with 200, else an empty one."""
    body = response.json if response is not None and response.status == HTTPStatus.OK else None
    return body if isinstance(body, dict) else {}


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def on_same_host(base: str, href: str) -> str | None:
    """Return `href` as an absolute URL, None where it is none or leads elsewhere."""
    try:
        url = urljoin(base, href)
        return url if urlsplit(url).netloc.lower() == urlsplit(base).netloc else None
    except ValueError:
        return None
