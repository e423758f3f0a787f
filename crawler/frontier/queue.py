"""The queue's verbs: each is one call of a Lua script, and changes the crawl's state at once or not at all."""

from __future__ import annotations

import hashlib
import logging
import secrets
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, cast

from redis.exceptions import NoScriptError

from crawler.errors import CrawlOver, OtherCrawl, QueueLost
from crawler.frontier.keys import FLEET, LEDGER, Keys
from crawler.frontier.options import Options, flight_ms_of
from crawler.frontier.worker import has_died, new_worker

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from redis import Redis

logger = logging.getLogger(__name__)

LUA = Path(__file__).with_name("lua")
PRELUDE = (LUA / "prelude.lua").read_text()
SOURCES = {path.stem: f"{PRELUDE}\n{path.read_text()}" for path in sorted(LUA.glob("*.lua")) if path.stem != "prelude"}
"""Each verb behind what all begin with: scripts share no code in Redis 6.2."""
JOIN_POLL_S = 0.05
"""Seconds between two attempts to join where those at a crawl are about to leave it, or may be dead."""
OCCUPIED = (
    "Instances of %s were at the crawl that is to be dropped: waiting until they give a sign of life, or %.0f s, after "
    "which they count as dead"
)
FORGONE_AT_ONCE = 1_000
LOOKAHEAD_MS = 50
"""How far ahead of its time a request is handed out: what a round trip and a tick of the loop take."""
GRANT_LOOKAHEAD_MS = 250
"""The same for a request that waits itself; longer, and it would not see a pause that the host asks for meanwhile."""

Beginning = Literal["anew", "resumed", "joined"]
State = Literal["ok", "lost", "fenced", "regressed"]
ClaimState = Literal["ours", "recorded", "others"]
Progress = Literal["", "working", "paused", "complete", "unread", "finished", "lost"]


class NewLink(NamedTuple):
    """A request for the queue: its 64-bit fingerprint (None: not filtered), slot, priority, and payload.

    It is kept until all else is done where it comes `last`; `again` is for what visits a page that was visited before.
    """

    fingerprint: int | None
    slot: str
    priority: int
    last: bool
    payload: bytes
    again: bool = False


class Revisit(NamedTuple):
    """A request that is done for now: its page is to be visited again.

    Attributes:
        id: of the request.
        fingerprint: of its page, 64-bit.
        due_in_ms: when it is due.
        payload: what is sent then.
        readings: what was read of records, as JSON by record key.
    """

    id: str
    fingerprint: int
    due_in_ms: int
    payload: bytes
    readings: Mapping[str, bytes]

    def words(self) -> list[Any]:
        """Return it as arguments of `step.lua`."""
        head = [self.id, self.fingerprint, self.due_in_ms, self.payload, len(self.readings)]
        return [*head, *(word for pair in self.readings.items() for word in pair)]


class Told(NamedTuple):
    """The answer to a STEP."""

    state: State
    progress: Progress
    left: int
    new_links: int
    stale_acks: int
    redelivered: int


class Handed(NamedTuple):
    """A request that was handed out, and in how many ms it may go."""

    id: str
    due_in_ms: float
    payload: bytes


class Popped(NamedTuple):
    """The answer to a POP: when a host may be asked next (ms, None: none waits), and the requests."""

    state: State
    progress: Progress
    next_in_ms: int | None
    alone: bool
    requests: list[Handed]


@dataclass(slots=True)
class Report:
    """What a worker has to tell in one STEP."""

    links: list[NewLink] = field(default_factory=list)
    acks: list[str] = field(default_factory=list)
    dead: list[tuple[str, str]] = field(default_factory=list)
    returned: list[tuple[str, bool]] = field(default_factory=list)
    landed: list[tuple[str, str]] = field(default_factory=list)
    records: list[str] = field(default_factory=list)
    revisits: list[Revisit] = field(default_factory=list)
    started: bool = False
    reads_seeds: bool = False
    ready: bool = False
    seeds: list[NewLink] = field(default_factory=list)
    """Those of the links that come from no page; not told apart to Redis."""

    def is_news(self) -> bool:
        """Tell whether there is anything to tell."""
        parts = (self.links, self.acks, self.dead, self.returned, self.landed, self.records, self.revisits)
        return any(parts) or self.started or self.ready

    def arguments(self) -> list[Any]:
        """Return it as the arguments that `step.lua` takes behind the first four."""
        words: list[Any] = [int(self.started), int(self.reads_seeds), int(self.ready)]
        words += (len(self.links), len(self.acks), len(self.dead), len(self.returned))
        words += (len(self.landed), len(self.records), len(self.revisits))
        for link in self.links:
            fingerprint = "" if link.fingerprint is None else link.fingerprint
            place = 2 if link.again and not link.last else int(link.last)
            words += (fingerprint, link.slot, link.priority, place, link.payload)
        words += self.acks
        for pair in (*self.dead, *((one, int(crashed)) for one, crashed in self.returned), *self.landed):
            words += pair
        words += self.records
        for revisit in self.revisits:
            words += revisit.words()
        return words


class Queue:
    """One worker's use of a crawl's queue. Blocking, for one thread at a time."""

    def __init__(self, server: Redis, keys: Keys, options: Options | None = None) -> None:
        self.server = server
        self.keys = keys
        self.options = options or Options()
        self.worker = new_worker()
        self.epoch = self.former = ""
        self.steps = 0
        self.pops = 0

    # --- joining and leaving ---

    def join(self, seeds: str = "", *, anew: bool = False, crawl: str = "") -> tuple[Beginning, int]:
        """Enter the crawl under a new name; return how, and how many requests are left. Repeat it until it returns.

        Args:
            seeds: what a new crawl begins with, as a user would recognise it.
            anew: drop what an interrupted crawl has left; never under a running instance, which is joined.
            crawl: how a new crawl is named; one of that name is neither dropped nor begun again.

        Raises:
            OtherCrawl: there is one that began with other seeds.
            CrawlOver: that of the name `crawl` is finished.
        """
        self.bereave()
        if self.epoch:  # else the reply to a former call was lost: under the same name it is the same entry
            self.worker, self.epoch, self.steps, self.pops = new_worker(), "", 0, 0
        how = "anew" if anew else "0"
        least_ms: int | None = None
        while True:
            outcome, named, left = self.enter(crawl or secrets.token_hex(8), seeds, how)
            match text(outcome):
                case "over":
                    raise CrawlOver(self.keys.crawl)
                case "running" | "interrupted" as state:
                    raise OtherCrawl(self.keys.crawl, text(named), None if state == "running" else int(left))
                case "ending":
                    pass
                case "occupied":
                    if least_ms is None:
                        logger.info(OCCUPIED, self.keys.crawl, left / 1000)
                    elif left > least_ms + 1:  # time only takes from it: somebody has renewed
                        how = "beside"
                    least_ms = int(left)
                case beginning:
                    self.epoch = text(named)
                    return cast("Beginning", beginning), int(left)
            time.sleep(JOIN_POLL_S)
            self.bereave()

    def rejoin(self) -> bool:
        """Enter the same crawl under a new name; False when it is over. Repeat it until it returns.

        Raises:
            QueueLost: no crawl is there any more, which is no end that anybody has agreed to.
        """
        if self.epoch:
            self.former, self.worker, self.epoch, self.steps, self.pops = self.epoch, new_worker(), "", 0, 0
        outcome, *_ = self.enter(self.former, "", "again")
        if text(outcome) == "gone":
            raise QueueLost(f"the crawl's keys below {self.keys.prefix} are gone from Redis")
        self.epoch = self.former
        return text(outcome) != "over"

    def enter(self, epoch: str, seeds: str, how: str) -> list[Any]:
        """Call JOIN."""
        words = (self.options.lease_ttl_ms, epoch, self.options.max_deliveries, seeds, how)
        return cast("list[Any]", self.call("join", self.worker, *words, *LEDGER))

    def leave(self) -> int:
        """Give back what is in hand, and leave; return how many requests are left."""
        return cast("int", self.call("leave", self.worker))

    def bereave(self) -> int:
        """Take back at once what workers of this machine had in hand that are gone; return how many those were."""
        gone = [worker for worker in self.workers() if has_died(worker)]
        return cast("int", self.call("bereave", *gone)) if gone else 0

    def workers(self) -> list[str]:
        """Return the workers that count as living."""
        return [text(worker) for worker in cast("list[Any]", self.server.zrange(self.keys.workers, 0, -1))]

    # --- work ---

    def step(self, report: Report) -> Told:
        """Tell what was done; to be repeated until an answer comes."""
        told = told_of(self.call(*self.step_words(self.steps + 1, report)))
        self.steps += 1
        return told

    def pop(self, limit: int) -> Popped:
        """Lease up to `limit` requests; to be repeated until an answer comes."""
        popped = popped_of(self.call(*self.pop_words(self.pops + 1, limit)))
        self.pops += 1
        return popped

    def beat(self) -> State:
        """Renew the lease of all that is in hand."""
        return cast("State", text(self.call("beat", self.worker, self.epoch, self.options.lease_ttl_ms)))

    def claim(self, records: Sequence[str]) -> list[bool]:
        """Say which of the records this worker may write."""
        return [text(answer) == "ours" for answer in cast("list[Any]", self.call("claim", self.worker, *records))]

    def step_words(self, number: int, report: Report) -> tuple[Any, ...]:
        """Return the verb and arguments of a STEP."""
        return "step", self.worker, self.epoch, number, self.options.lease_ttl_ms, *report.arguments()

    def pop_words(self, number: int, limit: int) -> tuple[Any, ...]:
        """Return the verb and arguments of a POP."""
        pace = (self.options.delay_ms, self.options.cap, self.options.flight_ms, LOOKAHEAD_MS)
        own = (word for slot, limits in self.options.own.items() for word in (slot, *limits))
        return "pop", self.worker, self.epoch, number, self.options.lease_ttl_ms, limit, *pace, *own

    def grant_words(self, slot: str, flight: str, timeout_s: float = 0) -> tuple[Any, ...]:
        """Return the verb and arguments of a GRANT; without a flight it takes no part in the host's cap."""
        flight_ms = max(self.options.flight_ms, flight_ms_of(timeout_s))
        return "grant", self.worker, slot, *self.options.limits(slot), flight, flight_ms, GRANT_LOOKAHEAD_MS

    def hold_words(self, slot: str, pause_ms: int, *, slower: bool) -> tuple[Any, ...]:
        """Return the verb and arguments of a HOLD."""
        return "hold", slot, pause_ms, self.options.limits(slot).delay_ms, int(slower)

    def forego_revisits(self) -> None:
        """Drop all requests that wait to visit a page again, also those whose time has come."""
        while self.call("forego", FORGONE_AT_ONCE) == FORGONE_AT_ONCE:
            pass

    def begin_feed(self, name: str, size: int) -> int:
        """Note the feed file `name`, of so many bytes; return its size in bytes when this crawl first met it."""
        self.server.hsetnx(self.keys.feeds, name, str(size))
        return int(cast("bytes", self.server.hget(self.keys.feeds, name)))

    # --- scripts ---

    def call(self, verb: str, *arguments: Any) -> Any:
        """Run a verb."""
        command = self.command(verb, *arguments)
        try:
            return self.execute(command)
        except NoScriptError:
            load_scripts(self.server)
            return self.execute(command)

    def execute(self, command: tuple[Any, ...]) -> Any:
        """Run a command of Redis."""
        return self.server.execute_command(*command)  # type: ignore[no-untyped-call]

    def command(self, verb: str, *arguments: Any) -> tuple[Any, ...]:
        """Return a verb as a command of Redis."""
        return "EVALSHA", DIGESTS[verb], 3, self.keys.prefix, FLEET, self.keys.start_urls, *arguments


DIGESTS = {verb: hashlib.sha1(source.encode(), usedforsecurity=False).hexdigest() for verb, source in SOURCES.items()}


def load_scripts(server: Redis) -> None:
    """Make the verbs known to a server, which forgets them when it restarts."""
    with server.pipeline(transaction=False) as pipe:
        for source in SOURCES.values():
            pipe.script_load(source)
        pipe.execute()


def told_of(reply: Any) -> Told:
    """Read the answer to a STEP."""
    state, progress, *numbers = reply
    return Told(cast("State", text(state)), cast("Progress", text(progress)), *numbers)


def popped_of(reply: Any) -> Popped:
    """Read the answer to a POP."""
    state, progress, next_in_ms, alone, *rest = reply
    requests = [
        Handed(text(one), float(due), bytes(payload))
        for one, due, payload in zip(rest[::3], rest[1::3], rest[2::3], strict=True)
    ]
    waits = None if int(next_in_ms) < 0 else int(next_in_ms)
    return Popped(cast("State", text(state)), cast("Progress", text(progress)), waits, text(alone) == "1", requests)


def text(value: object) -> str:
    """Return a reply of Redis as text."""
    return value.decode() if isinstance(value, bytes) else str(value)


def texts(values: Iterable[object]) -> list[str]:
    """Return replies of Redis as text."""
    return [text(value) for value in values]
