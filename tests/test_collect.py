from __future__ import annotations

import contextlib
import os
import pty
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.crawls import DEADLINE_S, ROOT, STARTED, lines, until_lines
from tests.site import Catalogue, Quirks, running_site

FOUND = b'{"kind": "user", "id": "of another crawl"}\n'


def collect(folder: Path | None, *words: str, cwd: Path = ROOT, stdout: int = subprocess.PIPE) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "scrapy", "collect"]
    if folder is not None:
        command += ["-d", str(folder), "-s", f"STORE_DIR={folder / 'store'}"]
    process = subprocess.Popen([*command, *words], cwd=cwd, stdout=stdout, stderr=subprocess.STDOUT, text=True)  # noqa: S603
    STARTED.append(process)
    return process


def output(process: subprocess.Popen[str]) -> str:
    return process.communicate(timeout=DEADLINE_S)[0]


def test_users_and_videos_of_a_site_come_to_two_files_with_a_summary(tmp_path: Path) -> None:
    with running_site(Catalogue.generate(users=6, videos=20), Quirks(rate_limit=False)) as site:
        process = collect(tmp_path, site.url, "-n", "2", "-s", "DOWNLOAD_DELAY=0")
        shown = output(process)
    assert process.returncode == 0
    assert {record["id"] for record in lines(tmp_path / "users.jsonl")} == set(site.truth.users)
    assert {record["id"] for record in lines(tmp_path / "videos.jsonl")} == set(site.truth.videos)
    assert f"{len(site.truth.users)} users in {tmp_path / 'users.jsonl'}" in shown
    assert f"20 videos in {tmp_path / 'videos.jsonl'}" in shown
    assert "100.0 %" in shown
    assert "4 instances" in shown
    told, _, summary = shown.partition("\n\n")
    assert told.endswith(f"users: {len(site.truth.users)} records, done; videos: 20 records, done")
    assert summary.startswith("Done in ")


def test_on_a_terminal_the_last_that_is_shown_of_each_spider_is_that_it_is_done(tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    with running_site(Catalogue.generate(users=3, videos=5), Quirks(rate_limit=False)) as site:
        process = collect(tmp_path, site.url, "-s", "DOWNLOAD_DELAY=0", stdout=theirs)
        os.close(theirs)
        shown = "".join(frames(ours))
    assert process.wait(DEADLINE_S) == 0
    users, videos, *_ = shown.partition("Done in ")[0].split("\r\n")[-4:]
    assert f"users: {len(site.truth.users)} records, done" in users
    assert "  videos: 5 records, done" in videos


def frames(terminal: int) -> Iterator[str]:
    """Yield what is written to a terminal, until nobody has it open."""
    with os.fdopen(terminal, encoding="utf-8", newline="") as file, contextlib.suppress(OSError):
        yield from file


def test_the_videos_of_one_user_are_a_row_of_the_table(tmp_path: Path) -> None:
    with running_site(Catalogue.generate(users=3, videos=12), Quirks(rate_limit=False)) as site:
        uploader = str(site.truth.videos[min(site.truth.videos)]["uploader_id"])
        declared = sum(fields["uploader_id"] == uploader for fields in site.truth.videos.values())
        process = collect(tmp_path, f"{site.url}/@{uploader.partition('@')[0]}", "-s", "DOWNLOAD_DELAY=0")
        shown = output(process)
    assert process.returncode == 0, shown
    assert re.search(rf"^ +videos of +{declared} +{declared} +0 +0 +100.0 %", shown, re.MULTILINE)


def test_without_a_url_the_bundled_sample_site_is_collected_to_a_folder_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SCRAPY_SETTINGS_MODULE", "crawler.settings")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    found_before = tmp_path / "videos.jsonl"
    found_before.write_bytes(FOUND)
    process = collect(None, "-s", "DOWNLOAD_DELAY=0.01", cwd=tmp_path)
    shown = output(process)
    assert process.returncode == 0, shown
    assert len(lines(tmp_path / "sample" / "videos.jsonl")) == 400
    assert "400 videos in sample/videos.jsonl" in shown
    assert found_before.read_bytes() == FOUND


@pytest.mark.parametrize("words", [(), ("https://site.example",), ("https://site.example", "-a", "anew=1")])
def test_what_another_crawl_has_found_is_not_replaced(tmp_path: Path, words: tuple[str, ...]) -> None:
    (tmp_path / "users.jsonl").write_bytes(FOUND)
    process = collect(tmp_path, *words)
    assert f"{tmp_path / 'users.jsonl'} holds what another crawl has found: keep it, and pass -d" in output(process)
    assert process.returncode == 2
    assert (tmp_path / "users.jsonl").read_bytes() == FOUND
    assert not (tmp_path / "users-1.log").exists()


def test_the_files_of_a_finished_crawl_are_replaced_by_the_next_one_of_the_same_url_only(tmp_path: Path) -> None:
    with running_site(Catalogue.generate(users=2, videos=4), Quirks(rate_limit=False)) as site:
        codes = []
        for url in (site.url, site.url, f"{site.url}/videos/watch/{min(site.truth.videos)}"):
            process = collect(tmp_path, url, "-s", "DOWNLOAD_DELAY=0")
            output(process)
            codes.append(process.returncode)
    assert codes == [0, 0, 2]
    assert sorted(record["id"] for record in lines(tmp_path / "videos.jsonl")) == sorted(site.truth.videos)


def test_what_is_missing_is_named_and_the_exit_code_tells(tmp_path: Path) -> None:
    with running_site(Catalogue.generate(users=2, videos=2), Quirks(rate_limit=False)) as site:
        private = next(uuid for uuid, fate in site.truth.unlisted.items() if fate == "private")
        process = collect(tmp_path, f"{site.url}/videos/watch/{private}", "-s", "DOWNLOAD_DELAY=0")
        shown = output(process)
    assert process.returncode == 1
    assert "videos, refused: 1 private (rejects.jsonl)" in shown
    assert f"An instance of videos ended with exit code 1: see {tmp_path / 'videos-1.log'}" in shown


def test_ctrl_c_stops_the_instances_and_the_same_command_goes_on(tmp_path: Path) -> None:
    with running_site(Catalogue.generate(users=40, videos=200), Quirks(rate_limit=False, latency_ms=100)) as site:
        process = collect(tmp_path, site.url, "-s", "DOWNLOAD_DELAY=0.2")
        until_lines(process, tmp_path / "videos.jsonl", 20)
        process.send_signal(signal.SIGINT)
        shown = output(process)
        assert "at once. The same command goes on from there (without a URL: begins anew).\n" in shown
        assert "Stopped, " in shown
        other = output(collect(tmp_path, "http://127.0.0.1:1"))
        assert other.count("was interrupted here") == 1
        assert "going on" not in other
        assert len(lines(tmp_path / "videos.jsonl")) < len(site.truth.videos)
        resumed = output(collect(tmp_path, f"{site.url}/", "-s", "DOWNLOAD_DELAY=0"))
        assert "videos: going on with an interrupted crawl, " in resumed
    assert sorted(record["id"] for record in lines(tmp_path / "videos.jsonl")) == sorted(site.truth.videos)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("nonsense",), "'nonsense' is not a URL that can be crawled"),
        (("-n", "0"), "-n 0: the number of instances must be at least 1"),
        (("https://site.example", "-a", "scope=all"), "scope=all is unknown"),
        (("https://site.example", "-a", "scope"), "-a scope: pass a name and a value"),
        (("https://site.example", "-a", "scope=web", "-a", "scope=seed"), "-a scope= is given twice"),
        (("https://site.example", "-d", "/dev/null"), "-d /dev/null cannot be written to"),
    ],
)
def test_wrong_arguments_are_said_before_anything_starts(tmp_path: Path, words: tuple[str, ...], message: str) -> None:
    process = collect(tmp_path, *words)
    assert message in output(process)
    assert process.returncode == 2
    assert not (tmp_path / "store").exists()
