"""A site that costs next to nothing to serve.

`python -m benchmarks.site` prints its URL, and serves until standard input ends. `URL/<pages>/<number>` is a
page of a site with so many pages, all of which can be reached from number 0.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys

VIDEOS_PER_PAGE = 3
LINKS_PER_PAGE = 10
PAGE_BYTES = 20_000
NEW_LINKS = 3
"""Links of a page that lead on in the tree which reaches every page; the others lead anywhere."""
SENTENCE = "A page of a video site is mostly navigation, styles, scripts and descriptions that no crawler reads. "


def links(pages: int, number: int) -> list[int]:
    """Return the numbers of the pages that a page links to."""
    onward = range(number * NEW_LINKS + 1, number * NEW_LINKS + 1 + NEW_LINKS)
    anywhere = ((number * 7919 + step * 104_729) % pages for step in range(LINKS_PER_PAGE * 2))
    found = dict.fromkeys([*(page for page in onward if page < pages), *anywhere])
    # Scrapy does not count what a crawl starts with as seen: a link to page 0 would have it read twice.
    return [page for page in found if page not in {0, number}][:LINKS_PER_PAGE]


def videos(pages: int, number: int) -> list[dict[str, object]]:
    """Return the records of a page as JSON-LD."""
    return [
        {
            "@context": "https://schema.org",
            "@type": "VideoObject",
            "identifier": f"{pages}-{number}-{index}",
            "name": f"Video {index} of page {number}",
            "description": SENTENCE * 3,
            "thumbnailUrl": f"https://video.example/thumbnails/{number}-{index}.jpg",
            "uploadDate": "2024-05-17T12:30:00Z",
            "duration": f"PT{index + 1}M{number % 60}S",
            "contentUrl": f"https://video.example/files/{number}-{index}.mp4",
            "author": {
                "@type": "Person",
                "name": f"User {number % 97}",
                "url": f"https://video.example/u/{number % 97}",
            },
            "interactionStatistic": {"@type": "InteractionCounter", "userInteractionCount": number * 31 + index},
        }
        for index in range(VIDEOS_PER_PAGE)
    ]


def body(pages: int, number: int, hosts: tuple[str, ...]) -> bytes:
    """Return the HTML of a page; neighbours are on different hosts, where there are several."""
    urls = (f"http://{hosts[page % len(hosts)]}/{pages}/{page}" for page in links(pages, number))
    head = (
        f"<!doctype html><html lang=en><head><meta charset=utf-8><title>Page {number}</title>"
        f'<script type="application/ld+json">{json.dumps(videos(pages, number))}</script></head><body><nav>'
        + "".join(f'<a href="{url}">Page</a> ' for url in urls)
        + "</nav><main>"
    )
    paragraph = f"<div class=text><p>{SENTENCE * 4}</p></div>\n"
    return (head + paragraph * max(0, (PAGE_BYTES - len(head)) // len(paragraph)) + "</main></body></html>").encode()


def reply(status: str, body: bytes) -> bytes:
    """Return a whole response."""
    header = f"HTTP/1.1 {status}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {len(body)}\r\n\r\n"
    return header.encode() + body


class Connection(asyncio.Protocol):
    """Answers GET requests, one after the other; responses are kept once they are made."""

    transport: asyncio.Transport

    def __init__(self, hosts: tuple[str, ...], answers: dict[bytes, bytes]) -> None:
        self.hosts = hosts
        self.answers = answers

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self.transport = transport  # type: ignore[assignment]  # what create_server makes is a Transport
        self.received = b""

    def data_received(self, data: bytes) -> None:
        """Answer all requests that are whole."""
        *requests, self.received = (self.received + data).split(b"\r\n\r\n")
        for request in requests:
            path = request.split(b" ", 2)[1]
            if path not in self.answers:
                self.answers[path] = self.answer(path.decode())
            self.transport.write(self.answers[path])

    def answer(self, path: str) -> bytes:
        """Return the response to a path that was not asked for before."""
        parts = path.strip("/").split("/")
        if len(parts) == len(("pages", "number")) and all(map(str.isdigit, parts)):
            return reply("200 OK", body(int(parts[0]), int(parts[1]), self.hosts))
        return reply("404 Not Found", b"Nothing here.")


async def serve(number: int) -> None:
    """Serve on so many addresses from 127.0.0.1 on, all on one port, until standard input ends."""
    loop = asyncio.get_running_loop()
    hosts: list[str] = []
    answers: dict[bytes, bytes] = {}
    port = 0
    for last in range(1, number + 1):
        server = await loop.create_server(lambda: Connection(tuple(hosts), answers), f"127.0.0.{last}", port)
        port = server.sockets[0].getsockname()[1]
        hosts.append(f"127.0.0.{last}:{port}")
    sys.stdout.write(f"http://{hosts[0]}\n")
    sys.stdout.flush()
    while await loop.run_in_executor(None, os.read, sys.stdin.fileno(), 1024):
        pass


def main() -> None:
    """Serve."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.site", description=__doc__)
    parser.add_argument("--hosts", type=int, default=1, help="addresses that it is served on (%(default)s)")
    asyncio.run(serve(parser.parse_args().hosts))


if __name__ == "__main__":
    main()
