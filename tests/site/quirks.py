"""What a server does to its clients: limits, delays, failures, lists that change under way."""

from __future__ import annotations

import hashlib
import math
import re
import time
from dataclasses import dataclass, field, replace
from typing import Literal

from tests.site.answers import JSON, TEXT, Answer

Kind = Literal["api", "html", "activitypub"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Quirks:
    """How the site behaves; the defaults are those of a PeerTube as it is installed.

    Attributes:
        rate_limit: answer 429 beyond the limits.
        window_s: length of the limiter's window, seconds.
        api_limit: API, sitemap, robots and nodeinfo requests a window, one counter for all.
        html_limit: HTML requests a window.
        activitypub_limit: ActivityPub requests a window.
        hide: videos that become private while lists are walked, one a listing request, oldest first.
        grow: videos that are published while lists are walked, one a listing request.
        latency_ms: wait before each answer, milliseconds.
        fail_rate: share of URLs, 0 to 1, that answer 500 the first time they are asked for.
        closed_accounts: `/api/v1/accounts` answers 403, as PeerTube 9.
        api_version: 4, 6 or 8: whose JSON is spoken.
        slow_page_ms: how long the plain site's slow page takes, milliseconds.
        keepalive_s: idle connections are closed after this, seconds.
        crawl_delay_s: robots.txt asks for so long between two requests, seconds; 0 for not.
        robots_status: what robots.txt answers with.
        robots_wait_ms: how long that takes, milliseconds.
        throttle_after: after so many requests each answer is 429, until nobody has asked for `throttle_s`; 0 for never.
        throttle_s: Retry-After of these answers, seconds.
        renamed: fields of the API's JSON that have other names by now, so that who reads it does not find them.
        overstated: videos that the list of an account or channel declares and does not have.
        dated: pages have a Last-Modified of their content, and are 304 for who knows it already.
    """

    rate_limit: bool = True
    window_s: float = 10.0
    api_limit: int = 50
    html_limit: int = 500
    activitypub_limit: int = 500
    hide: int = 0
    grow: int = 0
    latency_ms: float = 0
    fail_rate: float = 0
    closed_accounts: bool = False
    api_version: Literal[4, 6, 8] = 6
    slow_page_ms: float = 2000
    keepalive_s: float = 5.0
    crawl_delay_s: float = 0
    robots_status: int = 200
    robots_wait_ms: float = 0
    throttle_after: int = 0
    throttle_s: int = 1
    renamed: frozenset[str] = frozenset()
    overstated: int = 0
    dated: bool = False

    def robots(self, *rules: str) -> Answer:
        """The robots.txt with these rules for all."""
        delay = (f"Crawl-delay: {self.crawl_delay_s:g}",) if self.crawl_delay_s else ()
        body = "\n".join(("User-agent: *", *rules, *delay, ""))
        return Answer(body, self.robots_status, TEXT, wait_ms=self.robots_wait_ms)

    def shaped(self, answer: Answer) -> Answer:
        """The answer with the names that the API's fields have by now."""
        if not self.renamed or answer.content_type != JSON:
            return answer
        names = "|".join(map(re.escape, sorted(self.renamed)))
        return replace(answer, body=re.sub(rf'"({names})":'.encode(), rb'"\1V2":', answer.payload))

    def limit(self, kind: Kind) -> int:
        """Requests of `kind` that a window admits."""
        return {"api": self.api_limit, "html": self.html_limit, "activitypub": self.activitypub_limit}[kind]


@dataclass(slots=True)
class RateLimiter:
    """Fixed windows, one a kind, that begin with their first request."""

    quirks: Quirks
    windows: dict[Kind, tuple[float, int]] = field(default_factory=dict)
    seen: int = 0
    asked: float = 0.0

    def admit(self, kind: Kind) -> tuple[bool, dict[str, str]]:
        """Count a request; return whether it is within the limit, and the headers to send."""
        if self.is_throttled():
            return False, {"Retry-After": str(self.quirks.throttle_s)}
        if not self.quirks.rate_limit:
            return True, {}
        now, limit = time.monotonic(), self.quirks.limit(kind)
        start, used = self.windows.get(kind, (now, 0))
        if now - start >= self.quirks.window_s:
            start, used = now, 0
        self.windows[kind] = (start, used + 1)
        left_s = start + self.quirks.window_s - now
        headers = {
            "X-RateLimit-Limit": str(limit),
            "X-RateLimit-Remaining": str(max(0, limit - used - 1)),
            "X-RateLimit-Reset": str(math.ceil(time.time() + left_s)),
        }
        if used < limit:
            return True, headers
        return False, headers | {"Retry-After": str(max(1, math.ceil(left_s)))}

    def is_throttled(self) -> bool:
        """Tell whether the site refuses until it is left alone, which it does once."""
        self.seen += 1
        before, self.asked = self.asked, time.monotonic()
        if not 0 < self.quirks.throttle_after < self.seen:
            return False
        if self.seen > self.quirks.throttle_after + 1 and self.asked - before >= self.quirks.throttle_s:
            self.quirks = replace(self.quirks, throttle_after=0)
            return False
        return True


@dataclass(slots=True)
class Failures:
    """Chooses by seed the URLs that fail once."""

    rate: float
    seed: int
    failed: set[str] = field(default_factory=set)

    def strikes(self, path_qs: str) -> bool:
        """Tell whether this request fails; the next one for the same URL does not."""
        if not self.rate or path_qs in self.failed:
            return False
        digest = hashlib.blake2b(f"{self.seed} {path_qs}".encode(), digest_size=4).digest()
        if int.from_bytes(digest, "big") >= self.rate * 2**32:
            return False
        self.failed.add(path_qs)
        return True
