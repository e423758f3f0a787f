"""The instances of this machine, or of this container, as Redis knows them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from crawler.frontier.survey import Worker, worker_of
from crawler.frontier.worker import machine

if TYPE_CHECKING:
    from redis import Redis

    from crawler.frontier.keys import Keys


def instances_here(server: Redis, keys: Keys) -> list[Worker]:
    """Return the instances of a crawl whose processes are, or were, of this machine; in a container of this one.

    Reads of Redis as little as it can, as probes ask again and again: the other instances' names and leases only.
    """
    rows: list[tuple[bytes, float]] = cast("Any", server.zrange(keys.workers, 0, -1, withscores=True))
    prefix = f"{machine()}:".encode()
    own = [(name, deadline) for name, deadline in rows if name.startswith(prefix)]
    if not own:
        return []
    with server.pipeline(transaction=False) as pipe:
        pipe.time()
        for name, _ in own:
            pipe.scard(f"{keys.prefix}leased:{name.decode()}")
            pipe.hgetall(f"{keys.prefix}vitals:{name.decode()}")
        (seconds, microseconds), *told = pipe.execute()
    at_ms = 1000 * seconds + microseconds / 1000
    looks = zip(own, told[::2], told[1::2], strict=True)
    return [worker_of([name, deadline, leases, flat(vitals)], at_ms) for (name, deadline), leases, vitals in looks]


def flat(fields: dict[bytes, bytes]) -> list[bytes]:
    """Return fields and values in a row, as scripts of Redis give them."""
    return [part for pair in fields.items() for part in pair]
