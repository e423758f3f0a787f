"""Workers of the queue under a clock that a test sets; each of their calls is compared with what is to come of it."""

from __future__ import annotations

import json
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any, cast

import pytest
from redis import Redis

from crawler.errors import CrawlOver
from crawler.frontier.control import Answer
from crawler.frontier.keys import FLEET, LEDGER, Keys
from crawler.frontier.options import Options
from crawler.frontier.queue import SOURCES, Popped, Queue, Report, Revisit, text
from tests.queue_model import MAX_DELIVERIES, TTL_MS, Truth
from tests.queue_pages import SLOTS, links_of, page
from tests.queues import scores

KEYS = Keys("videos")
OPTIONS = Options(lease_ttl_ms=TTL_MS, max_deliveries=MAX_DELIVERIES, cap=1_000_000)
BEGAN_MS = 1_700_000_000_000
CLOCK = "clock"
REAL_CLOCK, SET_CLOCK = 'redis.call("TIME")', f'redis.call("HMGET", "{CLOCK}", "s", "us")'
SAME_PAGES = 3
"""Requests that are not filtered are of so many pages."""
COPY = 1
"""The database that holds what was saved."""


class ClockedQueue(Queue):
    """The same verbs under a clock that the test sets."""

    def command(self, verb: str, *arguments: Any) -> tuple[Any, ...]:
        source = SOURCES[verb]
        assert source.count(REAL_CLOCK) == 1
        script = source.replace(REAL_CLOCK, SET_CLOCK)
        return "EVAL", script, 3, self.keys.prefix, FLEET, self.keys.start_urls, *arguments


@dataclass(eq=False)
class Hand:
    """A worker, and what it believes.

    Attributes:
        in_hand: page by id of what it has been handed.
        seeds: what it has sent that comes from no page.
        unanswered: a STEP, or the limit of a POP, whose reply was lost.
    """

    queue: Queue
    alive: bool = True
    in_hand: dict[str, int | None] = field(default_factory=dict)
    seeds: list[int] = field(default_factory=list)
    started: bool = False
    unanswered: Report | int | None = None

    @property
    def name(self) -> str:
        return self.queue.worker


class Hands:
    """All workers there have been, on one server, which may be brought back to an earlier state."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.server = Redis.from_url(url)
        self.server.flushall()
        self.truth = Truth(BEGAN_MS)
        self.saved: Truth | None = None
        self.all: list[Hand] = []
        self.pass_ms(0)

    def pass_ms(self, passed_ms: int) -> None:
        self.truth.now_ms += passed_ms
        now_ms = self.truth.now_ms
        self.server.hset(CLOCK, mapping={"s": now_ms // 1000, "us": now_ms % 1000 * 1000})

    def living(self) -> list[Hand]:
        return [hand for hand in self.all if hand.alive]

    def queue(self) -> Queue:
        return ClockedQueue(self.server, KEYS, OPTIONS)

    # --- coming and going ---

    def join(self, *, starts: bool, anew: bool = False, named: bool = False) -> Hand:
        """Let one join; `named` for the crawl that there is only."""
        hand = Hand(self.queue(), started=starts)
        self.all.append(hand)
        self.enter(hand, anew=anew, crawl=self.truth.epoch if named else "")
        return hand

    def enter(self, hand: Hand, *, anew: bool = False, crawl: str = "") -> None:
        if (state := deepcopy(self.truth).join("late", crawl or "late", anew=anew)) == "over":
            with pytest.raises(CrawlOver):
                hand.queue.join(anew=anew, crawl=crawl)
            self.truth.join("late", crawl, anew=anew)
            hand.alive = False
            return
        if state in {"ending", "occupied"}:
            words = ("late", TTL_MS, "late", MAX_DELIVERIES, "", "anew" if anew else 0, *LEDGER)
            answer, _, left = cast("list[Any]", hand.queue.call("join", *words))
            assert (self.truth.join("late", "late", anew=anew), answer) == (state, state.encode())
            assert left == (self.truth.last_lease_ms() if state == "occupied" else 0)
            hand.alive = False
            return
        outcome, left = hand.queue.join(anew=anew, crawl=crawl)
        assert outcome == self.truth.join(hand.name, hand.queue.epoch, anew=anew)
        assert left == len(self.truth.requests)
        if hand.started:
            self.step(hand, Report(started=True))

    def leave(self, hand: Hand) -> None:
        self.truth.leave(hand.name)
        assert hand.queue.leave() == len(self.truth.requests)

    def bereave(self) -> None:
        """Let it be noticed which processes are gone."""
        dead = [hand.name for hand in self.all if not hand.alive]
        if dead:
            assert self.queue().call("bereave", *dead) == self.truth.bereave(dead)

    def goes_on(self, hand: Hand, state: str) -> bool:
        """Let a worker heed what it was told; True when it may go on as it is."""
        if state == "ok":
            return True
        hand.in_hand.clear()
        if state == "lost":
            hand.alive = False
        else:
            self.leave(hand)
            self.enter(hand)
            self.push_seeds(hand, hand.seeds)
        return False

    # --- calls ---

    def step(self, hand: Hand, report: Report, *, answered: bool = True) -> bool:
        """Send a STEP; True when it counts, and its reply has arrived."""
        expected = self.truth.step(hand.name, hand.queue.epoch, hand.queue.steps + 1, report)
        assert hand.queue.step(report) == expected
        if expected.state == "ok" and not answered:
            hand.queue.steps -= 1
            hand.unanswered = report
            return False
        hand.unanswered = None
        return self.goes_on(hand, expected.state)

    def pop(self, hand: Hand, limit: int, *, answered: bool = True) -> Popped | None:
        """Send a POP; None when it does not count, or its reply is lost."""
        number = hand.queue.pops + 1
        popped = hand.queue.pop(limit)
        self.truth.pop(hand.name, hand.queue.epoch, number, limit, popped)
        if popped.state == "ok" and not answered:
            hand.queue.pops -= 1
            hand.unanswered = limit
            return None
        hand.unanswered = None
        if not self.goes_on(hand, popped.state):
            return None
        for one in popped.requests:
            hand.in_hand[one.id] = self.truth.requests[one.id].page
        return popped

    def beat(self, hand: Hand) -> None:
        assert hand.queue.beat() == self.truth.standing(hand.name, hand.queue.epoch)

    def repeat(self, hand: Hand) -> bool:
        """Repeat a call whose reply was lost; False when the worker had to begin again."""
        if isinstance(hand.unanswered, Report):
            return self.step(hand, hand.unanswered)
        return hand.unanswered is None or self.pop(hand, hand.unanswered) is not None

    # --- orders ---

    def pause(self, *, paused: bool) -> None:
        self.compare("pause", self.truth.pause(paused=paused), int(paused))

    def drain(self) -> None:
        self.compare("drain", self.truth.drain())

    def clear(self) -> None:
        epoch, outcome = self.truth.epoch, self.truth.clear()
        self.compare("clear", outcome, epoch or "none", *LEDGER)
        if outcome == "cleared":
            self.truth.begin("")

    def forego(self, number: int) -> None:
        slots = list(scores(self.server, KEYS.hosts))
        assert self.queue().call("forego", number) == self.truth.forego(number, slots)

    def compare(self, verb: str, outcome: str, *words: Any) -> None:
        """Give an order, and compare the answer."""
        answer = Answer.of(self.queue().call(verb, *words))
        in_hand = sum(len(self.truth.in_place(name)) for name in self.truth.workers)
        left = len(self.truth.requests)
        waiting = self.truth.waiting()
        assert (answer.outcome, answer.in_hand, answer.revisits) == (outcome, in_hand, waiting)
        assert answer.pending == left - in_hand - waiting
        assert sorted(answer.workers) == sorted(self.truth.workers)

    # --- work ---

    def push_seeds(self, hand: Hand, numbers: list[int]) -> None:
        if hand.alive and self.step(hand, Report(links=[page(number) for number in numbers])):
            hand.seeds = [*{*hand.seeds, *numbers}]

    def finish(self, hand: Hand, request_ids: list[str], *, answered: bool = True) -> bool:
        """Tell the ends of requests, and what was found in their pages."""
        done = self.step(hand, self.found(hand, request_ids), answered=answered)
        for one in request_ids:
            hand.in_hand.pop(one, None)
        return done

    def put_off(self, hand: Hand, request_ids: list[str], due_in_ms: int, *, answered: bool = True) -> bool:
        """Acknowledge requests whose pages are to be visited again, with what was found in them."""
        report = self.found(hand, request_ids)
        report.acks, report.revisits = [], [self.revisit(hand, one, due_in_ms) for one in request_ids]
        done = self.step(hand, report, answered=answered)
        for one in request_ids:
            hand.in_hand.pop(one, None)
        return done

    def revisit(self, hand: Hand, request_id: str, due_in_ms: int) -> Revisit:
        """Return what is told of a page that is to be visited again; some requests are of one page."""
        request, number = self.truth.requests.get(request_id), hand.in_hand[request_id]
        fingerprint = int(request_id, 16) % SAME_PAGES if number is None else SAME_PAGES + number
        kept = json.loads(request.link.payload) if request else {"u": "gone", "s": ""}
        kept = {name: value for name, value in kept.items() if name not in {"l", "x"}}
        payload = json.dumps({**kept, "t": {"visit": {"n": due_in_ms}}}).encode()
        readings = {} if number is None else {f"r{number}": str(due_in_ms).encode()}
        return Revisit(request_id, fingerprint, due_in_ms, payload, readings)

    def found(self, hand: Hand, request_ids: list[str]) -> Report:
        """Return the report of pages that were fetched: links, records, acknowledgements."""
        numbers = [number for one in request_ids if (number := hand.in_hand[one]) is not None]
        requests = self.truth.requests
        return Report(
            links=[page(linked) for number in numbers for linked in links_of(number)],
            acks=request_ids,
            landed=[(requests[one].link.slot if one in requests else SLOTS[0], one) for one in request_ids],
            records=[f"r{number}" for number in numbers],
        )

    # --- a server that comes back with less than it had ---

    def save(self) -> None:
        self.copy(0, COPY)
        self.saved = deepcopy(self.truth)

    def restore(self) -> None:
        assert self.saved is not None
        self.copy(COPY, 0)
        now_ms, self.truth = self.truth.now_ms, deepcopy(self.saved)
        self.truth.now_ms = now_ms
        self.pass_ms(0)

    def copy(self, source: int, target: int) -> None:
        with Redis.from_url(self.url, db=target) as server:
            server.flushdb()
        with Redis.from_url(self.url, db=source) as server, server.pipeline(transaction=False) as pipe:
            for key in cast("list[bytes]", server.keys()):
                pipe.copy(text(key), text(key), destination_db=target)
            pipe.execute()
