"""Small web pages to read, written where they are read."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from crawler.items import ADAPTERS
from crawler.pages import page_for
from crawler.pages.base import Page, Response

URL = "https://site.example/watch/7"
NOW = "2026-01-01T00:00:00Z"
HTML = {"content-type": "text/html; charset=utf-8"}
VIDEO: dict[str, Any] = {"@type": "VideoObject", "name": "Kites", "url": URL, "duration": "PT1M"}


def page(body: bytes | str, url: str = URL, status: int = 200, headers: dict[str, str] | None = None) -> Page:
    raw = body.encode() if isinstance(body, str) else body
    return page_for(Response(url, raw, status, HTML if headers is None else headers, NOW))


def html(*blocks: Any, head: str = "", body: str = "", lang: str = "en") -> str:
    scripts = "".join(f'<script type="application/ld+json">{json.dumps(block)}</script>' for block in blocks)
    return f'<!doctype html><html lang="{lang}"><head>{head}{scripts}</head><body>{body}</body></html>'


def one(source: bytes | str, url: str = URL) -> Any:
    (record,) = page(source, url).records()
    return ADAPTERS[type(record)].validate_python(asdict(record))
