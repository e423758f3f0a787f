"""What the queue's verbs are to do, in plain Python, under a clock that a test sets."""

from __future__ import annotations

import json

from crawler.frontier.queue import NewLink, Popped, Progress, Report, Revisit, State, Told
from tests.queue_pages import number_of, seed
from tests.queue_places import AGAIN, DUE, LAST, PENDING, SUSPECTS, Request, Worker

TTL_MS = 10_000
MAX_DELIVERIES = 3
SUSPECT_AFTER = 2
LAST_AT_ONCE = 8
SEEDS_AT_ONCE = 4
DUE_AT_ONCE = 200


class Truth:
    """What Redis is to hold."""

    def __init__(self, now_ms: int) -> None:
        self.now_ms = self.last_ms = now_ms
        self.epoch = ""
        self.start_urls: list[str] = []
        self.begin("")

    def begin(self, epoch: str) -> None:
        """Begin a crawl."""
        self.epoch, self.last_ms = epoch, self.now_ms
        self.workers: dict[str, Worker] = {}
        self.requests: dict[str, Request] = {}
        self.seen: set[str] = set()
        self.recorded: set[str] = set()
        self.ready: set[str] = set()
        self.done: list[int | None] = []
        self.dead: dict[str, int | None] = {}
        self.revisits: dict[int, str] = {}
        self.turns: set[str] = set()
        self.readings: dict[str, bytes] = {}
        self.sequence = self.redelivered = self.visits = 0
        self.finished = self.paused = False

    # --- orders ---

    def pause(self, *, paused: bool) -> str:
        if not self.epoch or self.finished:
            return "none"
        self.reclaim()
        if self.paused == paused:
            return "already"
        self.paused = paused
        return "paused" if paused else "resumed"

    def drain(self) -> str:
        if not self.epoch or self.finished:
            return "none"
        self.reclaim()
        return "drained"

    def clear(self) -> str:
        """Return what is answered; what is then gone goes by `begin`."""
        if not self.epoch:
            return "none"
        self.reclaim()
        return "running" if self.workers else "cleared"

    # --- workers ---

    def reclaim(self, caller: str = "") -> None:
        gap_ms = self.now_ms - self.last_ms
        if gap_ms > TTL_MS / 2 or gap_ms < 0:
            for worker in self.workers.values():
                worker.deadline_ms += gap_ms
        self.last_ms = self.now_ms
        if caller:
            self.workers[caller].deadline_ms = self.now_ms + TTL_MS
        for name in [name for name, worker in self.workers.items() if worker.deadline_ms <= self.now_ms]:
            self.part_from(name, crashed=True)

    def part_from(self, name: str, *, crashed: bool) -> None:
        for request_id in self.in_place(name):
            self.give_back(request_id, crashed=crashed)
            self.redelivered += 1
        self.workers.pop(name, None)
        self.ready.discard(name)

    def leave(self, name: str) -> None:
        self.part_from(name, crashed=False)
        self.reclaim()

    def bereave(self, names: list[str]) -> int:
        dead = [name for name in names if name in self.workers]
        for name in dead:
            self.part_from(name, crashed=True)
        if dead:
            self.reclaim()
        return len(dead)

    def give_back(self, request_id: str, *, crashed: bool) -> None:
        request = self.requests[request_id]
        request.crashes += crashed
        if request.crashes >= MAX_DELIVERIES:
            self.bury(request_id)
        elif request.crashes >= SUSPECT_AFTER:
            request.place, request.again = SUSPECTS, False
        elif request.again:
            request.place = AGAIN
        else:
            request.place = LAST if request.link.last else PENDING

    def bury(self, request_id: str) -> None:
        self.dead[request_id] = self.requests.pop(request_id).page

    def join(self, name: str, epoch: str, *, anew: bool = False) -> str:
        if self.epoch:
            self.reclaim()
        if self.finished and epoch == self.epoch:
            return "over"
        anew = anew and epoch != self.epoch
        if self.workers and (self.finished or anew):
            return "ending" if self.finished else "occupied"
        outcome = "joined" if self.workers else "resumed"
        if not self.epoch or self.finished or (not self.workers and (anew or not self.sequence)):
            paused = self.paused and not (self.sequence or self.finished or anew)
            self.begin(epoch)
            self.paused, outcome = paused, "anew"
        self.workers[name] = Worker(self.now_ms + TTL_MS)
        self.ready.clear()
        return outcome

    def last_lease_ms(self) -> int:
        """Return in how many ms the last of the leases ends."""
        return max(worker.deadline_ms for worker in self.workers.values()) - self.now_ms

    def standing(self, name: str, epoch: str) -> State:
        if epoch != self.epoch:
            return "lost"
        if name not in self.workers:
            return "fenced"
        self.reclaim(name)
        return "ok"

    # --- requests ---

    def in_place(self, place: str) -> list[str]:
        """Return the ids of what is somewhere, in the order in which it is handed out."""
        found = (request_id for request_id, request in self.requests.items() if request.place == place)
        if place in {DUE, AGAIN}:
            return sorted(found, key=lambda request_id: (self.requests[request_id].due_ms, request_id))
        return sorted(found, key=lambda request_id: (-self.requests[request_id].link.priority, request_id))

    def progress(self) -> Progress:
        if self.requests:
            return "paused" if self.paused else "working"
        if self.finished:
            return "finished"
        if self.paused:
            return "paused"
        starting = any(worker.starting for worker in self.workers.values())
        return "working" if starting or self.start_urls else "complete"

    def add(self, number: int | None, new: NewLink, place: str) -> str:
        self.sequence += 1
        request_id = f"{self.sequence:010x}"
        self.requests[request_id] = Request(number, new, place, due_ms=self.now_ms, again=place == AGAIN)
        return request_id

    def step(self, name: str, epoch: str, number: int, report: Report) -> Told:
        if (state := self.standing(name, epoch)) != "ok":
            return Told(state, "", 0, 0, 0, 0)
        worker, new_links, stale_acks = self.workers[name], 0, 0
        if number > worker.steps + 1:
            return Told("regressed", "", 0, 0, 0, 0)
        if number == worker.steps + 1:
            worker.told = self.apply(name, report)
            worker.steps = number
        if number == worker.steps:
            new_links, stale_acks = worker.told
        progress = self.progress()
        if progress != "complete":
            self.ready.clear()
        elif report.ready:
            self.ready.add(name)
            if self.ready >= set(self.workers):
                self.finished, progress = True, "finished"
        return Told("ok", progress, len(self.requests), new_links, stale_acks, self.redelivered)

    def apply(self, name: str, report: Report) -> tuple[int, int]:
        new = [one for one in report.links if one.fingerprint is None or self.is_new(one)]
        for added in new:
            self.add(number_of(added), added, LAST if added.last else AGAIN if added.again else PENDING)
        self.finished = self.finished and not new
        acks = [one for one in report.acks if self.is_held(one, name)]
        self.done += [self.requests.pop(one).page for one in acks]
        for one, _ in report.dead:
            if self.is_held(one, name):
                self.bury(one)
        for one, crashed in report.returned:
            if self.is_held(one, name):
                self.give_back(one, crashed=crashed)
                self.redelivered += crashed
        self.recorded.update(report.records)
        stale = sum(not self.put_off(one, name) for one in report.revisits)
        self.workers[name].starting &= not report.started
        return len(new), len(report.acks) - len(acks) + stale

    def put_off(self, one: Revisit, name: str) -> bool:
        """Let a request wait until its page is due; False where the worker has lost it."""
        if not self.is_held(one.id, name):
            return False
        self.readings.update(one.readings)
        request = self.requests[one.id]
        request.crashes = 0
        other = self.revisits.get(one.fingerprint, one.id)
        if other != one.id and other in self.requests:
            self.done.append(self.requests.pop(one.id).page)
            return True
        self.revisits[one.fingerprint] = one.id
        again = request.link._replace(payload=one.payload, last=False)
        self.requests[one.id] = Request(request.page, again, DUE, due_ms=self.now_ms + one.due_in_ms, again=True)
        self.visits += 1
        return True

    def forego(self, number: int, slots: list[str]) -> int:
        """Drop up to so many visits, those that wait for their time first, then host by host; return how many."""
        again = sorted(self.in_place(AGAIN), key=lambda one: slots.index(self.requests[one].link.slot))
        waiting = [*self.in_place(DUE), *again][:number]
        for one in waiting:
            self.done.append(self.requests.pop(one).page)
        return len(waiting)

    def call_up_due(self) -> None:
        """Let requests whose time has come wait for their hosts."""
        for one in self.in_place(DUE)[:DUE_AT_ONCE]:
            if self.requests[one].due_ms <= self.now_ms:
                self.requests[one].place = AGAIN

    def waiting(self) -> int:
        """Return how many requests wait for a time that is to come."""
        return sum(one.place == DUE and one.due_ms > self.now_ms for one in self.requests.values())

    def is_held(self, request_id: str, name: str) -> bool:
        return request_id in self.requests and self.requests[request_id].place == name

    def is_new(self, one: NewLink) -> bool:
        known = str(one.fingerprint) in self.seen
        self.seen.add(str(one.fingerprint))
        return not known

    # --- what is handed out ---

    def pop(self, name: str, epoch: str, number: int, limit: int, popped: Popped) -> None:
        """Compare with what Redis did, which hosts it served first is its own affair."""
        state = self.standing(name, epoch)
        if state == "ok" and number > self.workers[name].pops + 1:
            state = "regressed"
        assert popped.state == state
        if state != "ok":
            assert not popped.requests
            return
        worker, handed = self.workers[name], [request.id for request in popped.requests]
        if number == worker.pops:
            assert handed == [one for one in worker.popped if self.is_held(one, name)]
        else:
            worker.pops, worker.popped = number, handed
            may_go = not self.finished and not self.paused
            assert may_go or not handed
            worker.alone = may_go and self.hand_out(name, limit, handed)
            if handed:
                self.ready.clear()
        assert popped.alone == worker.alone
        assert popped.progress == self.progress()
        assert (popped.next_in_ms is None) == (not self.ready_to_go())
        payloads = [json.loads(request.payload) for request in popped.requests]
        assert payloads == [json.loads(self.requests[one].link.payload) for one in handed]

    def hand_out(self, name: str, limit: int, handed: list[str]) -> bool:
        """Lease what Redis has handed out, which must be right; return whether that is a suspect, alone."""
        count = min(SEEDS_AT_ONCE, limit, len(self.start_urls))
        seeds = [self.add(None, seed(self.start_urls.pop(0)), name) for _ in range(count)]
        assert handed[:count] == seeds
        self.call_up_due()
        self.take_up_last()
        if not seeds and not self.ready_to_go():
            suspects = self.in_place(SUSPECTS)
            if suspects and not self.in_place(name):
                assert handed == suspects[:1]
                self.requests[handed[0]].place = name
                return True
        rest = handed[count:]
        assert len(rest) == min(limit - count, len(self.ready_to_go()))
        for one in rest:
            assert one == self.next_of(self.requests[one].link.slot)
            self.requests[one].place = name
        return False

    def ready_to_go(self) -> list[str]:
        """Return what waits for its host only."""
        return [*self.in_place(PENDING), *self.in_place(AGAIN)]

    def next_of(self, slot: str) -> str:
        """Return whose turn it is at a host: where first visits and later ones wait, they take turns."""
        first, again = (
            [one for one in self.in_place(place) if self.requests[one].link.slot == slot] for place in (PENDING, AGAIN)
        )
        if not (first and again):
            return (first or again)[0]
        self.turns ^= {slot}
        return again[0] if slot in self.turns else first[0]

    def take_up_last(self) -> None:
        kept, suspects = self.in_place(LAST), self.in_place(SUSPECTS)
        if any(worker.starting for worker in self.workers.values()) or (suspects and not self.ready_to_go()):
            return
        again = sum(request.again for request in self.requests.values())
        if len(kept) + len(suspects) + again != len(self.requests):
            return
        taken = 0
        for one in kept:
            if taken == LAST_AT_ONCE:
                return
            number = self.requests[one].page
            if number is not None and number % 14 == 0 and f"r{number // 2}" in self.recorded:
                del self.requests[one]
                self.done.append(None)
            else:
                self.requests[one].place = PENDING
                taken += 1
