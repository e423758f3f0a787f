"""A relay between clients and Redis on which connections can be slowed, cut, silenced and refused."""

from __future__ import annotations

import asyncio
import socket
import struct
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager, suppress
from typing import Any
from urllib.parse import unquote, urlsplit

START_TIMEOUT_S = 30
CHUNK_BYTES = 64 * 1024
RESET = struct.pack("ii", 1, 0)
"""SO_LINGER of 0 s: closing sends a reset."""


class Relay:
    """Passes bytes on between clients of `url` and the Redis at `target`.

    Args:
        target: URL of the server, `redis://`, `rediss://` or `unix://`.
        delay_ms: milliseconds by which each direction is slowed.

    Attributes:
        url: what clients connect to; known once it is open.
        replies_to_lose: so many answers, from now on, never arrive: their connection is reset instead.
        connections: number of connections so far.
    """

    url: str

    def __init__(self, target: str, delay_ms: float = 0) -> None:
        self.target, self.delay_ms = urlsplit(target), delay_ms
        self.replies_to_lose = 0
        self.connections = 0
        self.port = 0
        self.loop = asyncio.new_event_loop()
        self.flows: asyncio.Event | None = None
        self.writers: set[asyncio.StreamWriter] = set()
        self.server: asyncio.Server | None = None

    # --- faults, from any thread ---

    def reset(self) -> None:
        """Reset all connections; new ones are accepted."""
        self._run(self._reset())

    def pause(self) -> None:
        """Swallow silence: connections stay and are accepted, nothing comes through."""
        assert self.flows is not None
        self.loop.call_soon_threadsafe(self.flows.clear)

    def resume(self) -> None:
        """Let through what was held up, and all that follows."""
        assert self.flows is not None
        self.loop.call_soon_threadsafe(self.flows.set)

    def refuse(self) -> None:
        """Reset all connections and refuse new ones."""
        self._run(self._close())

    def accept(self) -> None:
        """Accept connections again."""
        self._run(self.open())

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self.loop).result(START_TIMEOUT_S)

    # --- in the relay's own thread ---

    async def open(self) -> None:
        """Listen, on the same port as before."""
        if self.flows is None:
            self.flows = asyncio.Event()
        self.flows.set()
        self.server = await asyncio.start_server(self._serve, "127.0.0.1", self.port, limit=CHUNK_BYTES)
        self.port = self.server.sockets[0].getsockname()[1]
        self.url = self._url()

    def _url(self) -> str:
        if self.target.scheme == "unix":
            return f"redis://127.0.0.1:{self.port}"
        user, at, _ = self.target.netloc.rpartition("@")
        return self.target._replace(netloc=f"{user}{at}127.0.0.1:{self.port}").geturl()

    async def _close(self) -> None:
        if self.server is not None:
            self.server.close()
        await self._reset()

    async def _reset(self) -> None:
        for writer in list(self.writers):
            cut(writer)

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self.target.scheme == "unix":
            return await asyncio.open_unix_connection(unquote(self.target.path))
        return await asyncio.open_connection(self.target.hostname, self.target.port or 6379)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            there = await self._connect()
        except OSError:
            cut(writer)
            return
        both = {writer, there[1]}
        self.writers |= both
        ways = [self._pass(reader, there[1]), self._pass(there[0], writer, replies=True)]
        tasks = [asyncio.ensure_future(way) for way in ways]
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self.writers -= both
        for end in both:
            end.close()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, replies: bool = False) -> None:
        """Read as it comes, and hand on each part when its delay is over."""
        waiting: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()
        delivery = asyncio.ensure_future(self._deliver(waiting, writer))
        try:
            with suppress(OSError):
                while not delivery.done() and (data := await reader.read(CHUNK_BYTES)):
                    if replies and self.replies_to_lose > 0:
                        self.replies_to_lose -= 1
                        cut(writer)
                        return
                    waiting.put_nowait((self.loop.time() + self.delay_ms / 1000, data))
        finally:
            delivery.cancel()
            await asyncio.gather(delivery, return_exceptions=True)

    async def _deliver(self, waiting: asyncio.Queue[tuple[float, bytes]], writer: asyncio.StreamWriter) -> None:
        assert self.flows is not None
        while True:
            due, data = await waiting.get()
            await asyncio.sleep(due - self.loop.time())
            await self.flows.wait()
            writer.write(data)
            await writer.drain()


def cut(writer: asyncio.StreamWriter) -> None:
    """End a connection by a reset."""
    with suppress(OSError):
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    writer.transport.abort()


@contextmanager
def relay(target: str, delay_ms: float = 0) -> Iterator[Relay]:
    """Relay to the Redis at the URL `target` while the block runs."""
    running = Relay(target, delay_ms)
    thread = threading.Thread(target=running.loop.run_forever, name="relay")
    thread.start()
    try:
        running._run(running.open())  # noqa: SLF001 - same module
        yield running
    finally:
        running._run(running._close())  # noqa: SLF001 - same module
        asyncio.run_coroutine_threadsafe(all_done(), running.loop).result(START_TIMEOUT_S)
        running.loop.call_soon_threadsafe(running.loop.stop)
        thread.join()
        running.loop.close()


async def all_done() -> None:
    """Wait for whatever else runs in this loop."""
    while others := [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]:
        await asyncio.wait(others)
