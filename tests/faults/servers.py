"""Real Redis and Valkey servers that can be killed, stopped, starved of memory, and started again."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote, urlencode

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError
from redis.retry import Retry

from crawler.frontier.server import server_binary
from tests.faults.certificates import make_certificate

START_TIMEOUT_S = 60
POLL_S = 0.01
REDIS = "/usr/bin/redis-server"
"""Debian's package `redis-server`."""
PASSWORD = "an@open/secret:1"  # noqa: S105 - of a server that lives as long as a test
USER = "crawler"
RULES = (
    "resetkeys",
    "~{crawler}:*",
    "~*:start_urls",
    "resetchannels",
    "-@all",
    *("+" + command for command in (
        "ping", "hello", "auth", "info", "time", "evalsha", "script|load",
        "del", "unlink", "exists", "get", "set", "pexpire", "pttl", "type", "llen", "lpop",
        "hget", "hset", "hsetnx", "hscan", "hdel", "hgetall", "hmget", "hlen", "hincrby", "hexists",
        "sadd", "srem", "spop", "scard", "sismember", "smismember", "smembers", "sscan", "scan",
        "zadd", "zrem", "zscore", "zrank", "zcard", "zcount", "zincrby", "zrange", "zrangebyscore", "zremrangebyscore",
        "zpopmin", "zpopmax",
    )),
)  # fmt: skip
"""What the crawler's user of a locked-down server may do: these keys and commands, no others."""

OPTIONS = {
    "daemonize": "no",
    "save": "",
    "appendonly": "yes",
    "appendfsync": "everysec",
    "maxmemory-policy": "noeviction",
    "unixsocketperm": "700",
}


class Server:
    """A server of its own folder and address, which stay the same when it is started again.

    Args:
        folder: where its data is.
        binary: its program; by default the embedded store's.
        locked_down: TLS with a certificate made for it, a password, and a user with the rights of `RULES` only.

    Attributes:
        url: where it listens.
        address: what the crawler is told: `url`, or that of a relay to it.
    """

    address: str

    def __init__(self, folder: Path, binary: str | None = None, *, locked_down: bool = False) -> None:
        self.folder, self.binary, self.locked_down = folder, binary or str(server_binary()), locked_down
        self.process: subprocess.Popen[bytes] | None = None
        self.ca = make_certificate(folder) if locked_down else None
        self.port = free_port() if locked_down else 0
        self.address = self.url

    @property
    def url(self) -> str:
        """Where it listens."""
        if not self.locked_down:
            return f"unix://{quote(str(self._socket))}"
        where = f"rediss://{USER}:{quote(PASSWORD, safe='')}@127.0.0.1:{self.port}"
        return f"{where}?{urlencode({'ssl_ca_certs': str(self.ca)})}"

    @property
    def pid(self) -> int:
        """The process."""
        assert self.process is not None
        return self.process.pid

    @property
    def _socket(self) -> Path:
        return self.folder / "s"

    def client(self) -> Redis:
        """Return a client that may do everything."""
        return Redis(unix_socket_path=str(self._socket), socket_timeout=30, retry=Retry(NoBackoff(), 0))

    # --- its life ---

    def start(self) -> None:
        """Start it, and wait until it answers."""
        words = [word for name, value in self._options().items() for word in (f"--{name}", value)]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(  # noqa: S603 - a server of our own
                [self.binary, *words], stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        deadline = time.monotonic() + START_TIMEOUT_S
        while not self._answers():
            if self.process.poll() is not None or time.monotonic() > deadline:
                told = (self.folder / "log").read_text()[-2000:]
                msg = f"{self.binary} did not start: {told}"
                raise RuntimeError(msg)

    def _options(self) -> Mapping[str, str]:
        options = OPTIONS | {"dir": str(self.folder), "unixsocket": str(self._socket), "port": "0"}
        if not self.locked_down:
            return options
        rules = " ".join(RULES)
        everybody_here = "user default on nopass ~* &* +@all"  # by the socket, which is in a folder of ours
        (self.folder / "users.acl").write_text(f"{everybody_here}\nuser {USER} on >{PASSWORD} {rules}\n")
        return options | {
            "aclfile": str(self.folder / "users.acl"),
            "tls-port": str(self.port),
            "tls-cert-file": str(self.folder / "server.pem"),
            "tls-key-file": str(self.folder / "server.pem"),
            "tls-ca-cert-file": str(self.ca),
            "tls-auth-clients": "no",
        }

    def _answers(self) -> bool:
        try:
            with self.client() as client:
                return bool(client.ping())
        except RedisError:
            assert self.process is not None
            with_patience(self.process)
            return False

    def kill(self) -> None:
        """SIGKILL it."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()
        self._socket.unlink(missing_ok=True)

    def lose_data(self) -> None:
        """Remove its files; it must not run."""
        for path in self.folder.iterdir():
            if path.name.startswith(("appendonly", "dump", "temp-")):
                shutil.rmtree(path) if path.is_dir() else path.unlink()

    def restart(self, *, without_data: bool = False) -> None:
        """SIGKILL it and start it again, with its files or without."""
        self.kill()
        if without_data:
            self.lose_data()
        self.start()

    def pause(self) -> None:
        """SIGSTOP it: it is there and does not answer."""
        os.kill(self.pid, signal.SIGSTOP)

    def resume(self) -> None:
        """SIGCONT it."""
        os.kill(self.pid, signal.SIGCONT)

    def set(self, name: str, value: str | int) -> None:
        """Change its configuration."""
        with self.client() as client:
            client.config_set(name, value)

    def fill(self, share: float = 0.5) -> None:
        """Limit its memory to a share of what it uses: each command that would need more is refused, or evicts keys."""
        with self.client() as client:
            client.config_set("maxmemory", max(1, int(share * client.info("memory")["used_memory"])))

    def stop(self) -> None:
        """End it."""
        if self.process is not None and self.process.poll() is None:
            self.resume()
            self.process.kill()
            self.process.wait()


def with_patience(process: subprocess.Popen[bytes]) -> None:
    """Wait a moment, less if the process ends."""
    try:
        process.wait(POLL_S)
    except subprocess.TimeoutExpired:
        return


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def server(binary: str | None = None, *, locked_down: bool = False) -> Iterator[Server]:
    """Run a server while the block runs, in a folder whose path is short enough for a socket."""
    folder = Path(tempfile.mkdtemp(prefix="store-"))
    running = Server(folder, binary, locked_down=locked_down)
    try:
        running.start()
        yield running
    finally:
        running.stop()
        shutil.rmtree(folder, ignore_errors=True)


def refuses(url: str, *command: str) -> bool:
    """Tell whether the server at `url` refuses a command to the user that the URL names."""
    with Redis.from_url(url) as client:
        try:
            client.execute_command(*command)
        except RedisConnectionError:
            raise
        except RedisError:
            return True
        return False
