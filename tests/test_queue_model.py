from __future__ import annotations

import os
import sys
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any, cast

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule, run_state_machine_as_test
from redis import Redis

from crawler.frontier.keys import FLEET, LEDGER, Keys
from crawler.frontier.options import Options
from crawler.frontier.queue import SOURCES, Popped, Queue, Report, text, texts
from tests.queue_model import (
    LAST,
    MAX_DELIVERIES,
    PAGES,
    PENDING,
    SLOTS,
    SUSPECTS,
    TTL_MS,
    Truth,
    links_of,
    page,
)
from tests.queues import link, scores

EXAMPLES = int(os.environ.get("MODEL_EXAMPLES", "60"))
"""Histories that are tried; MODEL_EXAMPLES=5000 is the long run."""
STEPS = int(os.environ.get("MODEL_STEPS", "50"))
"""The longest history."""
KEYS = Keys("videos")
OPTIONS = Options(lease_ttl_ms=TTL_MS, max_deliveries=MAX_DELIVERIES, cap=1_000_000)
BEGAN_MS = 1_700_000_000_000
CLOCK = "clock"
REAL_CLOCK, SET_CLOCK = 'redis.call("TIME")', f'redis.call("HMGET", "{CLOCK}", "s", "us")'
MOST_WORKERS = 4
ROUNDS = 300
"""Calls after which a queue has to be empty, at the most."""


class ClockedQueue(Queue):
    """The same verbs under a clock that the test sets."""

    def command(self, verb: str, *arguments: Any) -> tuple[Any, ...]:
        source = SOURCES[verb]
        assert source.count(REAL_CLOCK) == 1
        script = source.replace(REAL_CLOCK, SET_CLOCK)
        return "EVAL", script, 3, self.keys.prefix, FLEET, self.keys.start_urls, *arguments


@dataclass(eq=False)
class Hand:
    """A worker, and what it believes."""

    queue: Queue
    alive: bool = True
    in_hand: dict[str, int | None] = field(default_factory=dict)
    seeds: list[int] = field(default_factory=list)
    started: bool = False
    unanswered: Report | int | None = None
    """A STEP, or the limit of a POP, whose reply was lost."""

    @property
    def name(self) -> str:
        return self.queue.worker


class Histories(RuleBasedStateMachine):
    """Workers that come, work, lose replies, sleep, die and go, on a Redis whose clock jumps, and that forgets."""

    url = ""

    def __init__(self) -> None:
        super().__init__()
        self.server = Redis.from_url(self.url)
        self.server.flushall()
        self.truth = Truth(BEGAN_MS)
        self.hands: list[Hand] = []
        self.saved: Truth | None = None
        self.names: set[str] = set()
        self.unfiltered = 0
        self.set_clock(0)

    @initialize(numbers=st.lists(st.integers(0, PAGES - 1), min_size=1, max_size=4))
    def begin(self, numbers: list[int]) -> None:
        self.join(starts=True)
        self.push_seeds(self.hands[0], numbers)

    def teardown(self) -> None:
        if sys.exc_info()[0] is None:
            self.everything_is_done_in_the_end()
        self.server.close()

    # --- the clock, and what the test draws ---

    def set_clock(self, passed_ms: int) -> None:
        self.truth.now_ms += passed_ms
        now_ms = self.truth.now_ms
        self.server.hset(CLOCK, mapping={"s": now_ms // 1000, "us": now_ms % 1000 * 1000})

    def living(self) -> list[Hand]:
        return [hand for hand in self.hands if hand.alive]

    def one(self, data: st.DataObject, *, busy: bool = False) -> Hand | None:
        """Draw a worker that has the answer to its last call."""
        hands = [hand for hand in self.living() if self.repeat(hand) and (hand.in_hand or not busy)]
        return data.draw(st.sampled_from(hands)) if hands else None

    # --- calls, each compared with what is to come of it ---

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

    def goes_on(self, hand: Hand, state: str) -> bool:
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

    def enter(self, hand: Hand) -> None:
        if deepcopy(self.truth).join("late", "late") == "ending":
            answer = cast("list[bytes]", hand.queue.call("join", "late", TTL_MS, "late", MAX_DELIVERIES, "", 0, *LEDGER))
            assert (self.truth.join("late", "late"), answer[0]) == ("ending", b"ending")
            hand.alive = False
            return
        outcome, left = hand.queue.join()
        assert outcome == self.truth.join(hand.name, hand.queue.epoch)
        assert left == len(self.truth.requests)
        self.names.add(hand.name)
        if hand.started:
            self.step(hand, Report(started=True))

    def leave(self, hand: Hand) -> None:
        self.truth.part_from(hand.name, crashed=False)
        assert hand.queue.leave() == len(self.truth.requests)

    def push_seeds(self, hand: Hand, numbers: list[int]) -> None:
        if hand.alive and self.step(hand, Report(links=[page(number) for number in numbers])):
            hand.seeds = [*{*hand.seeds, *numbers}]

    def done(self, hand: Hand, request_ids: list[str]) -> Report:
        """Return the report of pages that were fetched: links, records, acknowledgements."""
        numbers = [number for one in request_ids if (number := hand.in_hand[one]) is not None]
        return Report(
            links=[page(linked) for number in numbers for linked in links_of(number)],
            acks=request_ids,
            landed=[(self.truth_slot(one), one) for one in request_ids],
            records=[f"r{number}" for number in numbers],
        )

    def truth_slot(self, request_id: str) -> str:
        request = self.truth.requests.get(request_id)
        return request.link.slot if request else SLOTS[0]

    def forget(self, hand: Hand, request_ids: list[str]) -> None:
        for one in request_ids:
            hand.in_hand.pop(one, None)

    # --- workers that come and go ---

    @precondition(lambda self: len(self.living()) < MOST_WORKERS)
    @rule(starts=st.booleans())
    def join(self, *, starts: bool) -> None:
        hand = Hand(ClockedQueue(self.server, KEYS, OPTIONS), started=starts)
        self.hands.append(hand)
        self.enter(hand)

    @rule(data=st.data())
    def start(self, data: st.DataObject) -> None:
        if (hand := self.one(data)) and self.step(hand, Report(started=True)):
            hand.started = True

    @rule(data=st.data())
    def leave_in_order(self, data: st.DataObject) -> None:
        if hand := self.one(data):
            self.leave(hand)
            hand.alive = False

    @rule(data=st.data())
    def die(self, data: st.DataObject) -> None:
        if self.living():
            data.draw(st.sampled_from(self.living())).alive = False

    @rule()
    def dead_ones_are_found_by_their_process(self) -> None:
        dead = [hand.name for hand in self.hands if not hand.alive]
        for name in (known := [name for name in dead if name in self.truth.workers]):
            self.truth.part_from(name, crashed=True)
        if dead:
            assert ClockedQueue(self.server, KEYS, OPTIONS).call("bereave", *dead) == len(known)

    # --- work ---

    @rule(data=st.data(), numbers=st.lists(st.integers(0, PAGES - 1), max_size=4))
    def send_seeds(self, data: st.DataObject, numbers: list[int]) -> None:
        if hand := self.one(data):
            self.push_seeds(hand, numbers)

    @rule(data=st.data())
    def send_a_request_that_is_not_filtered(self, data: st.DataObject) -> None:
        if hand := self.one(data):
            self.unfiltered += 1
            new = link(f"unfiltered {self.unfiltered}", SLOTS[self.unfiltered % 4], filtered=False)
            self.step(hand, Report(links=[new]))

    @rule(number=st.integers(1, 5))
    def other_programs_send_seeds(self, number: int) -> None:
        messages = [f"https://site.example/{one}" for one in range(number)]
        self.server.rpush(KEYS.start_urls, *messages)
        self.truth.start_urls += messages

    @rule(data=st.data(), limit=st.integers(1, 6), answered=st.integers(0, 5).map(bool))
    def take(self, data: st.DataObject, limit: int, *, answered: bool) -> None:
        if hand := self.one(data):
            self.pop(hand, limit, answered=answered)

    @rule(data=st.data(), limit=st.integers(1, 9))
    def work(self, data: st.DataObject, limit: int) -> None:
        """Take requests, and end all that is in hand."""
        if (hand := self.one(data)) and self.pop(hand, limit):
            request_ids = list(hand.in_hand)
            if self.step(hand, self.done(hand, request_ids)):
                self.forget(hand, request_ids)

    @rule(data=st.data(), number=st.integers(1, 6), answered=st.integers(0, 3).map(bool))
    def acknowledge(self, data: st.DataObject, number: int, *, answered: bool) -> None:
        if hand := self.one(data, busy=True):
            request_ids = list(hand.in_hand)[:number]
            report = self.done(hand, request_ids)
            self.step(hand, report, answered=answered)
            self.forget(hand, request_ids)

    @rule(data=st.data())
    def acknowledge_behind_the_links(self, data: st.DataObject) -> None:
        if hand := self.one(data, busy=True):
            report = self.done(hand, list(hand.in_hand))
            links, report.links = report.links, []
            if self.step(hand, Report(links=links)) and self.step(hand, report):
                hand.in_hand.clear()

    @rule(data=st.data(), crashed=st.booleans(), dead=st.booleans())
    def give_up(self, data: st.DataObject, *, crashed: bool, dead: bool) -> None:
        if hand := self.one(data, busy=True):
            one = data.draw(st.sampled_from(list(hand.in_hand)))
            self.step(hand, Report(dead=[(one, "no")]) if dead else Report(returned=[(one, crashed)]))
            self.forget(hand, [one])

    # --- time ---

    @rule(data=st.data())
    def some_sleep_while_the_others_go_on(self, data: st.DataObject) -> None:
        awake = [hand for hand in self.living() if data.draw(st.booleans())]
        for _ in range(5):
            self.set_clock(TTL_MS // 4)
            for hand in awake:
                self.beat(hand)

    @rule(passed_ms=st.sampled_from([1, 40, 3_000, 7_000, 60_000, 86_400_000, -1, -500, -60_000, -86_400_000]))
    def the_clock_jumps(self, passed_ms: int) -> None:
        self.set_clock(passed_ms)

    # --- a Redis that comes back with less than it had ---

    @rule()
    def save(self) -> None:
        self.copy(0, 1)
        self.saved = deepcopy(self.truth)

    @precondition(lambda self: self.saved)
    @rule()
    def forget_what_came_after_the_save(self) -> None:
        assert self.saved is not None
        self.copy(1, 0)
        now_ms = self.truth.now_ms
        self.truth = deepcopy(self.saved)
        self.truth.now_ms = now_ms
        self.set_clock(0)

    def copy(self, source: int, target: int) -> None:
        with Redis.from_url(self.url, db=target) as server:
            server.flushdb()
        with Redis.from_url(self.url, db=source) as server, server.pipeline(transaction=False) as pipe:
            for key in cast("list[bytes]", server.keys()):
                pipe.copy(text(key), text(key), destination_db=target)
            pipe.execute()

    # --- the end ---

    @rule()
    def all_are_ready(self) -> None:
        for hand in [hand for hand in self.living() if self.repeat(hand)]:
            self.step(hand, Report(ready=True))

    def everything_is_done_in_the_end(self) -> None:
        """A worker that comes when all others are gone gets all that is left, and finishes the crawl."""
        if self.truth.finished:
            for name in list(self.truth.workers):
                self.truth.part_from(name, crashed=False)
                ClockedQueue(self.server, KEYS, OPTIONS).call("leave", name)
        last = Hand(ClockedQueue(self.server, KEYS, OPTIONS), started=True)
        self.hands = [last]
        self.enter(last)
        for _ in range(5):
            self.set_clock(TTL_MS // 4)
            self.beat(last)
        owed = {one: request.page for one, request in self.truth.requests.items()}
        for _ in range(ROUNDS):
            popped = self.pop(last, 7)
            assert popped is not None
            owed = {one: number for one, number in owed.items() if one not in last.in_hand}
            if popped.progress == "complete":
                break
            self.step(last, self.done(last, list(last.in_hand)))
            last.in_hand.clear()
            self.the_server_holds_what_it_should()
        assert not self.truth.requests
        assert all(number is not None and number % 14 == 0 for number in owed.values())
        self.step(last, Report(ready=True))
        assert self.truth.finished
        self.leave(last)
        assert set(self.names_of("*")) <= {"control", "dead", "recorded"}

    # --- what always holds ---

    @invariant()
    def every_page_that_is_done_has_its_links_in_the_queue(self) -> None:
        numbers = {number for number in self.truth.done if number is not None}
        owed = {str(page(linked).fingerprint) for number in numbers for linked in links_of(number)}
        assert owed <= self.truth.seen

    @invariant()
    def the_server_holds_what_it_should(self) -> None:
        truth, server = self.truth, self.server
        held = set(texts(cast("list[bytes]", server.hkeys(KEYS.requests))))
        assert held == set(truth.requests)
        queued = {slot: list(scores(server, f"{KEYS.prefix}queue:{slot}")) for slot in SLOTS}
        pending = {slot: truth.in_place(PENDING) for slot in SLOTS}
        for slot in SLOTS:
            assert queued[slot] == [one for one in pending[slot] if truth.requests[one].link.slot == slot]
        assert set(scores(server, KEYS.hosts)) == {slot for slot in SLOTS if queued[slot]}
        assert list(scores(server, KEYS.last)) == truth.in_place(LAST)
        assert list(scores(server, KEYS.suspects)) == truth.in_place(SUSPECTS)
        self.the_server_knows_its_workers()
        self.the_server_counts_right()

    def the_server_knows_its_workers(self) -> None:
        truth = self.truth
        deadlines = {name: worker.deadline_ms for name, worker in truth.workers.items()}
        assert scores(self.server, KEYS.workers) == deadlines
        leased = {name: set(truth.in_place(name)) for name in truth.workers}
        held = {key.removeprefix("leased:"): self.members(KEYS.prefix + key) for key in self.names_of("leased:*")}
        assert held == {name: ids for name, ids in leased.items() if ids}
        in_flight = {f"{KEYS.prefix}{one}" for ids in leased.values() for one in ids}
        for slot in SLOTS:
            assert set(scores(self.server, f"{FLEET}flights:{slot}")) <= in_flight
        assert self.members(KEYS.starting) == {name for name, worker in truth.workers.items() if worker.starting}
        assert self.members(KEYS.ready) == (truth.ready if truth.workers else set())

    def the_server_counts_right(self) -> None:
        truth = self.truth
        control = {text(name): text(value) for name, value in cast("dict[bytes, bytes]", self.server.hgetall(KEYS.control)).items()}
        counts = [int(control[name]) for name in ("sequence", "done", "dead", "redelivered")]
        assert counts == [truth.sequence, len(truth.done), len(truth.dead), truth.redelivered]
        assert counts[0] == counts[1] + counts[2] + len(truth.requests)
        assert set(texts(cast("list[bytes]", self.server.hkeys(KEYS.dead)))) == set(truth.dead)
        assert ("finished" in control) == truth.finished
        assert self.members(KEYS.recorded) == truth.recorded
        if truth.workers or not truth.finished:
            seen = [self.members(KEYS.prefix + key) for key in self.names_of("seen:*")]
            assert set().union(*seen) == truth.seen

    def names_of(self, pattern: str) -> list[str]:
        return [name.removeprefix(KEYS.prefix) for name in texts(cast("list[bytes]", self.server.keys(KEYS.prefix + pattern)))]

    def members(self, key: str) -> set[str]:
        return set(texts(cast("set[bytes]", self.server.smembers(key))))


def test_no_history_loses_a_request(valkey: str) -> None:
    machine = type("HistoriesOnThisServer", (Histories,), {"url": valkey})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
        ),
    )
