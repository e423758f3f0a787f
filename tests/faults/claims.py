"""Records that an instance has claimed when it dies."""

from __future__ import annotations

import json
import signal
from dataclasses import replace

from tests.faults.outcome import Outcome
from tests.faults.scenarios import TEST_SPIDERS, Arena, store_of
from tests.faults.site import HELD, NONE, NOT_LINKED
from tests.faults.spiders import HOLDS

REFUSED = "Dropped: duplicate"
"""What a log at DEBUG has of a record that another page has, or will have."""


def claim_of_the_dead(arena: Arena, _: int) -> Outcome:
    """SIGKILL of an instance that has claimed a record; its page is gone then, and another one has been read before."""
    arena = replace(arena, size=1, faults=NONE)  # so that nothing has to wait, and no other record is refused
    settings = (*TEST_SPIDERS, "LOG_LEVEL=DEBUG", "PREFETCH_COUNT=1", "CONCURRENT_REQUESTS_PER_DOMAIN=100")
    with arena.crawl(spider="holding", settings=settings) as fleet, store_of(fleet).client() as client:
        fleet.site.once.add(HELD)
        holder = fleet.workers[0]
        fleet.until(lambda: HOLDS in holder.told())
        fleet.workers.append(other := fleet.start(1))
        fleet.until_joined()
        client.lpush(f"{fleet.spider}:start_urls", json.dumps({"url": fleet.site.url + NOT_LINKED}))
        assert fleet.until(lambda: REFUSED in other.told()), fleet.tails("the record was refused to nobody")
        with fleet.site.holding():  # or the other one could end, and the one that comes back begin a new crawl
            fleet.strike(holder, signal.SIGKILL)
            fleet.until(lambda: not any(worker.struck for worker in fleet.workers))
            fleet.until_joined()
        return fleet.complete()
