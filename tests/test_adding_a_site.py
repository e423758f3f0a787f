"""Follows docs/adding-a-site.md word for word, in a copy of the project, while a proxy plays the site."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import NamedTuple

import orjson

from tests.crawls import DEADLINE_S, ROOT
from tests.serving import Quiet, serving
from tests.web_page import html

PAGE = (ROOT / "docs" / "adding-a-site.md").read_text("utf-8")
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
FILE = re.compile(r"`((?:crawler|tests|docs)/[\w./]+\.(?:py|json|md))`")
KINDS = {"python", "json", "md"}
"""Of the blocks that are files."""
SITE = "http://boats.example"
PERSON = {"@type": "Person", "name": "Ada", "url": f"{SITE}/@ada"}
VIDEO = {
    "@type": "VideoObject",
    "name": "Watch: Kites over the harbour",
    "url": f"{SITE}/v/7",
    "uploadDate": "2026-03-01T10:00:00Z",
    "duration": "PT1M35S",
    "author": PERSON,
}
STATE = {"video": {"id": 7, "plays": 1204, "likes": None}, "theme": "x" * 200}
NAMED = '<meta property="og:site_name" content="Boats">'
SCRIPT = f'<script id="__STATE__" type="application/json">{orjson.dumps(STATE).decode()}</script>'
USER = {"@type": "ProfilePage", "mainEntity": {**PERSON, "alternateName": "ada", "description": "Boats."}}
PAGES = {
    f"{SITE}/robots.txt": "User-agent: *\nDisallow: /private/\n",
    f"{SITE}/v/7": html(VIDEO, head=f"<title>Kites over the harbour</title>{NAMED}", body=SCRIPT),
    f"{SITE}/v/8": html(head=f"<title>This video has been deleted</title>{NAMED}"),
    f"{SITE}/@ada": html(USER, head=f"<title>Ada</title>{NAMED}"),
}


class Step(NamedTuple):
    """A block of the page: commands, what they print, or a file."""

    kind: str
    text: str
    file: str


def steps(page: str) -> Iterator[Step]:
    """Yield the blocks in their order; a file is the last one that the lines before it name."""
    for block in BLOCK.finditer(page):
        before = page[: block.start()].rstrip().splitlines()[-2:]
        files = FILE.findall(" ".join(before)) if block[1] in KINDS else []
        yield Step(block[1], block[2], files[-1] if files else "")


class Proxy(Quiet):
    def do_GET(self) -> None:  # noqa: N802 - the name that http.server looks for
        body = PAGES.get(self.path, "").encode()
        self.answer(200 if body else 404, {"Content-Type": "text/html; charset=utf-8"}, body)


def copy_of_project(folder: Path) -> Path:
    for name in ("crawler", "tests", "docs"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("scrapy.cfg", "pyproject.toml"):
        shutil.copy(ROOT / name, folder)
    return folder


def shell(commands: str, folder: Path, proxy: str) -> str:
    """Run commands as who follows the page would; return what they print."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {"PATH": path, "HOME": str(folder), "http_proxy": proxy, "PYTHONDONTWRITEBYTECODE": "1"}
    ended = subprocess.run(  # noqa: S603 - the page's own commands
        ["/bin/sh", "-ec", commands],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        check=False,
    )
    assert ended.returncode == 0, f"{commands}\n{ended.stdout}\n{ended.stderr}"
    return ended.stdout


def test_who_follows_the_page_has_a_site_that_passes_all_checks(tmp_path: Path) -> None:
    folder, printed = copy_of_project(tmp_path), ""
    found = list(steps(PAGE))
    assert [step.kind for step in found].count("sh") >= 5
    with serving(ThreadingHTTPServer(("127.0.0.1", 0), Proxy)) as url:
        for step in found:
            if step.kind == "sh":
                printed = shell(step.text, folder, url)
            elif step.file:
                (folder / step.file).write_text(step.text, "utf-8")
            else:
                missing = [line for line in step.text.splitlines() if line != "…" and line not in printed.splitlines()]
                assert missing == [], printed
    assert "## Boats" in (folder / "docs" / "sites.md").read_text("utf-8")
    (record,) = map(orjson.loads, (folder / "boats.jsonl").read_bytes().splitlines())
    expected = orjson.loads((folder / "tests" / "fixtures" / "boats" / "video" / "record.json").read_bytes())
    assert {name: record[name] for name in expected if name != "fetched_at"} == {
        name: value for name, value in expected.items() if name != "fetched_at"
    }


def test_every_block_of_the_page_is_followed() -> None:
    assert len(list(steps(PAGE))) == PAGE.count("\n```") / 2
    assert {step.kind for step in steps(PAGE) if step.file} == KINDS
