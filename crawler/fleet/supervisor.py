"""Keeps a fleet at work: starts it, starts again what crashed, hands signals on, and says what happens."""

from __future__ import annotations

import selectors
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from time import monotonic
from typing import Protocol

from crawler.fleet.gauge import Gauge
from crawler.fleet.member import Member, State
from crawler.fleet.outputs import LineOutput
from crawler.fleet.readings import Readings
from crawler.fleet.sizing import SETTLE_S, Situation, Sizer
from crawler.fleet.squad import Squad

POLL_S = 0.2
"""Seconds between two looks at the processes."""
KILL_AFTER_S = 5.0
"""Seconds that instances which were told twice to end have, until they are killed."""
STOPS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
AT_ONCE = signal.SIGQUIT
"""Stops at once, as the second of the others does: two that come together may count as one."""
STOPPING_AT_ONCE = "Stopping at once: what was in hand is handed out again by the next start"
DRAINED = "{spider} was told to end by scrapy drain: its instances finish what they have in hand"
LOOP = (
    "{name} has crashed {crashes} times within {window:g} s and is given up; the others are drained. What is pending "
    "stays in the queue: see to what it says, then start the same command again."
)


class Screen(Protocol):
    """What shows a fleet."""

    def start(self) -> None:
        """Begin."""

    def say(self, sentence: str) -> None:
        """Tell something that has happened."""

    def quote(self, member: Member) -> None:
        """Show the end of a log, unless all of it was shown."""

    def has_failed(self, member: Member) -> None:
        """Say that one has ended by itself without having done what was asked, and is not started again."""

    def draining(self) -> None:
        """Say that all have been told to end."""

    def update(self) -> None:
        """Show where the fleet is."""

    def stop(self) -> None:
        """End."""


class Supervisor:
    """The parent.

    Args:
        squads: the fleet.
        readings: what Redis tells.
        screen: what shows it.
    """

    def __init__(self, squads: Sequence[Squad], readings: Readings, screen: Screen) -> None:
        self.squads, self.readings, self.screen = squads, readings, screen
        self.selector = selectors.DefaultSelector()
        self.gauge = Gauge()
        self.sizers = {squad.spider: Sizer() for squad in squads if squad.order.size is None}
        self.reasons: dict[str, tuple[str, float]] = {}
        self.signals: list[int] = []
        self.stops = 0
        self.kill_s = float("inf")

    @property
    def draining(self) -> bool:
        """Whether all were told to end."""
        return self.stops > 0

    def members(self) -> Iterator[Member]:
        """Yield all places of the fleet."""
        for squad in self.squads:
            yield from squad.members

    def run(self, at_work: Callable[[], None]) -> int:
        """Keep the fleet at work until it has ended; return the exit code.

        Args:
            at_work: called once all have been started.
        """
        with self.heard():
            for squad in self.squads:
                for _ in range(squad.order.size or 1):
                    self.start(squad, squad.add())
            at_work()
            while any(squad.at_work() for squad in self.squads):
                self.take_lines(POLL_S)
                self.heed_signals()
                for squad in self.squads:
                    self.look_after(squad)
                self.screen.update()
        return max((member.verdict() for member in self.members()), default=0)

    @contextmanager
    def heard(self) -> Iterator[None]:
        """Note signals; SIGINT also where a shell has us ignore it, but no SIGHUP that nohup has us ignore."""
        heard = [number for number in (*STOPS, AT_ONCE) if number != signal.SIGHUP or not is_ignored(number)]
        former = {number: signal.signal(number, self.note_signal) for number in heard}
        try:
            yield
        finally:
            for number, handler in former.items():
                signal.signal(number, handler)

    def note_signal(self, number: int, _: object) -> None:
        """Leave a signal to the loop: a handler may come between any two lines."""
        self.signals.append(number)

    # --- processes ---

    def start(self, squad: Squad, member: Member) -> None:
        """Start a process and listen to it; where that cannot be done now, it counts as a crash."""
        try:
            squad.start(member)
        except OSError as exc:
            self.crashed(squad, member, f"cannot be started ({exc})", member.crashed(monotonic(), 0.0))
            return
        if isinstance(member.output, LineOutput):
            self.selector.register(member.output, selectors.EVENT_READ)

    def take_lines(self, within_s: float) -> None:
        """Say what instances have logged."""
        for key, _ in self.selector.select(within_s):
            output = key.fileobj
            if isinstance(output, LineOutput) and not output.take():
                self.selector.unregister(output)

    def look_after(self, squad: Squad) -> None:
        """Notice who has ended, start again who is due, and change the number where that is to be found out."""
        reading = self.readings.latest.get(squad.spider)
        if reading is not None and squad.is_drained_by(reading):
            self.screen.say(DRAINED.format(spider=squad.spider))
            for member in squad.wanted():  # one that has just started may have missed the order
                member.ask_to_end()
        for member in list(squad.members):
            if member.has_ended():
                self.ended(squad, member)
            is_due = member.state is State.WAITING and member.due_s <= monotonic()
            if is_due and not self.readings.silent:  # without Redis it could but end
                self.start(squad, member)
        if squad.spider in self.sizers and not self.draining and not squad.is_over():
            self.resize(squad, self.sizers[squad.spider])

    def ended(self, squad: Squad, member: Member) -> None:
        """Say how a process has ended, and what follows."""
        output = member.output
        if isinstance(output, LineOutput) and output in self.selector.get_map():
            self.selector.unregister(output)
        ran_s = monotonic() - member.begun_s
        pause_s = member.end(monotonic())
        if member.state in {State.WAITING, State.GIVEN_UP}:
            self.crashed(squad, member, f"{member.how_it_ended()} after {ran_s:.0f} s", pause_s)
        elif member.failed():
            self.screen.has_failed(member)

    def crashed(self, squad: Squad, member: Member, how: str, pause_s: float | None) -> None:
        """Say how one has crashed, and what follows."""
        crashes, limits = len(member.restarts.recent), squad.limits
        if pause_s is not None:
            self.screen.say(
                f"{member.name} {how}: starting it again in {pause_s:.1f} s "
                f"(crash {crashes}; {limits.most} in {limits.window_s:g} s are too many)"
            )
        else:
            self.screen.say(f"{member.name} {how}")
            self.screen.say(LOOP.format(name=member.name, crashes=crashes, window=limits.window_s))
            self.screen.quote(member)
            self.drain()

    # --- the end ---

    def heed_signals(self) -> None:
        """Do what signals have asked for."""
        while self.signals:
            number = self.signals.pop(0)
            if self.kill_s < float("inf"):
                self.kill_s = monotonic()
            elif self.stops or number == AT_ONCE:
                self.stop_at_once()
            else:
                self.screen.draining()
                self.drain()
        if self.kill_s <= monotonic():
            for member in self.members():
                member.kill()

    def drain(self) -> None:
        """Have all finish what they have in hand and end."""
        self.stops += 1
        for member in self.members():
            if not member.asked_to_end:
                member.ask_to_end()

    def stop_at_once(self) -> None:
        """Have all end, those that were told before without finishing anything; and kill those that do not."""
        self.stops += 1
        self.screen.say(STOPPING_AT_ONCE)
        self.kill_s = monotonic() + KILL_AFTER_S
        for member in self.members():
            member.ask_to_end()

    # --- size ---

    def resize(self, squad: Squad, sizer: Sizer) -> None:
        """Start or end instances as there is a use for them, and say why; once for as long as that is the same."""
        self.gauge.look(member.pid for member in self.members() if member.pid)
        reading = self.readings.latest.get(squad.spider)
        if reading is None or (sizer.seen and reading.at_s <= sizer.seen[-1].at_s):
            return
        wanted = squad.wanted()
        share = self.gauge.share(member.pid for member in wanted)
        situation = Situation(
            reading.at_s,
            len(wanted),
            reading.pending,
            reading.ready,
            share,
            self.gauge.spare_cores(),
            self.gauge.cores,
            reading.paused,
        )
        verdict = sizer.decide(situation)
        if verdict is None:
            return
        if verdict.size != len(wanted):
            self.screen.say(f"{squad.spider}: {len(wanted)} -> {verdict.size} instances: {verdict.why}")
        else:
            former, said_s = self.reasons.get(squad.spider, ("", float("-inf")))
            if former == verdict.kind or reading.at_s < said_s + SETTLE_S:  # two may come by turns
                return
            self.screen.say(f"{squad.spider}: stays at {verdict.size}: {verdict.why}")
        self.reasons[squad.spider] = verdict.kind, reading.at_s
        for _ in range(verdict.size - len(wanted)):
            self.start(squad, squad.add())
        for member in sorted(wanted, key=lambda one: one.number)[verdict.size :]:
            member.ask_to_end()


def is_ignored(number: int) -> bool:
    """Tell whether whoever has started this process has it ignore a signal."""
    return signal.getsignal(number) is signal.SIG_IGN
