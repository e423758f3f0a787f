"""A site of video pages that answers late, and tells how many were asked for, and at what cost.

`python -m benchmarks.concurrency_site` prints its URL, and serves until standard input ends. `URL/<pages>/<number>` is
a page of a site with so many pages, all of which can be reached from number 0; `URL/asked` is the count, as JSON.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import time

from benchmarks.site import PAGE_BYTES, SENTENCE, links, reply, videos


def body(pages: int, number: int, base: str) -> bytes:
    """Return the HTML of a page about one video."""
    about = videos(pages, number)[0] | {"url": f"{base}/{pages}/{number}"}
    head = (
        f"<!doctype html><html lang=en><head><meta charset=utf-8><title>{about['name']}</title>"
        f'<script type="application/ld+json">{json.dumps(about)}</script></head><body><nav>'
        + "".join(f'<a href="/{pages}/{page}">Page {page}</a> ' for page in links(pages, number))
        + "</nav><main>"
    )
    paragraph = f"<div class=text><p>{SENTENCE * 4}</p></div>\n"
    return (head + paragraph * max(0, (PAGE_BYTES - len(head)) // len(paragraph)) + "</main></body></html>").encode()


def share(number: int) -> float:
    """Return by what the latency is multiplied for a page, 0.8 to 1.2: equal ones would have requests go in step."""
    return 0.8 + 0.4 * (number * 7919 % 101) / 100


class Counter:
    """Counts the pages that were asked for."""

    def __init__(self) -> None:
        self.count = 0

    def told(self) -> bytes:
        """Return the answer to who asks for the count, and for the CPU that this process has used."""
        return reply("200 OK", json.dumps({"count": self.count, "cpu_s": time.process_time()}).encode())


class LateConnection(asyncio.Protocol):
    """Answers GET requests, pages after the latency; answers are kept once they are made."""

    transport: asyncio.Transport

    def __init__(self, latency_s: float, counter: Counter, answers: dict[str, bytes]) -> None:
        self.latency_s, self.counter, self.answers = latency_s, counter, answers
        self.received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self.transport = transport  # type: ignore[assignment]  # what create_server makes is a Transport

    def data_received(self, data: bytes) -> None:
        """Take all requests that are whole."""
        *requests, self.received = (self.received + data).split(b"\r\n\r\n")
        for request in requests:
            self.take(request.split(b" ", 2)[1].decode())

    def take(self, path: str) -> None:
        """Answer a request."""
        match path.strip("/").split("/"):
            case ["asked"]:
                self.send(self.counter.told())
            case [pages, number] if pages.isdecimal() and number.isdecimal():
                if path not in self.answers:
                    address = "http://{}:{}".format(*self.transport.get_extra_info("sockname"))
                    self.answers[path] = reply("200 OK", body(int(pages), int(number), address))
                self.counter.count += 1
                wait_s = self.latency_s * share(int(number))
                asyncio.get_running_loop().call_later(wait_s, self.send, self.answers[path])
            case _:
                self.send(reply("404 Not Found", b"Nothing here."))

    def send(self, answer: bytes) -> None:
        """Answer, unless nobody listens any more."""
        if not self.transport.is_closing():
            self.transport.write(answer)


async def serve(latency_s: float) -> None:
    """Serve until standard input ends."""
    loop, counter, answers = asyncio.get_running_loop(), Counter(), dict[str, bytes]()
    server = await loop.create_server(lambda: LateConnection(latency_s, counter, answers), "127.0.0.1", 0, backlog=512)
    sys.stdout.write("http://{}:{}\n".format(*server.sockets[0].getsockname()))
    sys.stdout.flush()
    while await loop.run_in_executor(None, os.read, sys.stdin.fileno(), 1024):
        pass


def main() -> None:
    """Serve."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.concurrency_site", description=__doc__)
    parser.add_argument(
        "--latency-ms",
        type=float,
        default=0,
        help="wait before a page, milliseconds, a fifth more or less (%(default)s)",
    )
    asyncio.run(serve(parser.parse_args().latency_ms / 1000))


if __name__ == "__main__":
    main()
