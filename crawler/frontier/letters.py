"""Dead letters: which requests were given up and why, and what an operator does about them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast
from urllib.parse import urlsplit

from crawler.errors import BadPayload
from crawler.frontier.payload import read, seed_text
from crawler.frontier.queue import Queue, text

if TYPE_CHECKING:
    from redis import Redis

    from crawler.frontier.keys import Keys

BATCH = 200
"""Letters of one call: Redis serves nobody else meanwhile."""
MOST_SHOWN = 200
"""Characters that are shown of what cannot be read."""


@dataclass(frozen=True, slots=True)
class Letter:
    """A dead letter.

    Attributes:
        id: of the request.
        reason: why it was given up.
        deliveries: crashes of instances that had it in hand.
        url: what it asks for, or the seed that it is; what cannot be read is shown as it stands there, shortened.
        host: whose pace it keeps.
        readable: whether an instance could read it, so that it can be put back.
    """

    id: str
    reason: str
    deliveries: int
    url: str
    host: str
    readable: bool

    def suits(self, reason: str = "", host: str = "") -> bool:
        """Tell whether the reason holds a text, in any case, and the host is this one; "" for any."""
        return reason.lower() in self.reason.lower() and host.lower() in {"", self.host.lower()}


def letter_of(request_id: str, stored: bytes) -> Letter:
    """Read a dead letter, whatever stands there."""
    try:
        letter = json.loads(stored.decode("utf-8", "surrogateescape"))
        payload = letter["request"].encode("utf-8", "surrogateescape")
        reason, deliveries = str(letter["reason"]), int(letter["deliveries"])
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        payload, reason, deliveries = stored, "the letter itself cannot be read", 0
    url, host = asked_for(payload)
    readable = url is not None
    return Letter(request_id, printable(reason), deliveries, printable(url or shortened(payload)), host, readable)


def asked_for(payload: bytes) -> tuple[str | None, str]:
    """Return the URL that a payload is for, or the seed that it holds, and its host; None where it cannot be read."""
    if (seed := seed_text(payload)) is not None:
        return seed, host_of(seed)
    try:
        fields = read(payload)
    except BadPayload:
        return None, ""
    return fields["u"], fields["s"]


def host_of(url: str) -> str:
    """Return the host of what may be a URL."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def shortened(payload: bytes) -> str:
    """Return what an operator can make use of in bytes that are no request."""
    shown = payload[: 4 * MOST_SHOWN].decode("utf-8", "replace")
    return shown if len(shown) <= MOST_SHOWN and len(payload) <= 4 * MOST_SHOWN else f"{shown[:MOST_SHOWN]}…"


def printable(shown: str) -> str:
    """Return a text without what would move a terminal's cursor, or begin another line."""
    shown = shown.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return "".join(one if one.isprintable() else ascii(one)[1:-1] for one in shown)


class Letters:
    """The dead letters of a crawl. Blocking."""

    def __init__(self, server: Redis, keys: Keys) -> None:
        self.server, self.keys = server, keys
        self.queue = Queue(server, keys)

    def chosen(self, reason: str = "", host: str = "") -> list[Letter]:
        """Return those whose reason holds a text and that are for a host, in the order in which the requests came."""
        found = self.server.hscan_iter(self.keys.dead, count=BATCH)
        letters = (letter_of(text(one), stored) for one, stored in cast("Iterator[tuple[bytes, bytes]]", found))
        return sorted({one.id: one for one in letters if one.suits(reason, host)}.values(), key=lambda one: one.id)

    def retry(self, letters: Iterable[Letter]) -> None:
        """Put letters back into the queue, without those that nobody could read. Repeat it until it returns."""
        for some in in_batches([one.id for one in letters if one.readable]):
            self.queue.call("requeue", *some)

    def drop(self, letters: Iterable[Letter]) -> None:
        """Forget letters for good. Repeat it until it returns."""
        for some in in_batches([one.id for one in letters]):
            self.queue.call("forget", *some)


def in_batches(ids: list[str]) -> Iterator[list[str]]:
    """Yield ids in lists of up to `BATCH`."""
    for first in range(0, len(ids), BATCH):
        yield ids[first : first + BATCH]
