"""Where a crawl stands, read by an onlooker who takes no part in it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from crawler.frontier.queue import Queue, text
from crawler.frontier.vitals import Asked, Vitals, vitals_of
from crawler.frontier.worker import has_died

if TYPE_CHECKING:
    from redis import Redis

    from crawler.frontier.keys import Keys

MOST_HOSTS = 500
"""Hosts with pending requests that are looked at: those whose turn is next."""
MINUTE_MS, TEN_MINUTES_MS = 60_000, 600_000
TICK_MS = 10_000
"""How long a note of the history stands for, as `vitals.lua` has it."""
LEAST_SPAN_MS = 1_000
"""Rates over less are none."""


class Note(NamedTuple):
    """How far the crawl was: when (ms by Redis' clock), requests done, records, and requests that there were to do."""

    at_ms: int
    done: int
    records: int
    left: int = 1


class Rates(NamedTuple):
    """Requests that were done, and records that were found, in a second; None where nobody took note."""

    requests: float | None
    records: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """An instance at a crawl.

    Attributes:
        name: `machine:pid:random`.
        lease_ms: until its lease ends; below 0 where that is over, and nobody has taken back what it has in hand.
        leases: requests that it has in hand.
        told_ms: since it has said last how it does; None where it never did.
        vitals: what it said.
        is_dead: whether its process is known to be gone; that can be told on its own machine only.
    """

    name: str
    lease_ms: float
    leases: int
    told_ms: float | None = None
    vitals: Vitals | None = None
    is_dead: bool = False

    @property
    def host(self) -> str:
        """Name of its machine."""
        return self.name.rsplit(":", 2)[0].rpartition("-")[0] or self.name

    @property
    def pid(self) -> int | None:
        """Its process."""
        parts = self.name.rsplit(":", 2)
        return int(parts[1]) if len(parts) > 1 and parts[1].isdecimal() else None

    @property
    def title(self) -> str:
        """What people call it: its machine and process, such as `vm 4711`, after its place in a fleet if it has one."""
        process = f"{self.host} {self.pid}" if self.pid else self.host
        return f"{self.vitals.place} ({process})" if self.vitals and self.vitals.place else process

    @property
    def age_s(self) -> float | None:
        """How long it has been at work."""
        return None if self.vitals is None else self.vitals.age_s + (self.told_ms or 0) / 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """What is paced as one.

    Attributes:
        slot: its name.
        pending: requests that wait for it.
        in_flight: requests on the way, those of other spiders too.
        next_ms: until it may be asked.
        delay_ms: between two requests, as far as is known: by settings, robots.txt and back-off.
        paused_ms: for so long it has asked to be left alone; 0 for not.
        asked: how it has answered in the last ten minutes.
        visits: those of the pending requests that visit a page again.
        late_ms: since when the first of these is due.
    """

    slot: str
    pending: int = 0
    in_flight: int = 0
    next_ms: float = 0.0
    delay_ms: float = 0.0
    paused_ms: float = 0.0
    asked: Asked = field(default_factory=Asked)
    visits: int = 0
    late_ms: float = 0.0

    @property
    def error_rate(self) -> float | None:
        """Share of its answers that were errors; None where it was not asked."""
        return self.asked.errors / self.asked.requests if self.asked.requests else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """A crawl at one moment.

    Attributes:
        progress: as the queue has it: "working", "complete", "unread", "finished", "lost".
        at_ms: that moment, by Redis' clock.
        left: requests that are not done: pending, or in hand.
        for_the_end: those of them that wait until all else is done.
        suspects: those of them that were in hand at crashes.
        seeds_waiting: seeds of other programs.
        records: how many are in the feeds.
        control: the state of the crawl, as `keys.py` has it.
        history: the oldest note first.
        workers: those that count as living.
        hosts: those with most pending requests first.
        hosts_pending: number of hosts with pending requests, of which `hosts` may lack some.
        revisits: requests that wait for the time at which their pages are visited again.
        next_revisit_ms: until the first of them is due; None where none waits.
    """

    progress: str
    at_ms: float
    left: int
    for_the_end: int
    suspects: int
    seeds_waiting: int
    records: int
    control: dict[str, str]
    history: list[Note]
    workers: list[Worker]
    hosts: list[Host]
    hosts_pending: int
    revisits: int = 0
    next_revisit_ms: float | None = None

    @property
    def state(self) -> str:
        """Where it stands in a word, as docs/status.md lists them."""
        if self.progress in {"working", "paused"} and not self.living:
            return "interrupted" if self.workers or self.done or self.number("dead") else "not_started"
        if self.progress == "complete" and not self.living:
            return "complete"
        if self.progress == "complete" and any(one.vitals and one.vitals.stays for one in self.living):
            return "idle"
        if self.progress == "working" and self.revisits and not self.to_do and not self.number("starting"):
            return "waiting"
        return {"working": "running", "complete": "ending", "unread": "seeds_unread"}.get(self.progress, self.progress)

    @property
    def living(self) -> list[Worker]:
        """The instances that are not known to be gone."""
        return [worker for worker in self.workers if not worker.is_dead]

    @property
    def is_paused(self) -> bool:
        """Whether an operator holds it up."""
        return "paused_ms" in self.control

    @property
    def leased(self) -> int:
        """Requests that instances have in hand."""
        return sum(worker.leases for worker in self.workers)

    @property
    def to_do(self) -> int:
        """Requests that are pending or in hand."""
        return max(0, self.left - self.revisits)

    @property
    def pending(self) -> int:
        """Requests that nobody has in hand, and whose time has come."""
        return max(0, self.to_do - self.leased)

    @property
    def visits_pending(self) -> int:
        """Pending requests, of the hosts that are looked at, that visit a page again."""
        return sum(host.visits for host in self.hosts)

    @property
    def late_s(self) -> float:
        """For how long the first page that is due waits for its visit, while instances are there to make it."""
        oldest_s = max((one.age_s for one in self.living if one.age_s is not None), default=0.0)
        return min(oldest_s, max((host.late_ms for host in self.hosts), default=0.0) / 1000)

    @property
    def done(self) -> int:
        """Requests that are done, for good or until the next visit of their pages."""
        return self.number("done") + self.number("visits")

    def number(self, name: str) -> int:
        """Return a number of the crawl's state; 0 where it is gone."""
        return int(value) if (value := self.control.get(name, "")).isdecimal() else 0

    def rates(self, window_ms: int) -> Rates:
        """Return the rates since the oldest note of so many ms, or since the first one where that is later."""
        notes = [one for one in self.history if self.at_ms - window_ms - TICK_MS <= one.at_ms <= self.at_ms]
        if not notes or self.at_ms - notes[0].at_ms < LEAST_SPAN_MS:
            return Rates(None, None)
        since = max((one for one in notes if one.at_ms <= self.at_ms - window_ms), default=notes[0])
        passed_s = (self.at_ms - since.at_ms) / 1000
        done, records = self.done - since.done, self.records - since.records
        return Rates(max(0, done) / passed_s, max(0, records) / passed_s)

    @property
    def eta_s(self) -> float | None:
        """When all that is pending by now will be done, as far as can be told: by the rate, or by the slowest host."""
        rate = self.rates(TEN_MINUTES_MS).requests
        if self.number("visits"):  # such a crawl may have waited for most of that time
            rate = max(rate or 0.0, self.rates(MINUTE_MS).requests or 0.0)
        if not self.to_do or not rate or self.state != "running":
            return 0.0 if self.progress in {"complete", "finished"} or self.state == "waiting" else None
        slowest_s = max((one.pending * one.delay_ms / 1000 for one in self.hosts), default=0.0)
        return max(self.to_do / rate, slowest_s)

    @property
    def stalled_s(self) -> float:
        """For how long no request has been done though there were some to do, as far as instances took note."""
        since = self.at_ms
        noted, _, noted_ms = self.control.get("done_noted", "").partition(" ")
        if noted == str(self.done):  # the history goes back some minutes only
            return max(0.0, self.at_ms - float(noted_ms)) / 1000
        for note in reversed(self.history):
            if note.done != self.done or not note.left:
                break
            since = note.at_ms
        return (self.at_ms - since) / 1000


def survey(server: Redis, keys: Keys) -> Survey | None:
    """Return where a crawl stands; None where there is none."""
    reply = Queue(server, keys).call("survey", MOST_HOSTS)
    if not reply:
        return None
    progress, at, left, for_the_end, suspects, seeds, records, hosts_pending, control, history, *lists = reply
    at_ms = float(at)
    workers = [worker_of(row, at_ms) for row in lists[0]]
    return Survey(
        progress=text(progress),
        at_ms=at_ms,
        left=left,
        for_the_end=for_the_end,
        suspects=suspects,
        seeds_waiting=seeds,
        records=records,
        control=pairs(control),
        history=notes_of(pairs(history).values(), at_ms),
        workers=workers,
        hosts=hosts_of(lists[1], at_ms, [one.vitals for one in workers if one.vitals]),
        hosts_pending=hosts_pending,
        revisits=lists[2][0],
        next_revisit_ms=float(lists[2][1]) - at_ms if lists[2][0] else None,
    )


def pairs(words: list[Any]) -> dict[str, str]:
    """Return fields and values as a dict of text."""
    return {shown(name): shown(value) for name, value in zip(words[::2], words[1::2], strict=True)}


def shown(word: Any) -> str:
    """Return a word of Redis as text, whatever its bytes."""
    return word.decode("utf-8", "replace") if isinstance(word, bytes) else str(word)


def notes_of(words: Iterable[str], at_ms: float) -> list[Note]:
    """Return the notes of a history, without those of a clock that was set back since."""
    notes = (Note(*map(int, word.split())) for word in words)
    return sorted(note for note in notes if note.at_ms <= at_ms)


def worker_of(row: list[Any], at_ms: float) -> Worker:
    """Read an instance."""
    name, deadline, leases, told = row
    fields = dict(zip(map(shown, told[::2]), told[1::2], strict=True))
    return Worker(
        name=shown(name),
        lease_ms=float(deadline) - at_ms,
        leases=leases,
        told_ms=at_ms - float(fields["told_ms"]) if "told_ms" in fields else None,
        vitals=vitals_of(fields.get("said")),
        is_dead=has_died(shown(name)),
    )


def hosts_of(rows: list[list[Any]], at_ms: float, told: list[Vitals]) -> list[Host]:
    """Return the hosts with pending requests, and those that instances tell of."""
    slots = {shown(row[0]): row for row in rows}
    told_of = dict.fromkeys(slot for vitals in told for slot in vitals.hosts)
    hosts = [host_of(slot, slots.get(slot), at_ms, told) for slot in {**dict.fromkeys(slots), **told_of}]
    return sorted(hosts, key=lambda host: (-host.pending, host.slot))


def host_of(slot: str, row: list[Any] | None, at_ms: float, told: list[Vitals]) -> Host:
    """Put together what Redis has of a host, and what instances tell of it."""
    told_here = map(float, row[1:] if row else [0] * 9)
    turn, pending, in_flight, next_ms, slow_ms, robots_ms, paused_ms, visits, due_ms = told_here
    said = [vitals.hosts.get(slot, Asked()) for vitals in told]
    delays = [vitals.own_delays_ms.get(slot, vitals.delay_ms) for vitals in told]
    return Host(
        slot=slot,
        pending=int(pending),
        in_flight=int(in_flight),
        next_ms=max(0.0, max(turn, next_ms) - at_ms),
        delay_ms=max(slow_ms, robots_ms, *delays, 0.0),
        paused_ms=max(0.0, paused_ms - at_ms),
        asked=Asked(requests=sum(one.requests for one in said), errors=sum(one.errors for one in said)),
        visits=int(visits),
        late_ms=max(0.0, at_ms - due_ms) if visits else 0.0,
    )
