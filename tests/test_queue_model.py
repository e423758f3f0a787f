from __future__ import annotations

import os
import sys

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from crawler.frontier.keys import Keys
from crawler.frontier.queue import Report
from tests.queue_audit import audit, names
from tests.queue_hands import Hand, Hands
from tests.queue_model import TTL_MS
from tests.queue_pages import PAGES, SLOTS
from tests.queue_places import DUE
from tests.queues import link

EXAMPLES = int(os.environ.get("MODEL_EXAMPLES", "80"))
"""Histories that are tried; MODEL_EXAMPLES=5000 is the long run."""
CALLS = int(os.environ.get("MODEL_CALLS", "40"))
"""The longest history."""
KEYS = Keys("videos")
MOST_WORKERS = 4
ROUNDS = 300
"""Calls after which a queue has to be empty, at the most."""
DUE_IN_MS = st.sampled_from([0, 1, 4_000, 30_000, 3_600_000])
SOME_PAGES = st.lists(st.integers(0, PAGES - 1), min_size=1, max_size=4)


class Histories(RuleBasedStateMachine):
    """Workers that come, work, lose replies, sleep, die and go, on a Redis whose clock jumps, and that forgets."""

    url = ""

    def __init__(self) -> None:
        super().__init__()
        self.hands = Hands(self.url)
        self.unfiltered = 0

    @initialize(numbers=SOME_PAGES)
    def begin(self, numbers: list[int]) -> None:
        self.hands.push_seeds(self.hands.join(starts=True), numbers)

    def teardown(self) -> None:
        if sys.exc_info()[0] is None:
            self.all_is_done_in_the_end()
        self.hands.server.close()

    def one(self, data: st.DataObject, *, busy: bool = False) -> Hand:
        """Draw a worker that has the answer to its last call, one with requests in hand if there is any."""
        ready = [hand for hand in self.hands.living() if self.hands.repeat(hand) and hand.alive]
        ready = [hand for hand in ready if hand.in_hand] or ready if busy else ready
        return data.draw(st.sampled_from(ready)) if ready else self.hands.join(starts=True)

    # --- workers that come and go ---

    @precondition(lambda self: len(self.hands.living()) < MOST_WORKERS)
    @rule(starts=st.integers(0, 3).map(bool), anew=st.integers(0, 5).map(lambda drawn: drawn == 5), named=st.booleans())
    def join(self, *, starts: bool, anew: bool, named: bool) -> None:
        self.hands.join(starts=starts, anew=anew, named=named)

    @rule(data=st.data())
    def start(self, data: st.DataObject) -> None:
        hand = self.one(data)
        hand.started = self.hands.step(hand, Report(started=True)) or hand.started

    @rule(data=st.data())
    def leave(self, data: st.DataObject) -> None:
        hand = self.one(data)
        if hand.alive:
            self.hands.leave(hand)
            hand.alive = False

    @rule(data=st.data())
    def die(self, data: st.DataObject) -> None:
        self.one(data, busy=True).alive = False

    @rule()
    def whose_process_is_gone_is_missed(self) -> None:
        self.hands.bereave()

    @rule(data=st.data(), limit=st.integers(1, 4), times=st.integers(1, 3))
    def requests_kill_their_workers(self, data: st.DataObject, limit: int, times: int) -> None:
        for _ in range(times):
            hand = self.one(data, busy=True)
            if hand.alive:
                self.hands.pop(hand, limit)
            hand.alive = False
            self.hands.bereave()

    # --- work ---

    @rule(data=st.data(), numbers=SOME_PAGES)
    def send_seeds(self, data: st.DataObject, numbers: list[int]) -> None:
        self.hands.push_seeds(self.one(data), numbers)

    @rule(data=st.data(), number=st.integers(1, 12))
    def send_requests_that_are_not_filtered(self, data: st.DataObject, number: int) -> None:
        hand = self.one(data)
        first, self.unfiltered = self.unfiltered, self.unfiltered + number
        new = [
            link(f"unfiltered {one}", SLOTS[one % 4], last=one % 3 == 0, filtered=False)._replace(again=one % 5 == 0)
            for one in range(first, self.unfiltered)
        ]
        if hand.alive:
            self.hands.step(hand, Report(links=new))

    @rule(number=st.integers(1, 5))
    def other_programs_send_seeds(self, number: int) -> None:
        messages = [f"https://site.example/{one}" for one in range(number)]
        self.hands.server.rpush(KEYS.start_urls, *messages)
        self.hands.truth.start_urls += messages

    @rule(data=st.data(), limit=st.integers(1, 6), answered=st.booleans())
    def take(self, data: st.DataObject, limit: int, *, answered: bool) -> None:
        hand = self.one(data)
        if hand.alive:
            self.hands.pop(hand, limit, answered=answered)

    @rule(data=st.data(), limit=st.integers(1, 9), kept=st.integers(0, 3), answered=st.booleans())
    def work(self, data: st.DataObject, limit: int, kept: int, *, answered: bool) -> None:
        """Take requests, and end all but some of those in hand."""
        hand = self.one(data)
        if hand.alive and self.hands.pop(hand, limit):
            self.hands.finish(hand, list(hand.in_hand)[kept:], answered=answered)

    @rule(data=st.data(), number=st.integers(1, 6), answered=st.booleans())
    def acknowledge(self, data: st.DataObject, number: int, *, answered: bool) -> None:
        hand = self.one(data, busy=True)
        if hand.alive:
            self.hands.finish(hand, list(hand.in_hand)[:number], answered=answered)

    @rule(data=st.data(), number=st.integers(1, 6), due_in_ms=DUE_IN_MS, answered=st.booleans())
    def put_off(self, data: st.DataObject, number: int, due_in_ms: int, *, answered: bool) -> None:
        """Acknowledge pages that are to be visited again."""
        hand = self.one(data, busy=True)
        if hand.alive and hand.in_hand:
            self.hands.put_off(hand, list(hand.in_hand)[:number], due_in_ms, answered=answered)

    @rule(data=st.data(), limit=st.integers(1, 9), due_in_ms=DUE_IN_MS, answered=st.booleans())
    def take_and_put_off(self, data: st.DataObject, limit: int, due_in_ms: int, *, answered: bool) -> None:
        hand = self.one(data)
        if hand.alive and self.hands.pop(hand, limit):
            self.hands.put_off(hand, list(hand.in_hand), due_in_ms, answered=answered)

    @precondition(lambda self: self.hands.truth.requests)
    @rule(data=st.data(), due_in_ms=DUE_IN_MS)
    def put_off_what_others_have(self, data: st.DataObject, due_in_ms: int) -> None:
        """Tell of a page that the worker has lost, or never had."""
        hand, requests = self.one(data), self.hands.truth.requests
        lost = sorted(one for one in requests if one not in hand.in_hand)
        if hand.alive and lost:
            one = data.draw(st.sampled_from(lost))
            hand.in_hand[one] = requests[one].page
            revisit = self.hands.revisit(hand, one, due_in_ms)
            del hand.in_hand[one]
            self.hands.step(hand, Report(revisits=[revisit]))

    @precondition(lambda self: self.hands.truth.in_place(DUE))
    @rule(data=st.data(), short_ms=st.integers(-1, 1))
    def the_next_time_comes(self, data: st.DataObject, short_ms: int) -> None:
        """Let time pass until the next page is due, or a moment before or after that, and all go on."""
        truth = self.hands.truth
        first = truth.requests[truth.in_place(DUE)[0]]
        self.hands.pass_ms(max(0, first.due_ms + short_ms - truth.now_ms))
        hand = self.one(data)
        if hand.alive:
            self.hands.pop(hand, 4)

    @rule(drawn=st.integers(0, 5), number=st.integers(1, 9))
    def forego(self, drawn: int, number: int) -> None:
        if not drawn:
            self.hands.forego(number)

    @rule(data=st.data())
    def acknowledge_behind_the_links(self, data: st.DataObject) -> None:
        hand = self.one(data, busy=True)
        if not hand.alive:
            return
        report = self.hands.found(hand, list(hand.in_hand))
        links, report.links = report.links, []
        if self.hands.step(hand, Report(links=links)) and self.hands.step(hand, report):
            hand.in_hand.clear()

    @rule(data=st.data(), crashed=st.booleans(), dead=st.booleans())
    def give_up(self, data: st.DataObject, *, crashed: bool, dead: bool) -> None:
        hand = self.one(data, busy=True)
        if hand.in_hand and hand.alive:
            one = data.draw(st.sampled_from(sorted(hand.in_hand)))
            self.hands.step(hand, Report(dead=[(one, "no")]) if dead else Report(returned=[(one, crashed)]))
            hand.in_hand.pop(one, None)

    @rule(data=st.data())
    def work_to_the_end(self, data: st.DataObject) -> None:
        hand = self.one(data)
        for _ in range(ROUNDS):
            if not hand.alive or not (popped := self.hands.pop(hand, 9)) or not (popped.requests or hand.in_hand):
                break
            self.hands.finish(hand, list(hand.in_hand))
        self.all_are_ready()

    @rule()
    def all_are_ready(self) -> None:
        for hand in [hand for hand in self.hands.living() if self.hands.repeat(hand)]:
            if hand.alive:
                self.hands.step(hand, Report(ready=True))

    # --- orders ---

    @rule(paused=st.integers(0, 3).map(lambda drawn: drawn == 3))
    def pause_or_resume(self, *, paused: bool) -> None:
        self.hands.pause(paused=paused)

    @rule()
    def resume_and_drain(self) -> None:
        self.hands.pause(paused=False)
        self.hands.drain()

    @rule(drawn=st.integers(0, 3))
    def clear(self, drawn: int) -> None:
        if not drawn:
            self.hands.clear()

    # --- time ---

    @rule(data=st.data())
    def some_sleep_while_the_others_go_on(self, data: st.DataObject) -> None:
        awake = [hand for hand in self.hands.living() if data.draw(st.booleans())]
        for _ in range(5):
            self.hands.pass_ms(TTL_MS // 4)
            for hand in awake:
                self.hands.beat(hand)

    @rule(passed_ms=st.sampled_from([1, 40, 3_000, 7_000, 60_000, 86_400_000, -1, -500, -60_000, -86_400_000]))
    def the_clock_jumps(self, passed_ms: int) -> None:
        self.hands.pass_ms(passed_ms)

    # --- a Redis that comes back with less than it had ---

    @rule()
    def save(self) -> None:
        self.hands.save()

    @precondition(lambda self: self.hands.saved)
    @rule()
    def forget_what_came_since(self) -> None:
        self.hands.restore()

    @rule(data=st.data(), limit=st.integers(1, 6))
    def forget_what_came_last(self, data: st.DataObject, limit: int) -> None:
        self.hands.save()
        self.work(data, limit, 1, answered=True)
        self.hands.restore()

    # --- what always holds ---

    @invariant()
    def every_request_is_in_one_place(self) -> None:
        audit(self.hands.server, self.hands.truth)

    def all_is_done_in_the_end(self) -> None:
        """A worker that comes when all others are gone gets all that is left, and finishes the crawl."""
        hands, truth = self.hands, self.hands.truth
        hands.pause(paused=False)
        if truth.finished:
            for name in list(truth.workers):
                truth.leave(name)
                hands.queue().call("leave", name)
        last = hands.join(starts=True)
        for _ in range(5):
            hands.pass_ms(TTL_MS // 4)
            hands.beat(last)
        owed = {one: request.page for one, request in truth.requests.items()}
        for _ in range(ROUNDS):
            popped = hands.pop(last, 7)
            assert popped is not None
            owed = {one: number for one, number in owed.items() if one not in last.in_hand}
            if popped.progress == "complete":
                break
            if not last.in_hand and (waiting := truth.in_place(DUE)):
                hands.pass_ms(max(0, truth.requests[waiting[0]].due_ms - truth.now_ms))
            hands.finish(last, list(last.in_hand))
            audit(hands.server, truth)
        assert not truth.requests
        assert all(number is not None and number % 14 == 0 for number in owed.values())
        hands.step(last, Report(ready=True))
        assert truth.finished
        hands.leave(last)
        assert set(names(hands.server, "*")) <= {"control", "dead", "recorded", "readings"}


def test_no_history_loses_a_request(valkey: str) -> None:
    machine = type("HistoriesOnThisServer", (Histories,), {"url": valkey})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=CALLS,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
        ),
    )
