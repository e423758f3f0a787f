"""The Redis of this process: the one that REDIS_URL names, else the embedded store of this folder."""

from __future__ import annotations

import atexit
import threading
import warnings
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar, cast
from urllib.parse import urlsplit

import redis
from redis.backoff import NoBackoff
from redis.maint_notifications import MaintNotificationsConfig
from redis.retry import Retry
from scrapy.utils.conf import closest_scrapy_cfg
from scrapy_redis import connection

from crawler import threads
from crawler.errors import QueueLost, StoreError
from crawler.frontier.keys import FLEET
from crawler.frontier.options import Options
from crawler.frontier.patience import Patience, comes_back
from crawler.frontier.queue import load_scripts
from crawler.frontier.store import EmbeddedStore

if TYPE_CHECKING:
    from collections.abc import Callable

    from scrapy.settings import BaseSettings

T = TypeVar("T")

KEEPS_ALL = "noeviction"
"""The only maxmemory-policy under which Redis keeps what it was given."""

atexit.register(threads.let_end)  # those of this package speak TLS with Redis

_embedded: dict[Path, tuple[EmbeddedStore, str]] = {}


def connect(settings: BaseSettings, *, any_policy: bool = False) -> redis.Redis:
    """Return a client of the crawl's Redis, and leave its URL in `settings` for scrapy-redis.

    It repeats nothing by itself: who uses it does. With `any_policy` it is one to look with, whatever Redis may drop.

    Raises:
        StoreError: nobody answers there, it drops keys when its memory is full, or the embedded store does not start.
    """
    if not names_a_server(settings):
        settings.set("REDIS_URL", embedded_url(store_folder(settings)), priority="cmdline")
    where = place(settings)
    try:
        with warnings.catch_warnings(category=DeprecationWarning, action="ignore"):  # scrapy-redis' retry_on_timeout
            server = cast("redis.Redis", connection.from_settings(settings))
        server.set_retry(Retry(NoBackoff(), 0))
        server.connection_pool.connection_kwargs |= {
            "decode_responses": False,  # payloads may be any bytes
            "maint_notifications_config": MaintNotificationsConfig(enabled=False),  # which only Redis' cloud has
        }
        policy = cast("dict[str, str]", server.info("memory")).get("maxmemory_policy", KEEPS_ALL)
    except redis.RedisError as exc:
        raise StoreError(
            f"{where} does not answer ({exc}): start that server, or unset REDIS_URL to use the embedded one."
        ) from exc
    except (ValueError, TypeError) as exc:  # whose texts may hold a part of the password
        raise StoreError(
            f"{where}, or REDIS_PARAMS, cannot be used: write redis://USER:PASSWORD@HOST:PORT/0, in the password %40 "
            "for @ and so on, and as parameters only those of redis.Redis."
        ) from exc
    if policy != KEEPS_ALL and not any_policy:
        raise StoreError(
            f"The Redis of this crawl has the maxmemory-policy {policy}: it would drop requests when memory is full. "
            f"Set it to {KEEPS_ALL} (CONFIG SET maxmemory-policy {KEEPS_ALL}, and in its configuration file)."
        )
    return server


def ask(settings: BaseSettings, server: redis.Redis, act: Callable[[], T]) -> T:
    """Return what `act`, which can be repeated without harm, gets of Redis before the crawl is entered.

    Raises:
        StoreError: Redis stays away, or refuses.
    """
    patience_s = Options.from_settings(settings).patience_s
    patience = Patience(patience_s, threading.Event(), partial(revive, settings), partial(load_scripts, server))
    try:
        return patience.insist(act)
    except QueueLost as exc:
        cause = exc.__cause__
        if isinstance(cause, redis.RedisError) and comes_back(cause):
            raise StoreError(f"{exc}: see to {place(settings)}, then start the same command again.") from exc
        raise StoreError(
            f"{exc}: {place(settings)} has to let its user do what docs/frontier.md lists, and to hold nothing of "
            f"other programs below {FLEET}*. Give the crawler another user, or another database."
        ) from exc


def place(settings: BaseSettings) -> str:
    """Return which Redis the settings name, without what may be secret."""
    return f"REDIS_URL {shown(settings.get('REDIS_URL') or settings.get('REDIS_HOST') or 'of REDIS_PARAMS')}"


def shown(url: str) -> str:
    """Return a URL without what may be secret: user, password and options; what cannot be told apart is left out."""
    scheme, _, rest = url.rpartition("://")
    try:
        parts = urlsplit(f"//{rest}")
    except ValueError:
        return f"{scheme}://…"
    if "@" in rest.removeprefix(parts.netloc):  # the password may have been cut at a character that ends a host
        return f"{scheme}://…"
    return f"{scheme}{'://' if scheme else ''}{parts.netloc.rpartition('@')[2]}{parts.path}"


def store_folder(settings: BaseSettings) -> Path:
    """Return the folder of the embedded store, one for all folders within a project; other projects need not set it."""
    folder, project = Path(settings.get("STORE_DIR") or ".crawler"), Path(closest_scrapy_cfg()).parent
    return folder if project == Path.cwd() else project / folder  # without a project it is that of the current folder


def names_a_server(settings: BaseSettings) -> bool:
    """Tell whether the settings name a Redis, in any of scrapy-redis' ways.

    Raises:
        StoreError: they name a port and no host, for which scrapy-redis takes localhost.
    """
    params = settings.getdict("REDIS_PARAMS")
    if any(settings.get(name) for name in ("REDIS_URL", "REDIS_HOST")) or any(
        params.get(name) for name in ("url", "host", "unix_socket_path")
    ):
        return True
    if port := settings.get("REDIS_PORT") or params.get("port"):
        raise StoreError(
            f"REDIS_PORT ({port}) is set without a host: set REDIS_HOST too, such as localhost, or leave REDIS_PORT "
            "out for the embedded store."
        )
    return False


def revive(settings: BaseSettings) -> None:
    """Start the embedded server again where this process uses it and it has died; its data is on disk."""
    store, url = _embedded.get(store_folder(settings).resolve(), (None, ""))
    if store is not None and url == settings.get("REDIS_URL"):
        with suppress(StoreError):  # said by who gives up waiting
            store.revive()


def embedded_url(folder: Path) -> str:
    """Return the URL of the embedded store in `folder`, attached once for this process."""
    folder = folder.resolve()
    if folder not in _embedded:
        store = EmbeddedStore(folder)
        _embedded[folder] = store, store.attach()
    return _embedded[folder][1]


def release() -> None:
    """Let go of the embedded store; the last process out stops it."""
    while _embedded:
        store, _ = _embedded.popitem()[1]
        store.release()
