from __future__ import annotations

import asyncio
import json
from types import SimpleNamespace
from typing import Any, cast

import pytest

from crawler.frontier.keys import Keys
from crawler.pages.base import Link, Response
from crawler.spiders.hosts import Hosts

BASE = "https://videos.example"


@pytest.mark.parametrize(
    ("software", "platform"), [("PeerTube", "peertube"), ("mastodon", ""), ("youtube", ""), ("vimeo", "")]
)
def test_a_host_runs_the_software_that_it_names_and_is_no_other_site(software: str, platform: str) -> None:
    answers = {
        "/.well-known/nodeinfo": {"links": [{"rel": "http://nodeinfo.example/2.0", "href": f"{BASE}/nodeinfo"}]},
        "/nodeinfo": {"software": {"name": software}},
    }

    async def fetch(link: Link) -> Response:
        return Response(link.url, json.dumps(answers[link.url.removeprefix(BASE)]).encode())

    hosts = Hosts(cast("Any", SimpleNamespace(keys=Keys("users"))), fetch)
    assert asyncio.run(hosts.ask_nodeinfo(BASE)) == platform
