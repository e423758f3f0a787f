"""How yt-dlp reaches the network: by the engine, to which each request is handed."""

from __future__ import annotations

import io
import logging
from typing import Any

from yt_dlp.networking.common import Request, RequestHandler, Response
from yt_dlp.networking.exceptions import HTTPError, TransportError

from crawler.extractors.exchange import Denied, Fetch, Wanted

logger = logging.getLogger(__name__)

OURS = frozenset(
    {
        *("user-agent", "cookie", "accept-encoding", "x-forwarded-for", "host", "connection", "content-length"),
        *("sec-fetch-mode", "sec-fetch-site", "sec-fetch-dest", "sec-ch-ua", "sec-ch-ua-mobile", "sec-ch-ua-platform"),
    }
)
"""Headers that the crawl has its own of, or none on purpose: it says who it is, and where it is."""


class Quiet:
    """Takes what yt-dlp would print: the crawl says itself what has come of a page."""

    def debug(self, message: str) -> None:
        """Log a line of any importance."""
        logger.debug("%s", message)

    info = warning = error = debug

    def stdout(self, message: str) -> None:
        """Log what handlers of requests say."""
        self.debug(message)


class CrawlRH(RequestHandler):  # type: ignore[misc]  # yt-dlp has no types
    """Hands each request to the engine, and waits for the response."""

    _SUPPORTED_URL_SCHEMES = ("http", "https")
    _SUPPORTED_PROXY_SCHEMES = None
    _SUPPORTED_FEATURES = None

    def __init__(self, fetch: Fetch, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.fetch = fetch
        self.denied: list[Denied] = []

    def _check_extensions(self, extensions: dict[str, Any]) -> None:
        """Leave aside what the crawl decides; what is left, as the impersonation of a browser, is refused."""
        for name in ("cookiejar", "timeout", "legacy_ssl", "keep_header_casing"):
            extensions.pop(name, None)

    def _send(self, request: Request) -> Response:
        headers = {name: value for name, value in request.headers.items() if name.lower() not in OURS}
        answer = self.fetch(Wanted(request.url, request.method, headers, body_of(request.data)))
        if isinstance(answer, Denied):
            self.denied.append(answer)
            raise TransportError(answer.sentence)
        response = Response(io.BytesIO(answer.body), answer.url, answer.headers, answer.status)
        if not 200 <= answer.status < 300:  # noqa: PLR2004 - what HTTP calls a success
            raise HTTPError(response)
        return response


def body_of(data: Any) -> bytes:
    """Return the body of a request, which may be a file or come in pieces."""
    if data is None:
        return b""
    if isinstance(data, bytes):
        return data
    return bytes(data.read()) if hasattr(data, "read") else b"".join(data)
