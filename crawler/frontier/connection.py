"""The Redis of this process: the one that REDIS_URL names, else the embedded store of this folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, cast
from urllib.parse import urlsplit

import redis
from scrapy_redis import connection

from crawler.errors import StoreError
from crawler.frontier.store import EmbeddedStore

if TYPE_CHECKING:
    from scrapy.settings import BaseSettings

_embedded: dict[Path, tuple[EmbeddedStore, str]] = {}


def connect(settings: BaseSettings) -> redis.Redis:
    """Return a client of the crawl's Redis, and leave its URL in `settings` for scrapy-redis.

    Raises:
        StoreError: nobody answers there, or the embedded store cannot be started.
    """
    if not settings.get("REDIS_URL"):
        settings.set("REDIS_URL", embedded_url(Path(settings["STORE_DIR"])), priority="cmdline")
    try:
        server = cast("redis.Redis", connection.from_settings(settings))
        server.ping()
    except (redis.RedisError, ValueError) as exc:
        host = urlsplit(settings["REDIS_URL"])
        where = host._replace(netloc=host.netloc.rpartition("@")[2]).geturl()
        raise StoreError(
            f"REDIS_URL {where} does not answer ({exc}): start that server, or unset REDIS_URL to use the embedded one."
        ) from exc
    return server


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
