"""Bodies of golden fixtures as responses."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from crawler.pages.base import Response

CONTENT_TYPES = {".html": "text/html; charset=utf-8", ".json": "application/json", ".xml": "application/xml"}
FROZEN = "2026-01-01T00:00:00Z"
"""When a fixture counts as read, unless its meta.json says otherwise."""


def response_of(case: Path, about: Mapping[str, Any], stem: str = "page") -> Response:
    """Return one of the responses in a fixture's folder.

    Args:
        case: the folder.
        about: what its meta.json says of the response.
        stem: name of the file with the body, without what it ends with.
    """
    body = next(path for path in sorted(case.glob(f"{stem}.*")) if path.suffix in CONTENT_TYPES)
    return Response(
        url=about["url"],
        body=body.read_bytes(),
        status=about.get("status", 200),
        headers={"content-type": CONTENT_TYPES[body.suffix], **about.get("headers", {})},
        fetched_at=about.get("fetched_at", FROZEN),
        carry=about.get("carry", {}),
    )
