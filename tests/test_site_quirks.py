"""The sample site limits, fails, changes and stops as it is told to."""

from __future__ import annotations

import http.client
import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.site import Catalogue, Quirks, running_site
from tests.site.client import get, walk

CATALOGUE = Catalogue.generate(users=40, videos=300, seed=7)
OPEN = Quirks(rate_limit=False)
ROOT = Path(__file__).parent.parent


def test_known_json_is_not_sent_again() -> None:
    with running_site(CATALOGUE, OPEN) as site:
        etag = get(site, "/api/v1/accounts/user000").headers["etag"]
        assert get(site, "/api/v1/accounts/user000", **{"If-None-Match": etag}).status == 304


def test_beyond_the_limit_the_answer_is_429_on_that_counter_only() -> None:
    with running_site(CATALOGUE, Quirks(api_limit=2, window_s=3600)) as site:
        answers = [get(site, path) for path in ("/api/v1/config", "/robots.txt", "/sitemap.xml")]
        assert [answer.status for answer in answers] == [200, 200, 429]
        assert answers[2].headers["content-type"].startswith("text/html")
        assert int(answers[2].headers["retry-after"]) > 3000
        assert [answer.headers["x-ratelimit-remaining"] for answer in answers] == ["1", "0", "0"]
        assert get(site, "/a/user000").status == 200
        assert [(request.status, request.kind) for request in site.requests][-2:] == [(429, "api"), (200, "html")]


def test_a_new_window_admits_again_and_without_limits_there_are_no_headers() -> None:
    with running_site(CATALOGUE, Quirks(api_limit=1, window_s=0)) as site:
        assert [get(site, "/robots.txt").status for _ in range(3)] == [200, 200, 200]
    with running_site(CATALOGUE, OPEN) as site:
        assert "x-ratelimit-limit" not in get(site, "/robots.txt").headers


def test_videos_hidden_during_a_walk_cost_others_unless_pages_overlap() -> None:
    def lost(step: int) -> set[str]:
        with running_site(CATALOGUE, Quirks(rate_limit=False, hide=3)) as site:
            found = {row["uuid"] for row in walk(site, "/api/v1/videos?sort=createdAt&nsfw=both", step)}
            assert len(site.hidden) == 3
            return set(site.truth.videos) - site.hidden - found

    assert len(lost(100)) == 3
    assert lost(90) == set()


def test_videos_published_during_a_walk_come_last_and_are_known() -> None:
    with running_site(CATALOGUE, Quirks(rate_limit=False, grow=3)) as site:
        rows = walk(site, "/api/v1/videos?sort=createdAt&nsfw=both")
        assert [row["uuid"] for row in rows][-3:] == list(site.grown)
        assert get(site, f"/api/v1/videos/{rows[-1]['uuid']}").json["name"] == site.grown[rows[-1]["uuid"]]["title"]


def test_a_failing_request_succeeds_when_it_is_sent_again() -> None:
    with running_site(CATALOGUE, Quirks(rate_limit=False, fail_rate=0.5)) as site:
        paths = [f"/api/v1/accounts/user{n:03d}" for n in range(40)]
        first = [get(site, path).status for path in paths]
        assert set(first) == {200, 500}
        assert {get(site, path).status for path in paths} == {200}


def test_accounts_can_be_closed() -> None:
    with running_site(CATALOGUE, Quirks(rate_limit=False, closed_accounts=True)) as site:
        assert get(site, "/api/v1/accounts").status == 403
        assert get(site, "/api/v1/accounts/user000").status == 200


def test_each_version_spells_pictures_its_own_way() -> None:
    def account_and_video(version: Any) -> tuple[Any, Any]:
        with running_site(CATALOGUE, Quirks(rate_limit=False, api_version=version)) as site:
            accounts = [row for row in walk(site, "/api/v1/accounts") if row["avatars"]]
            return accounts[0], get(site, "/api/v1/videos?count=1").json["data"][0]

    (old, old_video), (now, now_video), (new, new_video) = map(account_and_video, (4, 6, 8))
    assert old["avatar"]["path"] == min(old["avatars"], key=lambda image: image["width"])["path"]
    assert "avatar" not in now
    assert new["avatars"][0]["path"] is None
    assert new["avatars"][0]["fileUrl"].endswith(now["avatars"][0]["path"])
    assert "truncatedDescription" not in old_video
    assert new_video["thumbnails"][0]["fileUrl"].endswith(now_video["previewPath"])


def test_a_log_has_a_line_a_request(tmp_path: Path) -> None:
    with running_site(CATALOGUE, OPEN, log=tmp_path / "requests.jsonl") as site:
        get(site, "/api/v1/config?x=1", **{"User-Agent": "tester"})
    line = json.loads((tmp_path / "requests.jsonl").read_text(encoding="utf-8"))
    assert (line["path"], line["status"], line["agent"], line["kind"]) == ("/api/v1/config?x=1", 200, "tester", "api")


@pytest.mark.parametrize("how", ["terminated", "input closed"])
def test_from_the_shell_it_prints_its_url_serves_and_stops_cleanly(how: str) -> None:
    command = [
        sys.executable,
        "-W",
        "error",
        "-m",
        "tests.site",
        "--users",
        "2",
        "--videos",
        "3",
        "--until-stdin-closes",
    ]
    with subprocess.Popen(  # noqa: S603 - this Python, our own module
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        host = urlsplit(process.stdout.readline().strip()).netloc
        connection = http.client.HTTPConnection(host, timeout=30)
        connection.request("GET", "/api/v1/server/stats")
        assert json.loads(connection.getresponse().read())["totalLocalVideos"] == 3
        connection.close()
        if how == "terminated":
            process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=30)
    assert (process.returncode, errors) == (0, "")
