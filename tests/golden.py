"""Golden fixtures, as their folders hold them: what each file is says tests/test_fixtures.py."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from crawler.pages.base import Response

FIXTURES = Path(__file__).parent / "fixtures"
CONTENT_TYPES = {".html": "text/html; charset=utf-8", ".json": "application/json", ".xml": "application/xml"}
FROZEN = "2026-01-01T00:00:00Z"
"""When they count as read."""


def body_of(case: Path, stem: str = "page") -> Path:
    """Return the file of a body in a fixture's folder."""
    return next(path for path in case.glob(f"{stem}.*") if path.suffix in CONTENT_TYPES)


def response_of(case: Path, about: Mapping[str, Any], stem: str = "page") -> Response:
    """Return the response whose body a fixture's folder holds; `about` is what meta.json says of it."""
    body = body_of(case, stem)
    return Response(
        url=about["url"],
        body=body.read_bytes(),
        status=about.get("status", 200),
        headers={"content-type": CONTENT_TYPES[body.suffix], **about.get("headers", {})},
        fetched_at=about.get("fetched_at", FROZEN),
        carry=about.get("carry", {}),
    )
