"""A ledger that a test writes into at once."""

from __future__ import annotations

from redis import Redis

from crawler.frontier.keys import Keys
from crawler.frontier.ledger import Ledger, Scribe, member
from crawler.items import RecordKey


class Book(Ledger):
    """A ledger with who writes into it."""

    def __init__(self, server: Redis, keys: Keys) -> None:
        super().__init__(server, keys)
        self.scribe = Scribe(keys, server.execute_command)

    def record(self, *keys: RecordKey) -> None:
        """Note records as written, as the queue does when their page is done."""
        self.server.sadd(self.keys.recorded, *map(member, keys))
