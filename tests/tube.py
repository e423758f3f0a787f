"""A small YouTube, site and Data API, behind a proxy: real requests for its real hosts end up on loopback."""

from __future__ import annotations

import json
import re
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.golden import FIXTURES, body_of
from tests.serving import Quiet, serving

UNVERIFIED = "DOWNLOAD_VERIFY_CERTIFICATES=False"
KEY = "AIzaSyTestTestTestTestTestTestTestTest1"
CHANNEL = "UCkites0kites1kites2kite"
UPLOADS = [f"v{number:010d}" for number in range(53)]
GONE = frozenset({UPLOADS[7]})
"""Of these the API says nothing."""
API_HOST, WWW = "youtube.googleapis.com", "www.youtube.com"
ROBOTS = "User-agent: *\nDisallow: /api/\nDisallow: /results\nDisallow: /feeds/videos.xml\nDisallow: /youtubei/\n"
SPENT = {
    "error": {
        "code": 403,
        "message": "The request cannot be completed because you have exceeded your quota.",
        "errors": [{"message": "x", "domain": "youtube.quota", "reason": "quotaExceeded"}],
    }
}


@dataclass(frozen=True)
class Asked:
    """A request that arrived."""

    host: str
    path: str
    headers: dict[str, str]
    body: bytes = b""

    @property
    def query(self) -> dict[str, str]:
        """Parameters of its address, of several of a name the first."""
        return {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}


@dataclass
class Tube:
    """What the site is, and what it was asked.

    Attributes:
        quota: requests that the API still answers; None for no limit.
        elsewhere: where the API redirects to, instead of answering; empty for nowhere.
        asked: what has arrived, without the robots.txt files.
    """

    quota: int | None = None
    elsewhere: str = ""
    asked: list[Asked] = field(default_factory=list)

    def answer(self, asked: Asked) -> tuple[int, str, bytes]:
        """Return status, content type, or for a redirect its target, and body."""
        if asked.path == "/robots.txt":
            return (200, "text/plain", ROBOTS.encode()) if asked.host == WWW else (404, "text/plain", b"")
        self.asked.append(asked)
        return self.served(asked)

    def served(self, asked: Asked) -> tuple[int, str, bytes]:
        """Return the same for all but a robots.txt."""
        if asked.host != API_HOST:
            return 200, "text/html; charset=utf-8", page(asked.path)
        if self.elsewhere:
            return 302, self.elsewhere, b""
        if self.quota is not None:
            self.quota -= 1
            if self.quota < 0:
                return 403, "application/json", json.dumps(SPENT).encode()
        method = urlsplit(asked.path).path.rpartition("/")[2]
        answer = {"channels": channels, "playlistItems": items, "videos": videos}[method]
        return 200, "application/json", json.dumps(answer(asked.query)).encode()


def page(path: str) -> bytes:
    """Return a page of the site."""
    if found := re.fullmatch(r"/watch\?v=(.+)", path):
        return text("watch").replace("watchwatch1", found[1]).encode()
    if path.startswith("/playlist?"):
        return text("playlist").encode()
    return text("channel-videos" if path.endswith("/videos") else "channel-by-handle").encode()


def channels(_: dict[str, str]) -> Any:
    """Answer as `channels.list`."""
    return json.loads(text("api-channel"))


def items(query: dict[str, str]) -> Any:
    """Answer as `playlistItems.list`, in pages."""
    first, size = int(query.get("pageToken", "0")), int(query["maxResults"])
    rows = [
        {"kind": "youtube#playlistItem", "contentDetails": {"videoId": one}, "status": {"privacyStatus": "public"}}
        for one in UPLOADS[first : first + size]
    ]
    answer = {"kind": "youtube#playlistItemListResponse", "items": rows, "pageInfo": {"totalResults": len(UPLOADS)}}
    return answer | ({"nextPageToken": str(first + size)} if first + size < len(UPLOADS) else {})


def videos(query: dict[str, str]) -> Any:
    """Answer as `videos.list`."""
    ids = query["id"].split(",")
    assert len(ids) <= 50
    answer = json.loads(text("api-video"))
    return answer | {"items": [answer["items"][0] | {"id": one} for one in ids if one in UPLOADS and one not in GONE]}


def text(case: str) -> str:
    """Return the page of a fixture."""
    return body_of(FIXTURES / "youtube" / case).read_text("utf-8")


def handler(tube: Tube, tls: ssl.SSLContext) -> type[BaseHTTPRequestHandler]:
    """Return what serves one connection to the proxy."""

    class Handler(Quiet):
        protocol_version = "HTTP/1.1"
        host = ""

        def do_CONNECT(self) -> None:  # noqa: N802 - the name that http.server looks for
            self.host = self.path.partition(":")[0]
            self.send_response(200)
            self.end_headers()
            self.connection = tls.wrap_socket(self.connection, server_side=True)
            self.rfile, self.wfile = self.connection.makefile("rb"), self.connection.makefile("wb", 0)
            self.close_connection = False

        def do_GET(self) -> None:  # noqa: N802 - the name that http.server looks for
            headers = {name.lower(): value for name, value in self.headers.items()}
            sent = self.rfile.read(int(headers.get("content-length", "0")))
            status, kind, body = tube.answer(Asked(self.host, self.path, headers, sent))
            self.answer(status, {"Location" if status == 302 else "Content-Type": kind}, body)

        do_POST = do_GET  # noqa: N815 - the name that http.server looks for

        def finish(self) -> None:
            super().finish()
            self.connection.close()

    return Handler


@contextmanager
def running_tube(folder: Path, monkeypatch: pytest.MonkeyPatch, tube: Tube | None = None) -> Iterator[Tube]:
    """Run the site, or another one that answers in its place, for all crawls; certificates are made in `folder`."""
    tube = tube or Tube()
    with serving(ThreadingHTTPServer(("127.0.0.1", 0), handler(tube, self_signed(folder)))) as proxy:
        for name in ("https_proxy", "HTTPS_PROXY"):
            monkeypatch.setenv(name, proxy)
        for name in ("no_proxy", "NO_PROXY", "YOUTUBE_API_KEY"):
            monkeypatch.delenv(name, raising=False)
        yield tube


def self_signed(folder: Path) -> ssl.SSLContext:
    """Return a server's side of TLS with a certificate that nobody vouches for."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, WWW)])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
    certificate = builder.sign(key, hashes.SHA256())
    path = folder / "tube.pem"
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(secret + certificate.public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context
