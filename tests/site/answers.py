"""A request and an answer, without a web framework."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

JSON = "application/json; charset=utf-8"
ACTIVITY = "application/activity+json; charset=utf-8"
PROBLEM = "application/problem+json; charset=utf-8"
HTML = "text/html; charset=utf-8"
XML = "application/xml"
TEXT = "text/plain; charset=utf-8"
TITLES = {400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found"}


@dataclass(frozen=True, slots=True)
class Asked:
    """A request: its path, decoded, its query, its `Accept`."""

    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    accept: str = ""

    @property
    def wants_activity(self) -> bool:
        return "activity+json" in self.accept


@dataclass(frozen=True, slots=True)
class Answer:
    """A response; `wait_ms` is how long it takes on purpose."""

    body: bytes | str
    status: int = 200
    content_type: str = HTML
    headers: Mapping[str, str] = field(default_factory=dict)
    wait_ms: float = 0

    @property
    def payload(self) -> bytes:
        return self.body.encode() if isinstance(self.body, str) else self.body


def json_answer(value: Any, content_type: str = JSON) -> Answer:
    return Answer(orjson.dumps(value), content_type=content_type)


def problem(status: int, detail: str, **more: Any) -> Answer:
    """An error as PeerTube words it, problem+json."""
    body = {"type": "about:blank", "title": TITLES[status], "detail": detail, "status": status, **more, "error": detail}
    return Answer(orjson.dumps(body), status, PROBLEM)


def bad_parameter(name: str, value: str, why: str) -> Answer:
    reason = {name: {"type": "field", "value": value, "msg": why, "path": name, "location": "query"}}
    return problem(400, f"Incorrect request parameters: {name}", **{"invalid-params": reason})
