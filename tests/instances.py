"""Instances of the embedded store as real processes, and the server that they share."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
from pathlib import Path

from redis import Redis

ROOT = Path(__file__).parent.parent
DEADLINE_S = 60

INSTANCE = """
import sys
from pathlib import Path
from crawler.frontier.store import EmbeddedStore
with EmbeddedStore(Path(sys.argv[1])) as url:
    print(url, flush=True)
    sys.stdin.readline()
"""
CRASH = """
import sys
from pathlib import Path
from redis import Redis
from crawler.frontier.store import EmbeddedStore
print(Redis.from_url(EmbeddedStore(Path(sys.argv[1])).attach()).info()["process_id"], flush=True)
sys.stdin.read()
raise RuntimeError
"""
BUSY = """
import sys
from pathlib import Path
from redis import Redis
from crawler.frontier.store import EmbeddedStore
for _ in range(10):
    with EmbeddedStore(Path(sys.argv[1])) as url, Redis.from_url(url) as client:
        client.incr("visits")
"""
FORK = """
import os, signal, subprocess, sys
from pathlib import Path
from crawler.frontier.store import EmbeddedStore
with EmbeddedStore(Path(sys.argv[1])) as url:
    subprocess.Popen(["sleep", "600"], close_fds=False)
    if os.fork() == 0:
        print(url, flush=True)
    signal.pause()
"""


class Instance:
    """A process that attaches, says what it found, and lets go at the end of its input."""

    def __init__(self, folder: Path, code: str = INSTANCE, **environment: str) -> None:
        self.process = subprocess.Popen(  # noqa: S603 - our own code
            [sys.executable, "-c", code, str(folder)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=os.environ | environment,
            start_new_session=True,
        )

    def line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def let_go(self) -> None:
        """Tell it to release the store, without waiting for it."""
        assert self.process.stdin is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()

    def end(self) -> int:
        self.process.communicate(timeout=DEADLINE_S)
        return self.process.returncode

    def kill_alone(self) -> None:
        """Kill it and none of its children."""
        os.kill(self.process.pid, signal.SIGKILL)
        os.waitid(os.P_PID, self.process.pid, os.WEXITED | os.WNOWAIT)

    def kill(self) -> None:
        """Kill it and whatever shares its session."""
        if self.process.returncode is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.end()


class Server:
    """The server process behind a URL, which can be watched even when it is no child."""

    def __init__(self, url: str) -> None:
        with Redis.from_url(url) as client:
            self.pid = int(client.info()["process_id"])
        self.descriptor = os.pidfd_open(self.pid)

    def has_ended(self, within_s: float = DEADLINE_S) -> bool:
        return bool(select.select([self.descriptor], [], [], within_s)[0])

    def is_running(self) -> bool:
        return not self.has_ended(0)

    def kill(self) -> None:
        os.kill(self.pid, signal.SIGKILL)
        assert self.has_ended()
