"""One instance's part in the crawl that all instances share: between Scrapy's engine and the I/O thread."""

from __future__ import annotations

import asyncio
import gc
import logging
from collections.abc import Callable
from contextlib import suppress
from time import monotonic
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from redis.exceptions import RedisError
from scrapy import Request, signals
from scrapy.exceptions import DontCloseSpider
from scrapy.utils.asyncio import create_looping_call
from scrapy.utils.misc import load_object

from crawler.errors import QueueLost, RedisSilent
from crawler.frontier.awaited import AwaitedRecords
from crawler.frontier.claims import Claims
from crawler.frontier.connection import ask, connect, revive
from crawler.frontier.courier import Courier
from crawler.frontier.deliveries import Deliveries, GivenBack
from crawler.frontier.grants import Grants
from crawler.frontier.handover import Handover
from crawler.frontier.keys import Keys
from crawler.frontier.options import Options
from crawler.frontier.orders import Orders
from crawler.frontier.outbox import Outbox, Question, Sink
from crawler.frontier.patience import LAST_WORDS_S
from crawler.frontier.prefetch import Leased, PrefetchBuffer
from crawler.frontier.pulse import Pulse
from crawler.frontier.queue import Beginning, Progress, Queue, Report

if TYPE_CHECKING:
    from scrapy import Spider
    from scrapy.crawler import Crawler

logger = logging.getLogger(__name__)

WAKE = Request("data:,wake")
"""Handed to the engine it makes it ask for work, and is itself none: the engine's own clock ticks every 5 s only."""
LOOK_S = 0.25
"""Seconds between two looks for what has leaked, and for whoever waits whether this instance is about to end."""
GRANT_LEAST_S = 0.1
"""For so long the reserved time of a request can be used where there is no delay between requests."""

UNREAD = (
    "All that is in the queue is done, but no instance reads the crawl's seeds to their end: start one with the same "
    "seeds again."
)

_frontiers: WeakKeyDictionary[Crawler, Frontier] = WeakKeyDictionary()


class Frontier:
    """What scheduler, middlewares, pipelines and feeds of one crawler share.

    Attributes:
        queue: the verbs; blocking, never for the reactor.
        deliveries: what the engine has in hand.
        claims: which records this instance may write.
        awaited: pages whose records others write.
        grants: for requests that do not come out of the queue.
        closing: whether this instance is about to end.
        beginning: how it has entered the crawl.
    """

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self.options = Options.from_settings(crawler.settings)
        self.keys = Keys.of(crawler.settings, crawler.spidercls.name)
        self.queue = Queue(connect(crawler.settings), self.keys, self.options)
        self.outbox = Outbox()
        self.buffer = PrefetchBuffer(self.options.prefetch_count)
        self.courier = Courier(self.queue, self.outbox, self.buffer, self)
        self.orders = Orders(self.queue, self.buffer, self)
        self.pulse = Pulse(self.queue, self.orders.look)
        grant_s = max(GRANT_LEAST_S, self.options.delay_ms / 2000)
        self.claims = Claims(self)
        self.awaited = AwaitedRecords(self.outbox, self.claims)
        self.deliveries = Deliveries(self.outbox, self.awaited, grant_s, self.count)
        self.deliveries.ended = self.has_ended
        self.handover = Handover(crawler, self.outbox, self.buffer, self.deliveries, self.wake_engine)
        self.beginning: Beginning | None = None
        self.pending_at_start = 0
        self.is_starting = True
        """Whether the spider still sends its seeds."""
        self.closing = False
        self.has_left = True
        """Whether Redis knows all that there was to tell; False where it was silent at the end."""
        self.close_reason = ""
        self.tidiers: list[Callable[[], None]] = []
        self.grants = Grants(self)
        self.looks = create_looping_call(self.look)

    @classmethod
    def of(cls, crawler: Crawler) -> Frontier:
        """Return the frontier of a crawler, made at the first call."""
        if crawler not in _frontiers:
            _frontiers[crawler] = cls(crawler)
        return _frontiers[crawler]

    @staticmethod
    def is_used(crawler: Crawler) -> bool:
        """Tell whether the crawler's requests go through a frontier."""
        from crawler.frontier.scheduler import Scheduler  # noqa: PLC0415 - which imports this module

        scheduler = load_object(crawler.settings["SCHEDULER"])
        return isinstance(scheduler, type) and issubclass(scheduler, Scheduler)

    # --- from the start to the end ---

    def join(self, seeds: str = "", *, anew: bool = False, crawl: str = "") -> Beginning:
        """Enter the crawl, once; blocking, best before the reactor runs.

        Raises:
            CrawlOver: that of the name `crawl` is finished.
            OtherCrawl: there is one that began with other seeds.
            StoreError: Redis stays away, or refuses.
        """
        if self.beginning is None:
            settings, server = self.crawler.settings, self.queue.server
            ask(settings, server, self.orders.enter)
            joined = ask(settings, server, lambda: self.queue.join(seeds, anew=anew, crawl=crawl))
            self.beginning, self.pending_at_start = joined
        return self.beginning

    def withdraw(self) -> None:
        """Leave before anything was taken; a silent Redis is not waited for, as others see that this process ends."""
        pool = self.queue.server.connection_pool
        pool.disconnect()
        pool.connection_kwargs["socket_timeout"] = LAST_WORDS_S
        pool.reset()
        with suppress(RedisError):
            self.queue.leave()

    def open(self, spider: Spider) -> None:
        """Begin to carry requests; in the reactor's thread."""
        self.join()
        self.loop = asyncio.get_running_loop()
        self.handover.open(spider)
        self.watch_close()
        self.crawler.signals.connect(self.grants.request_left_downloader, signals.request_left_downloader)
        self.crawler.signals.connect(self.spider_idle, signals.spider_idle)
        # What was imported stays for good: the collector need not look through it again and again.
        gc.collect()
        gc.freeze()
        self.courier.start()
        self.pulse.start()
        self.looks.start(LOOK_S, now=False)

    def watch_close(self) -> None:
        """Hear at once that the spider closes, whoever has it do so: the engine's own signal comes when all is over."""
        engine = self.crawler.engine
        close = engine.close_spider_async

        async def close_spider_async(*, reason: str = "cancelled") -> None:
            self.is_to_end()
            await close(reason=reason)

        engine.close_spider_async = close_spider_async  # type: ignore[method-assign]

    def is_to_end(self) -> None:
        """Take no more requests, give back those that wait here, and let nobody wait for a host."""
        if not self.closing:
            self.closing = self.courier.draining = True
            self.handover.give_back()

    async def close(self, reason: str) -> None:
        """Tell all that is done, give back the rest, and leave."""
        self.closing = True
        if self.looks.running:
            self.looks.stop()
        self.deliveries.acknowledge()
        for delivery in list(self.deliveries.open):
            self.deliveries.give_back(delivery)
        self.awaited.give_all_back()
        self.handover.give_back()
        self.pulse.stop()
        self.courier.stop()
        self.has_left = await asyncio.to_thread(self.courier.wait_for_end) and self.has_left
        if self.has_left:
            await asyncio.to_thread(self.pulse.wait_for_end)
        else:
            logger.warning(
                "Left before Redis knew all, as it does not answer or a disk is slow. Nothing is lost: what was in "
                "hand is handed out again when the lease ends, to other instances or the next start."
            )
        self.crawler.stats.set_value("scheduler/duplicates", self.courier.duplicates)
        logger.debug("Left the crawl (%s)", reason)

    def has_started(self) -> None:
        """Say that all seeds of this instance are in the queue."""
        self.is_starting = False
        reads_seeds = bool(getattr(self.crawler.spider, "asked_for", ""))

        def tell(report: Report) -> None:
            report.started, report.reads_seeds = True, reads_seeds

        self.outbox.tell(None, tell)

    def has_ended(self, leased: Leased) -> None:
        """Go on with others once a suspect, which is fetched alone, has ended."""
        if self.buffer.alone == leased.id:
            self.buffer.alone = ""
            self.outbox.wake()

    # --- for middlewares, pipelines and feeds ---

    async def execute(self, *command: Any) -> Any:
        """Run a command of Redis, together with what others ask; repeated while Redis is away.

        Raises:
            QueueLost: it stays away.
        """
        answer: asyncio.Future[Any] = self.loop.create_future()
        self.outbox.ask(Question(command, self.answering(answer)))
        return await answer

    def answering(self, answer: asyncio.Future[Any]) -> Callable[[Any], None]:
        """Return what hands a reply from the I/O thread to who waits for it here."""

        def reply(value: Any) -> None:
            self.loop.call_soon_threadsafe(resolve, answer, value)

        return reply

    def note(self, *command: Any) -> None:
        """Apply an idempotent command before the next acknowledgement."""
        self.outbox.note(command)

    def write(self, sink: Sink, data: bytes) -> None:
        """Append lines to a feed, and sync it, before the next acknowledgement."""
        self.outbox.write(sink, data)

    async def pause(self, seconds: float) -> None:
        """Wait, but not beyond the end of this instance."""
        until = monotonic() + seconds
        while (left := until - monotonic()) > 0:
            if self.closing:
                raise GivenBack("this instance is about to end")
            await asyncio.sleep(min(left, LOOK_S))

    def hold(self, slot: str, pause_s: float, *, slower: bool) -> None:
        """Let nobody in the fleet ask a slot's host for so long; `slower` also spreads what follows."""
        words = self.queue.hold_words(slot, round(1000 * pause_s), slower=slower)
        self.outbox.ask(Question(self.queue.command(*words), lambda _: None))

    def on_complete(self, tidy: Callable[[], None]) -> None:
        """Have a feed put in order when the crawl is complete; called in the I/O thread."""
        self.tidiers.append(tidy)

    # --- what the engine tells ---

    def spider_idle(self) -> None:
        """Keep the spider open: the end is the whole crawl's, not this instance's."""
        self.deliveries.sweep(idle=True)
        raise DontCloseSpider

    def look(self) -> None:
        """See whether requests have leaked, and what has become of records that others write."""
        self.deliveries.sweep(idle=False)
        if self.awaited.pages:
            asyncio.ensure_future(self.awaited.ask(is_idle=not self.deliveries.open))  # noqa: RUF006 - awaited keeps it

    # --- what the courier tells, in its thread ---

    def news(self) -> None:
        """Let the engine take what has come, or end."""
        self.loop.call_soon_threadsafe(self.take_notice, self.courier.progress)

    def drained(self) -> None:
        """End as an operator has told all instances."""
        if self.crawler.engine.spider is not None:  # else it is told again, once there is something to close
            self.loop.call_soon_threadsafe(self.end, "drained")

    def lost(self, error: QueueLost) -> None:
        """End loudly; a Redis that is away only while this instance ends anyway has lost nothing."""
        if self.closing and isinstance(error, RedisSilent):
            self.has_left = False
            return
        sentence = (
            f"The queue is lost: {error}. What is in the feeds stays there if you start again with -o: -O would empty "
            "them where a new crawl begins. Add -a anew=1 if it ends like this once more."
        )
        self.loop.call_soon_threadsafe(self.end, "queue_lost", sentence)

    def feed_failed(self, error: OSError) -> None:
        """End loudly."""
        sentence = (
            f"{error.filename or 'A feed'} cannot be written ({error.strerror}): stopping. What is in it is safe; make "
            "room or make it writable, then start the same command again to go on with the rest."
        )
        self.loop.call_soon_threadsafe(self.end, "feed_failed", sentence)

    def revive(self) -> None:
        """Start the embedded server again where it has died."""
        revive(self.crawler.settings)

    def tidy(self) -> None:
        """Put the feeds in order."""
        for tidy in self.tidiers:
            tidy()

    # --- in the reactor again ---

    def take_notice(self, progress: Progress) -> None:
        """End when the crawl does; else let the engine look for requests, or hold them back."""
        self.handover.mind_pause()
        if progress == "finished":
            self.end("finished")
        elif progress == "unread" and self.courier.completion.stays:
            logger.warning(UNREAD)
        elif progress == "unread":
            self.end("seeds_unread", UNREAD)
        else:
            self.wake_engine()

    def end(self, reason: str, sentence: str = "") -> None:
        """Close the spider, once."""
        if self.close_reason:
            return
        self.close_reason = reason
        if sentence:
            logger.error("%s", sentence)
        if self.crawler.engine.spider is not None:
            asyncio.ensure_future(self.crawler.engine.close_spider_async(reason=reason))  # noqa: RUF006 - the engine keeps it

    def wake_engine(self) -> None:
        """Let the engine ask for requests."""
        if self.crawler.engine.spider is not None:
            self.crawler.engine.crawl(WAKE)

    def count(self, name: str) -> None:
        """Count in Scrapy's stats."""
        self.crawler.stats.inc_value(name)


def resolve(answer: asyncio.Future[Any], reply: Any) -> None:
    """Hand a reply, or an exception, to who waits for it."""
    if answer.done():
        return
    if isinstance(reply, Exception):
        answer.set_exception(reply)
    else:
        answer.set_result(reply)
