"""A client that does nothing on its own, to ask the sample site in tests."""

from __future__ import annotations

import http.client
import json
from typing import Any, NamedTuple

from parsel import Selector

from tests.site.server import Site

OUTBOX = "application/activity+json"


class Got(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def page(self) -> Selector:
        return Selector(self.body.decode(errors="replace"))


def get(site: Site, path: str, accept: str = "*/*", **headers: str) -> Got:
    connection = http.client.HTTPConnection(site.host, timeout=30)
    try:
        connection.request("GET", path, headers={"Accept": accept, **headers})
        response = connection.getresponse()
        return Got(response.status, {name.lower(): value for name, value in response.getheaders()}, response.read())
    finally:
        connection.close()


def walk(site: Site, path: str, step: int = 100) -> list[dict[str, Any]]:
    """All rows of a list, page by page, until a page is not full."""
    rows: list[dict[str, Any]] = []
    for start in range(0, 100_000, step):
        page = get(site, f"{path}{'&' if '?' in path else '?'}start={start}&count=100").json["data"]
        rows += page
        if len(page) < 100:
            break
    return rows


def outbox(site: Site, name: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = []
    for page in range(1, 1000):
        body = get(site, f"/accounts/{name}/outbox?page={page}&size=50", OUTBOX).json
        items += body["orderedItems"]
        if "next" not in body:
            break
    return items
