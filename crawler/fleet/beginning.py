"""What a fleet finds in the queue before it starts: crawls to begin, to go on with, or to leave as they are."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from crawler.fleet.orders import Order
from crawler.frontier.keys import Keys
from crawler.frontier.queue import text
from crawler.frontier.revisits import left_of
from crawler.frontier.standing import begins_anew
from crawler.seeds import describe

if TYPE_CHECKING:
    from redis import Redis


@dataclass(frozen=True, slots=True)
class Beginning:
    """What one spider finds.

    Attributes:
        order: what it is to be.
        crawl: name of the crawl that it is at; a new one where it begins anew.
        goes_on: whether there is something left of a crawl.
        is_done: whether the crawl that is asked for is finished.
        pending: requests that are left, without the next.
        revisits: those that wait to visit a page again.
    """

    order: Order
    crawl: str
    goes_on: bool
    is_done: bool
    pending: int
    revisits: int = 0


def look(server: Redis, keys: Keys, order: Order) -> Beginning:
    """Look at the crawl of a spider."""
    epoch, seeds, finished = cast("list[bytes | None]", server.hmget(keys.control, "epoch", "seeds", "finished"))
    anew, asked = order.begins_anew, describe(order.given())
    is_new = begins_anew(server, keys, anew=anew)
    is_done = bool(finished) and not anew and asked in {"", text(seeds or b"")}
    crawl = secrets.token_hex(8) if anew or is_new else text(epoch or b"")
    left, revisits = left_of(server, keys)
    return Beginning(order, crawl, not is_new, is_done, left - revisits, revisits)


def to_begin(found: Sequence[Beginning]) -> list[Beginning]:
    """Return those that have something to do: where one goes on with a crawl, what is finished beside it stays so."""
    if any(one.goes_on for one in found):
        return [one for one in found if one.goes_on or not one.is_done]
    return list(found)
