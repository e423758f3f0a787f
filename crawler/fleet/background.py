"""Starts a fleet that goes on without a terminal, and waits until it is at work."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from crawler.fleet.outputs import FileOutput

READY = "CRAWLER_FLEET_READY"
"""Names in the environment of a detached fleet the descriptor by which it says that it is at work, and its log."""
DETACH = "--detach"


def detach(words: Sequence[str], log: Path) -> tuple[int, list[str]]:
    """Start the same command in a session of its own, as init's child once this process has ended.

    Returns:
        Its process id, or 0 where it did not come to work, and then what it has said.
    """
    output = FileOutput(log)
    source, sink = os.pipe()
    warnings = [f"-W{word}" for word in sys.warnoptions]
    process = subprocess.Popen(  # noqa: S603 - the command that the user has typed
        [sys.executable, *warnings, "-m", "scrapy", "fleet", *(word for word in words if word != DETACH)],
        env=os.environ | {READY: f"{sink}:{log}"},
        stdin=subprocess.DEVNULL,
        stdout=output.target(),
        stderr=output.target(),
        pass_fds=[sink],
        start_new_session=True,
    )
    output.started()
    os.close(sink)
    try:
        with os.fdopen(source, "rb") as pipe:
            ready = bool(pipe.read(1))
    except BaseException:  # whoever waits has thought better of it
        process.terminate()
        process.wait()
        raise
    if ready:
        process.returncode = 0  # it goes on without us: nobody waits for it
        return process.pid, []
    process.wait()
    return 0, output.last_lines()


def detached_log(environment: Mapping[str, str] = os.environ) -> str:
    """Return the log of this fleet where it was detached; empty where it was not."""
    return environment.get(READY, "").partition(":")[2]


def say_ready() -> None:
    """Tell who has started this fleet that it is at work."""
    descriptor = os.environ.pop(READY, "").partition(":")[0]
    if descriptor.isdecimal():
        with suppress(OSError), os.fdopen(int(descriptor), "wb") as pipe:  # who waited may be gone
            pipe.write(b"1")
