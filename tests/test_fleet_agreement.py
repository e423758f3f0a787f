from __future__ import annotations

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from redis import Redis

from crawler.frontier.fleet import Fleet
from crawler.frontier.keys import Keys

KEYS = Keys("users")
FOREVER_MS = 3_600_000


class Agreement(RuleBasedStateMachine):
    """Instances that come, work, rest and go in any order, against a plain account of who has what in hand."""

    url = ""

    def __init__(self) -> None:
        super().__init__()
        self.server = Redis.from_url(self.url)
        self.server.flushall()
        self.fleets: list[Fleet] = []
        self.in_hand: set[Fleet] = set()
        self.waiting = {KEYS.requests: 0, KEYS.last: 0}
        self.finished = False

    def teardown(self) -> None:
        self.server.close()

    def one(self, data: st.DataObject) -> Fleet:
        return data.draw(st.sampled_from(self.fleets))

    @precondition(lambda self: len(self.fleets) < 4)
    @rule()
    def join(self) -> None:
        fleet = Fleet(self.server, KEYS, FOREVER_MS)
        complete = self.finished or not (self.fleets or any(self.waiting.values()))
        assert fleet.join() == ("anew" if complete else "joined" if self.fleets else "resumed")
        self.finished = False
        self.fleets.append(fleet)
        self.in_hand.add(fleet)

    @precondition(lambda self: self.fleets)
    @rule(data=st.data(), links=st.integers(0, 2), key=st.sampled_from([KEYS.requests, KEYS.last]))
    def take_work_and_add_more(self, data: st.DataObject, links: int, key: str) -> None:
        fleet = self.one(data)
        fleet.work()
        self.finished = False
        self.in_hand.add(fleet)
        for number in range(links):
            name = f"{self.waiting[key]}.{number}"
            _ = self.server.zadd(key, {name: 0}) if key == KEYS.requests else self.server.rpush(key, name)
        self.count_waiting()

    @precondition(lambda self: self.fleets)
    @rule(data=st.data(), key=st.sampled_from([KEYS.requests, KEYS.last]))
    def take_what_waits(self, data: st.DataObject, key: str) -> None:
        fleet = self.one(data)
        fleet.work()
        self.finished = False
        self.in_hand.add(fleet)
        _ = self.server.zpopmin(key) if key == KEYS.requests else self.server.lpop(key)
        self.count_waiting()

    @precondition(lambda self: self.fleets)
    @rule(data=st.data())
    def rest(self, data: st.DataObject) -> None:
        fleet = self.one(data)
        census = fleet.rest()
        self.in_hand.discard(fleet)
        assert census.busy_others == len(self.in_hand)
        assert (census.pending, census.held_back) == tuple(self.waiting.values())
        assert census.finished == (not self.in_hand and not any(self.waiting.values()))
        self.finished |= census.finished

    @precondition(lambda self: self.fleets)
    @rule(data=st.data())
    def leave(self, data: st.DataObject) -> None:
        fleet = self.one(data)
        fleet.leave()
        self.fleets.remove(fleet)
        self.in_hand.discard(fleet)

    @invariant()
    def the_crawl_ends_only_when_nothing_is_left(self) -> None:
        if self.server.hexists(KEYS.state, "finished"):
            assert self.finished
            assert not self.in_hand
            assert not any(self.waiting.values())

    def count_waiting(self) -> None:
        self.waiting = {KEYS.requests: self.server.zcard(KEYS.requests), KEYS.last: self.server.llen(KEYS.last)}


def test_a_crawl_is_never_finished_while_anyone_has_work(valkey: str) -> None:
    machine = type("AgreementOnThisServer", (Agreement,), {"url": valkey})
    run_state_machine_as_test(
        machine,
        settings=settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow]),
    )
