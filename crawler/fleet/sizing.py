"""How many instances a spider should have, by what they use and by what there is to do."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from crawler.words import counted

SETTLE_S = 10.0
"""Seconds after a change in which nothing is decided: a start takes some, and its CPU is not that of the work."""
SHRINK_S = 30.0
"""For so long nothing must have waited for an instance before one is taken away; doubled when that proves wrong."""
MOST_SHRINK_S = 900.0
WRONG_S = 120.0
"""A want of instances so soon after one was taken away shows that it was needed."""
BUSY = 0.7
"""Part of a core that an instance may use when the work of one more is shared out among the rest."""
OFTEN = 0.6
"""Part of the readings that must agree."""
PER_INSTANCE = 32
"""Pending requests below which one more instance is not worth its start."""


@dataclass(frozen=True, slots=True)
class Situation:
    """What is known at one moment.

    Attributes:
        at_s: by a clock that only goes forward.
        running: instances.
        pending: requests.
        ready: hosts that could be asked and wait for an instance.
        cpu_share: cores that one instance uses; None until that was measured.
        spare_cores: of those at hand, how many nobody uses.
        cores: at hand.
        paused: whether the instances are told to hold back.
    """

    at_s: float
    running: int
    pending: int
    ready: int
    cpu_share: float | None
    spare_cores: float
    cores: float
    paused: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """How many instances there should be.

    Attributes:
        size: how many.
        kind: the reason in a word: as long as it is the same, there is nothing new to say.
        why: the reason in a few words, with the numbers.
    """

    size: int
    kind: str
    why: str


@dataclass(slots=True)
class Sizer:
    """Decides for one spider."""

    changed_s: float = 0.0
    shrunk_s: float = float("-inf")
    shrink_after_s: float = SHRINK_S
    seen: deque[Situation] = field(default_factory=deque)

    def decide(self, now: Situation) -> Verdict | None:
        """Return what should be, now and then; None while that is not known."""
        if not self.seen:
            self.changed_s = now.at_s
        self.seen.append(now)
        while self.seen[0].at_s < now.at_s - SETTLE_S:
            self.seen.popleft()
        if now.paused and now.running:
            self.changed_s = now.at_s
            return Verdict(now.running, "paused", "the crawl is paused")
        if now.at_s - self.changed_s < SETTLE_S or now.cpu_share is None or not now.running:
            return None
        waited = sum(one.ready > 0 for one in self.seen) / len(self.seen)
        verdict = self.grown(now) if waited >= OFTEN else self.shrunk(now, waited)
        if verdict.size > now.running and now.at_s - self.shrunk_s < WRONG_S:
            self.shrink_after_s = min(2 * self.shrink_after_s, MOST_SHRINK_S)
            self.shrunk_s = float("-inf")  # which that has cost
        if verdict.size < now.running:
            self.shrunk_s = now.at_s
        if verdict.size != now.running:
            self.changed_s = now.at_s
        return verdict

    def grown(self, now: Situation) -> Verdict:
        """Return how many could do what waits for an instance."""
        share = max(now.cpu_share or 0.0, 0.01)
        room = int(now.spare_cores / share)
        use = f"one uses {share:.2f} of a core, {now.spare_cores:.1f} of {now.cores:g} are free"
        ready = max(one.ready for one in self.seen)
        hosts = f"{counted(ready, 'host')} could be asked and wait{'s' if ready == 1 else ''}"
        if not room:
            return Verdict(now.running, "cores", f"{hosts}, but there is no core for one more ({use})")
        worth = now.pending // PER_INSTANCE
        if worth <= now.running:
            return Verdict(now.running, "pending", f"only {counted(now.pending, 'request')} pending")
        more = min(max(1, now.running // 2), room, worth - now.running)
        return Verdict(now.running + more, "grown", f"{hosts}; {use}")

    def shrunk(self, now: Situation, waited: float) -> Verdict:
        """Return how many suffice where the hosts' pace is what limits the crawl."""
        pace = "what is pending waits for the pace of its hosts" if now.pending else "nothing is pending"
        others = now.running - 1
        if not others or waited or now.at_s - self.changed_s < self.shrink_after_s:
            return Verdict(now.running, "pace", pace)
        share = (now.cpu_share or 0.0) * now.running / others
        if share > BUSY:
            return Verdict(now.running, "busy", f"{pace}, and one less would use {share:.2f} of a core")
        return Verdict(others, "shrunk", f"{pace}; one less will use {share:.2f} of a core each")
