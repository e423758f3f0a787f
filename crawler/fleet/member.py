"""One place in a fleet: the process that has it, and what became of those that had it before."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from crawler.fleet.outputs import Output
from crawler.fleet.restarts import Restarts
from crawler.frontier.vitals import PLACE

OWN_ENDS = frozenset({0, 1, 2})
"""Exit codes with which an instance ends by itself: done or stopped, not what was asked, wrong arguments."""


class State(StrEnum):
    """What a place is at."""

    RUNNING = "running"
    WAITING = "waiting"
    ENDED = "ended"
    GIVEN_UP = "given up"


@dataclass(slots=True)
class Launch:
    """How a process is started.

    Attributes:
        command: its words.
        environment: beside that of the parent.
        held: a descriptor that it inherits.
    """

    command: Sequence[str]
    environment: Mapping[str, str]
    held: int


class Member:
    """One place.

    Attributes:
        name: such as `users-1`.
        state: what it is at.
        due_s: when it is to be started again, while it waits.
        exit_code: that of its last process, negative where a signal has killed that.
        asked_to_end: whether it was told to.
        starts: how many processes have had this place.
    """

    def __init__(self, spider: str, number: int, restarts: Restarts) -> None:
        self.spider, self.number, self.restarts = spider, number, restarts
        self.name = f"{spider}-{number}"
        self.state = State.WAITING
        self.due_s = 0.0
        self.begun_s = 0.0
        self.exit_code = 0
        self.asked_to_end = False
        self.starts = 0
        self.process: subprocess.Popen[bytes] | None = None
        self.output: Output | None = None

    @property
    def pid(self) -> int:
        """The process; 0 where there is none."""
        return self.process.pid if self.process is not None and self.state is State.RUNNING else 0

    def start(self, launch: Launch, output: Output, now_s: float) -> None:
        """Start a process; in a session of its own, so that Ctrl-C reaches the parent alone, which hands it on."""
        try:
            self.process = subprocess.Popen(  # noqa: S603 - our own command
                launch.command,
                env=os.environ | launch.environment | {PLACE: self.name},
                stdin=subprocess.DEVNULL,
                stdout=output.target(),
                stderr=output.target(),
                pass_fds=[launch.held],
                start_new_session=True,
            )
        except OSError:
            output.started()
            output.close()
            raise
        output.started()
        self.starts += 1
        self.output, self.begun_s, self.state = output, now_s, State.RUNNING

    def has_ended(self) -> bool:
        """Tell whether the process has just ended."""
        return self.state is State.RUNNING and self.process is not None and self.process.poll() is not None

    def end(self, now_s: float) -> float | None:
        """Note the end of the process; return in how many seconds to start another one, None for never."""
        if self.process is None or self.output is None:
            return None
        self.exit_code = self.process.wait()
        self.output.close()
        self.state = State.ENDED
        if self.asked_to_end or self.exit_code in OWN_ENDS:
            return None
        return self.crashed(now_s, now_s - self.begun_s)

    def crashed(self, now_s: float, ran_s: float) -> float | None:
        """Note a crash; return in how many seconds to start another process, None for never."""
        pause_s = self.restarts.crashed(now_s, ran_s)
        self.state = State.GIVEN_UP if pause_s is None else State.WAITING
        self.due_s = now_s + (pause_s or 0.0)
        return pause_s

    def ask_to_end(self) -> None:
        """Have the process finish what it has in hand and end; asked again it ends at once."""
        self.asked_to_end = True
        if self.state is State.WAITING:
            self.state = State.ENDED
        self.send(signal.SIGTERM)

    def kill(self) -> None:
        """End the process by force."""
        self.asked_to_end = True
        self.send(signal.SIGKILL)

    def send(self, number: int) -> None:
        """Send a signal, where there is a process."""
        if self.state is State.RUNNING and self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                self.process.send_signal(number)

    def failed(self) -> bool:
        """Tell whether its last process has not done what was asked; being told to end is no failure."""
        killed_by_us = self.asked_to_end and self.exit_code < 0
        return self.state is State.GIVEN_UP or (self.exit_code != 0 and not killed_by_us)

    def verdict(self) -> int:
        """Return its part of the fleet's exit code: what it ended with by itself, else 1."""
        return max(1, self.exit_code) if self.failed() else 0

    def how_it_ended(self) -> str:
        """Return how the last process has ended."""
        if self.exit_code < 0:
            return f"was killed by {signal.Signals(-self.exit_code).name}"
        return f"ended with exit code {self.exit_code}"
