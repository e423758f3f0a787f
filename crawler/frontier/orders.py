"""What an operator has ordered for all instances of a crawl, as one of them learns it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, cast

from crawler.frontier.queue import text

if TYPE_CHECKING:
    from crawler.frontier.prefetch import PrefetchBuffer
    from crawler.frontier.queue import Queue


class Instance(Protocol):
    """Who carries orders out; called in the thread that looks for them."""

    def news(self) -> None:
        """Requests have come, or the crawl stands elsewhere."""

    def drained(self) -> None:
        """All instances are to end."""


class Orders:
    """Looks for orders beside the calls of the I/O thread: one with a full buffer may have nothing to ask for long."""

    def __init__(self, queue: Queue, buffer: PrefetchBuffer, instance: Instance) -> None:
        self.queue, self.buffer, self.instance = queue, buffer, instance
        self.former = ""
        """The order to end that was there before this instance came: it was for others."""

    def enter(self) -> None:
        """Note what was ordered by now; to be called before the crawl is entered."""
        _, self.former = self.read()

    def look(self) -> None:
        """See what was ordered, and have it carried out."""
        is_paused, drained = self.read()
        if is_paused != self.buffer.held:
            self.buffer.held = is_paused
            self.instance.news()
        if drained not in {"", self.former}:
            self.instance.drained()

    def read(self) -> tuple[bool, str]:
        """Return whether the crawl is paused, and when its instances were told to end."""
        fields = self.queue.server.hmget(self.queue.keys.control, "paused_ms", "drained_ms")
        paused, drained = cast("list[bytes | None]", fields)
        return paused is not None, text(drained or b"")
