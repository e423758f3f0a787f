"""What the parent of a fleet says when all instances have ended."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import redis

from crawler.extensions.summary import summary_lines
from crawler.fleet.squad import Squad
from crawler.frontier.keys import Keys
from crawler.frontier.ledger import Ledger
from crawler.words import counted, to_do


def epilogue(server: redis.Redis, keys: Mapping[str, Keys], squads: Sequence[Squad]) -> Iterator[str]:
    """Yield, spider by spider, how complete its crawl is, or what is left of it; blocking."""
    for squad in squads:
        ledger = Ledger(server, keys[squad.spider])
        try:
            summary = ledger.summary()
        except redis.RedisError:
            yield f"{squad.spider}: the store does not answer; the same command goes on from here."
            continue
        is_left = summary.pending or summary.revisits
        left = f"stopped, {to_do(summary.pending, summary.revisits)}" if is_left else "done"
        restarts = f", {counted(squad.restarts(), 'restart')}" if squad.restarts() else ""
        yield f"{squad.spider}: {left}{restarts}"
        yield from summary_lines(summary)
