"""What an instance does once the crawl is complete: it puts its feeds in order, and agrees to the end, or stays."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from crawler.frontier.keys import Keys
    from crawler.frontier.office import Office
    from crawler.frontier.patience import Patience

logger = logging.getLogger(__name__)


class Completion:
    """In the I/O thread only.

    Attributes:
        stays: whether this instance waits for seeds to come, rather than agree to the end.
        is_seen: whether it has seen the crawl complete since there was work last, and has its feeds in order.
        tidied_of: how many requests had been handed out again when an instance that stays put its feeds in order.
        settlers: what is called then, and can be repeated.
    """

    def __init__(self, patience: Patience, office: Office, keys: Keys) -> None:
        self.patience, self.office, self.keys = patience, office, keys
        self.stays = False
        self.is_seen = False
        self.tidied_of = 0
        self.settlers: list[Callable[[], None]] = []

    def see(self, redelivered: int) -> bool:
        """Put the feeds in order where requests have been handed out again; return whether to agree to the end."""
        for settle in () if self.is_seen else self.settlers:
            self.patience.insist(settle)
        if self.stays:
            if not self.is_seen:
                logger.info("All is done: waiting for seeds in %s", self.keys.start_urls)
            if redelivered > self.tidied_of:
                self.tidied_of = redelivered
                self.patience.insist(self.office.tidy)
        elif not self.is_seen and redelivered:
            self.patience.insist(self.office.tidy)
        self.is_seen = True
        return not self.stays
