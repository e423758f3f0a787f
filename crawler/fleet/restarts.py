"""When a crashed instance is started again, and when no more."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING, Self

from crawler.frontier.bounds import number

if TYPE_CHECKING:
    from scrapy.settings import BaseSettings

MOST_BACKOFF_S = 30.0
"""Longest pause before a restart."""
STEADY_S = 60.0
"""After so many seconds of work the next crash is a first one again, as far as the pause goes."""
JITTER = 0.25
"""Part of a pause by which it is longer or shorter: instances that crashed together are not to start together."""


@dataclass(frozen=True, slots=True)
class CrashLimits:
    """What is no accident any more.

    Attributes:
        most: crashes of an instance within `window_s` after which it is given up.
        window_s: seconds.
        backoff_s: pause in seconds after the first crash; it doubles with each one that follows.
    """

    most: int = 8
    window_s: float = 300.0
    backoff_s: float = 1.0

    @classmethod
    def from_settings(cls, settings: BaseSettings) -> Self:
        """Read them.

        Raises:
            SettingsError: one cannot work.
        """
        default = cls()
        return cls(
            int(number(settings, "FLEET_MAX_CRASHES", default.most)),
            number(settings, "FLEET_CRASH_WINDOW_S", default.window_s),
            number(settings, "FLEET_BACKOFF_S", default.backoff_s),
        )


@dataclass(slots=True)
class Restarts:
    """The crashes of one instance."""

    limits: CrashLimits
    random: Random = field(default_factory=Random)
    recent: deque[float] = field(default_factory=deque)
    pause_s: float = 0.0

    def crashed(self, now_s: float, ran_s: float) -> float | None:
        """Note a crash; return in how many seconds to start again, or None where that has no use.

        Args:
            now_s: by any clock that only goes forward.
            ran_s: for how long the instance had run.
        """
        self.recent.append(now_s)
        while self.recent[0] < now_s - self.limits.window_s:
            self.recent.popleft()
        if len(self.recent) >= self.limits.most:
            return None
        doubled = 2 * self.pause_s if self.pause_s and ran_s < STEADY_S else self.limits.backoff_s
        self.pause_s = min(doubled, MOST_BACKOFF_S)
        return self.pause_s * self.random.uniform(1 - JITTER, 1 + JITTER)
