"""Which files a crawl has written to, as it has noted them in Redis."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterable
from pathlib import Path

BEGUN = "begun:"
"""Before the name of a file, in any folder of any machine: when the crawl began the first one of that name, in ns."""
REFUSALS = "rejects:"
"""Before the name of a file of rejects among the feeds that a crawl has noted."""


def feed_name(path: Path) -> str:
    """Return under what name a crawl notes a feed: the machine, and the file whatever links lead to it."""
    return f"{socket.gethostname()}:{os.path.realpath(path)}"


def record_files(noted: Iterable[bytes]) -> list[str]:
    """Return the files of records among what a crawl has noted; those of other machines with the machine's name."""
    names = sorted(name.decode() for name in noted if not name.startswith((BEGUN.encode(), REFUSALS.encode())))
    return [shortened(name) for name in names]


def shortened(name: str) -> str:
    """Return the name of a feed as a user of this machine would type it."""
    path = name.removeprefix(f"{socket.gethostname()}:")
    within = Path(path).is_relative_to(Path.cwd())
    return str(Path(path).relative_to(Path.cwd())) if within else path
