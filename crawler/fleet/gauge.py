"""What processes use of this machine, and what is left."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from time import monotonic

import psutil

QUOTAS = Path("/sys/fs/cgroup/cpu.max")
"""What a container may use, as `quota period` in microseconds or `max period`; only there with cgroups of version 2."""
LEAST_S = 2.0
"""Seconds over which is measured at the least."""


def cores_at_hand(quotas: Path = QUOTAS) -> float:
    """Return how many cores this process may use."""
    cores = float(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)
    with suppress(OSError, ValueError):
        quota, period = quotas.read_text().split()
        return min(cores, int(quota) / int(period))
    return cores


class Gauge:
    """Measures from one look to the next."""

    def __init__(self) -> None:
        self.cores = cores_at_hand()
        self.used_s: dict[int, float] = {}
        self.at_s = monotonic()
        self.shares: dict[int, float] = {}
        self.idle = 1.0
        psutil.cpu_percent()  # the first answer has nothing to compare with

    def look(self, pids: Iterable[int]) -> None:
        """Measure what processes have used since the last look; one that is new is known at the next."""
        now_s = monotonic()
        passed_s = now_s - self.at_s
        if passed_s < LEAST_S:
            return
        used_s = {pid: seconds for pid in pids if (seconds := cpu_seconds(pid)) is not None}
        self.shares = {pid: (used_s[pid] - self.used_s[pid]) / passed_s for pid in used_s.keys() & self.used_s.keys()}
        self.used_s, self.at_s = used_s, now_s
        self.idle = 1 - psutil.cpu_percent() / 100

    def share(self, pids: Iterable[int]) -> float | None:
        """Return how many cores one of these processes uses, in the mean; None where none was measured."""
        known = [self.shares[pid] for pid in pids if pid in self.shares]
        return sum(known) / len(known) if known else None

    def spare_cores(self) -> float:
        """Return how many of the cores at hand nobody uses."""
        of_the_machine = self.idle * (os.cpu_count() or 1)
        of_ours = self.cores - sum(self.shares.values())
        return max(0.0, min(of_the_machine, of_ours))


def cpu_seconds(pid: int) -> float | None:
    """Return the CPU time of a process; None where it is gone."""
    with suppress(psutil.Error):
        times = psutil.Process(pid).cpu_times()
        return float(times.user + times.system)
    return None
