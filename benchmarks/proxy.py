"""A relay that makes every round trip to Redis longer; it prints its URL, and serves until standard input ends."""

from __future__ import annotations

import argparse
import asyncio
import os
import selectors
import sys
from urllib.parse import unquote, urlsplit


class Half(asyncio.Protocol):
    """One side of a connection: what comes in goes out at the other side, later, in order."""

    transport: asyncio.Transport
    other: Half

    def __init__(self, delay_s: float) -> None:
        self.delay_s = delay_s
        self.loop = asyncio.get_running_loop()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self.transport = transport  # type: ignore[assignment]  # a socket's is a Transport

    def data_received(self, data: bytes) -> None:
        """Pass data on; equal delays keep its order."""
        if self.delay_s:
            self.loop.call_later(self.delay_s, self.other.transport.write, data)
        else:
            self.other.transport.write(data)

    def connection_lost(self, exc: Exception | None) -> None:
        """End the other side too, after what is on its way."""
        del exc
        self.loop.call_later(self.delay_s, self.other.transport.close)


class Front(Half):
    """The client's side; opens the server's side before it reads."""

    def __init__(self, delay_s: float, upstream: str) -> None:
        super().__init__(delay_s)
        self.upstream = urlsplit(upstream)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Connect to the server."""
        super().connection_made(transport)
        self.transport.pause_reading()
        self.opening = self.loop.create_task(self.open())

    async def open(self) -> None:
        """Connect both sides."""
        back = Half(self.delay_s)
        back.other, self.other = self, back
        if self.upstream.scheme == "unix":
            await self.loop.create_unix_connection(lambda: back, unquote(self.upstream.path))
        else:
            await self.loop.create_connection(
                lambda: back, self.upstream.hostname or "127.0.0.1", self.upstream.port or 6379
            )
        self.transport.resume_reading()


async def serve(upstream: str, delay_s: float) -> None:
    """Relay until standard input ends."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Front(delay_s, upstream), "127.0.0.1", 0)
    sys.stdout.write(f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    while await loop.run_in_executor(None, os.read, sys.stdin.fileno(), 1024):
        pass


def main() -> None:
    """Relay."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.proxy", description=__doc__)
    parser.add_argument("upstream", help="URL of the server, redis:// or unix://")
    parser.add_argument("delay_ms", type=float, help="milliseconds added to a round trip, half of them each way")
    options = parser.parse_args()
    # epoll waits in whole milliseconds, select in microseconds.
    with asyncio.Runner(loop_factory=lambda: asyncio.SelectorEventLoop(selectors.SelectSelector())) as runner:
        runner.run(serve(options.upstream, options.delay_ms / 2000))


if __name__ == "__main__":
    main()
