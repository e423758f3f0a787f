"""Puts requests into a crawl's queue from outside of it, whether instances are at it or not."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Any

from crawler.frontier.patience import Patience
from crawler.frontier.pulse import Pulse
from crawler.frontier.queue import Beginning, NewLink, Queue, Report, load_scripts
from crawler.frontier.revisits import left_of


class Sower:
    """A worker of the crawl that only sends: while it is there, the crawl does not end.

    It enters the crawl with the first requests, which begins one where there is none. One batch is on its way while
    its user makes the next. Blocking, for one thread.

    Args:
        queue: of the crawl, for this worker only.
        revive: starts a Redis of this machine again that has died.

    Attributes:
        beginning: how it has entered the crawl; None while it has not.
        sent: requests that are in the queue, or were there.
        new: those that were not there.
        in_a_hurry: set where a silent Redis is to be waited for some seconds only.
        lost_some: whether Redis has forgotten what it had taken: all is to be sent again.
        left: requests of the crawl that wait, once this has ended, but for those that visit a page again later.
    """

    def __init__(self, queue: Queue, revive: Callable[[], None], in_a_hurry: threading.Event | None = None) -> None:
        self.queue = queue
        self.in_a_hurry = in_a_hurry or threading.Event()
        self.patience = Patience(queue.options.patience_s, self.in_a_hurry, revive, lambda: load_scripts(queue.server))
        self.pulse = Pulse(queue)
        self.courier = ThreadPoolExecutor(1, "sower")
        self.on_its_way: Future[None] | None = None
        self.beginning: Beginning | None = None
        self.sent = self.new = self.left = 0
        self.lost_some = False

    def sow(self, links: list[NewLink]) -> None:
        """Send requests, once the former ones have arrived.

        Raises:
            QueueLost: Redis stays away; what `sent` counts is in the queue.
        """
        self.wait()
        if not links:
            return
        if self.beginning is None:
            self.beginning, _ = self.patience.insist(self.queue.join)
            self.pulse.start()
        self.on_its_way = self.courier.submit(self.send, links)

    def wait(self) -> None:
        """Wait until what is on its way has arrived.

        Raises:
            QueueLost: it does not.
        """
        if self.on_its_way is not None:
            self.on_its_way.result()
            self.on_its_way = None

    def ask(self, *command: Any) -> Any:
        """Run a command of Redis that can be repeated.

        Raises:
            QueueLost: Redis stays away.
        """
        return self.patience.insist(lambda: self.queue.execute(command))

    def note_file(self, name: str) -> None:
        """Note a file as one that this crawl has begun, so that its instances do not begin it anew.

        Raises:
            QueueLost: Redis stays away.
        """
        self.wait()
        if self.beginning is not None:
            self.patience.insist(lambda: self.queue.begin_feed(name, 0))

    def end(self) -> None:
        """Leave the crawl to its instances.

        Raises:
            QueueLost: not all that was to be sent has arrived.
        """
        try:
            self.wait()
            if self.beginning is not None:
                self.patience.insist(self.queue.leave)
                left, revisits = self.patience.insist(lambda: left_of(self.queue.server, self.queue.keys))
                self.left = left - revisits
        finally:
            self.courier.shutdown()
            self.pulse.stop()
            self.pulse.wait_for_end()

    def send(self, links: list[NewLink]) -> None:
        """Send a batch, and again as another worker where the crawl does not know this one any more."""
        step = partial(self.queue.step, Report(links=links))
        while (told := self.patience.insist(step)).state != "ok":
            self.lost_some = self.lost_some or told.state != "fenced"
            self.patience.insist(self.queue.join)
        self.sent += len(links)
        self.new += told.new_links
