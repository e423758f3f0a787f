"""Whom the I/O thread reports to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from crawler.errors import QueueLost


class Office(Protocol):
    """Whom the courier reports to; called in its thread."""

    def news(self) -> None:
        """Requests have come, or the crawl stands elsewhere."""

    def lost(self, error: QueueLost) -> None:
        """The queue is gone for good."""

    def feed_failed(self, error: OSError) -> None:
        """A feed cannot be written."""

    def revive(self) -> None:
        """Start the embedded server again, if it is ours and has died."""

    def tidy(self) -> None:
        """Put the feeds in order: the crawl is complete."""
