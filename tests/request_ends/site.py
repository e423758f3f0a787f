"""A small real web site whose paths say how it answers: `/<behaviour>/<name>/<number>`."""

from __future__ import annotations

import socket
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

ROBOTS = "User-agent: *\nDisallow: /forbidden\n"
UNHURRIED_ROBOTS = "User-agent: *\nCrawl-delay: 0.05\n"


class Site(ThreadingHTTPServer):
    """Answers on loopback, and notes what it is asked for."""

    daemon_threads = True

    def __init__(self, robots: str = ROBOTS) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.robots = robots
        self.paths: list[str] = []
        self.closing = threading.Event()

    @property
    def url(self) -> str:
        """Base URL, without a slash at its end."""
        return f"http://127.0.0.1:{self.server_port}"

    def answer(self, path: str) -> tuple[int, str]:
        """Return status and target of what `path` asks for."""
        behaviour, name = path.strip("/").split("/")[:2]
        asked = Counter(self.paths)[path]
        target = {
            "moved": f"/page/{name}/target",
            "moved-here": path,
            "moved-away": f"http://localhost:{self.server_port}/page/{name}/target",
            "moved-on": f"{path}/further",
            "moved-later": f"/page/{name}/target" if asked > 1 else "",
        }.get(behaviour, "")
        is_broken = behaviour == "500" or (behaviour == "500-once" and asked == 1)
        return 302 if target else 500 if is_broken else 404 if behaviour == "404" else 200, target


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    server: Site
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Answer."""
        if self.path == "/robots.txt":
            return self.send(200, self.server.robots)
        self.server.paths.append(self.path)
        if self.path.startswith("/silent/"):
            self.server.closing.wait()
        status, target = self.server.answer(self.path)
        return self.send(status, f"<p>{self.path}</p>", target)

    def send(self, status: int, body: str, target: str = "") -> None:
        """Send an answer; `target` is where a redirect leads."""
        self.send_response(status)
        if target:
            self.send_header("Location", target)
        self.send_header("Content-Type", "text/html" if body.startswith("<") else "text/plain")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the standard library's
        """Leave the terminal to pytest."""


@contextmanager
def running(robots: str = ROBOTS) -> Iterator[Site]:
    """Serve while the block runs."""
    with Site(robots) as site:
        thread = threading.Thread(target=site.serve_forever, kwargs={"poll_interval": 0.01}, name="request-ends-site")
        thread.start()
        try:
            yield site
        finally:
            site.closing.set()
            site.shutdown()
            thread.join()


@contextmanager
def refusing() -> Iterator[str]:
    """Hold a port on which nobody listens; yield its URL."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{held.getsockname()[1]}"
