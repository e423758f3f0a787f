"""`scrapy seed` as real processes, each test with a store of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from redis import Redis

from crawler.frontier.store import EmbeddedStore
from tests.commands import run
from tests.crawls import DEADLINE_S, ROOT, STARTED, crawl, lines, start
from tests.site import Catalogue, Quirks, Site, running_site

A, B = "http://127.0.0.1:1/a", "http://127.0.0.1:1/b"


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with running_site(Catalogue.generate(users=4, videos=6), Quirks(rate_limit=False)) as running:
        yield running


def begin(folder: Path, *words: str | Path, **options: Any) -> subprocess.Popen[str]:
    """Start the command."""
    command = [sys.executable, "-W", "error", "-m", "scrapy", "seed", *map(str, words)]
    command[6:6] = ["-s", f"STORE_DIR={folder / 'store'}", "--rejects", str(folder / "rejects.jsonl")]
    pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "stdin": subprocess.DEVNULL}
    process = subprocess.Popen(command, cwd=ROOT, text=True, **(pipes | options))  # noqa: S603
    STARTED.append(process)
    return process


def seed(folder: Path, *words: str | Path, said: str | None = None) -> tuple[int, str, str]:
    """Run the command; return exit code, what it has done, and what it has said."""
    process = begin(folder, *words, **({} if said is None else {"stdin": subprocess.PIPE}))
    out, err = process.communicate(said, timeout=DEADLINE_S)
    return process.returncode, out, err


def queued(folder: Path, spider: str = "users") -> list[bytes]:
    """Return the payloads in the queue of a store that nobody uses."""
    with EmbeddedStore(folder / "store") as url, Redis.from_url(url) as client:
        return sorted(client.hvals(f"{{crawler}}:{spider}:requests"))


def test_seeds_are_crawled_by_a_start_without_arguments_and_their_records_say_what_they_were_given(
    tmp_path: Path, site: Site
) -> None:
    person = min(site.truth.listed_persons)
    source = tmp_path / "seeds.csv"
    source.write_text(f"url,team\n{site.url}/@{person.partition('@')[0]},red\n")
    code, out, err = seed(tmp_path, "users", source, "--meta", "job=7", "--meta", "team=none")
    assert (code, err) == (0, "")
    assert "1 new request, 0 known before; 1 request pending" in out
    ended = crawl("users", tmp_path)
    assert ended.exit_code == 0
    assert {one: record["seed_meta"] for one, record in ended.by_id("user").items()} == {
        person: {"job": "7", "team": "red"}
    }


def test_all_that_a_seed_leads_to_keeps_what_it_was_given(tmp_path: Path, site: Site) -> None:
    assert seed(tmp_path, "videos", site.url, "--meta", "job=7", "--priority", "5")[0] == 0
    found = crawl("videos", tmp_path).by_id("video")
    assert set(found) == set(site.truth.videos)
    assert all(record["seed_meta"] == {"job": "7"} for record in found.values())


def test_a_seed_of_a_crawl_says_nothing_of_itself(tmp_path: Path, site: Site) -> None:
    ended = crawl("videos", tmp_path, f"url={site.truth.videos[min(site.truth.videos)]['url']}")
    assert [record["seed_meta"] for record in ended.records] == [None]


def test_what_is_queued_is_what_the_start_of_a_crawl_would_queue(tmp_path: Path) -> None:
    folders = [tmp_path / name for name in ("crawled", "seeded")]
    for folder in folders:
        folder.mkdir()
    delay = ("DOWNLOAD_DELAY=3600", "ROBOTSTXT_OBEY=False", "RETRY_TIMES=0", "LOG_LEVEL=DEBUG")
    process = start("users", folders[0], f"url={A},{B},{A}", "scope=web", *delay)
    assert process.stderr is not None
    assert any("Gave up" in line for line in process.stderr)  # the first has been sent: all are in the queue by then
    process.kill()
    process.communicate()
    assert seed(folders[1], "users", A, B, A, "--scope", "web")[0] == 0
    crawled, seeded = queued(folders[0]), queued(folders[1])
    assert len(seeded) == 2
    assert seeded[1] in crawled
    assert set(crawled) <= set(seeded)


def test_the_same_seed_twice_is_one_in_any_form_and_the_priority_is_the_first_ones(tmp_path: Path) -> None:
    source = tmp_path / "seeds.jsonl"
    source.write_text(json.dumps([{"url": f"{A}?y=1&x=2", "priority": 9}, f"{A}?x=2&y=1"]))
    code, out, _ = seed(tmp_path, "users", source, "--json", "--priority", "1")
    done = json.loads(out)
    assert (code, done["crawl"], done["seeds"], done["new"], done["pending"]) == (0, "anew", 2, 1, 1)
    code, out, _ = seed(tmp_path, "users", source, f"{A}?x=2&y=1", "--json")
    assert (code, json.loads(out)["crawl"], json.loads(out)["new"]) == (0, "resumed", 0)
    (payload,) = queued(tmp_path)
    assert json.loads(payload)["p"] == 9


def test_bad_lines_are_named_by_number_and_kept_and_cost_nothing_else(tmp_path: Path) -> None:
    text = [f"http://h{number}.example/" for number in range(1200)]
    text[99], text[999], text[1199] = "nonsense", "https://kim:secret@site.example/", f"http://h.example/{'x' * 3000}"
    source = tmp_path / "seeds.txt"
    source.write_text("\n".join(text))
    code, out, err = seed(tmp_path, "users", source)
    assert code == 1
    assert [line.partition(": ")[0] for line in err.splitlines()] == [f"{source}, line {n}" for n in (100, 1000, 1200)]
    assert "1,197 new requests" in out
    rejects = lines(tmp_path / "rejects.jsonl")
    assert [reject["what"] for reject in rejects] == ["nonsense", "site.example", text[1199]]
    assert [reject["details"] for reject in rejects] == [[line] for line in err.splitlines()]
    assert {(reject["spider"], reject["reason"]) for reject in rejects} == {("users", "bad_seed")}
    assert "secret" not in json.dumps(rejects)
    assert len(queued(tmp_path)) == 1197


def test_refused_lines_that_cannot_be_kept_are_not_said_to_be(tmp_path: Path) -> None:
    full = Path("/dev/full")
    code, out, err = seed(tmp_path, "users", "-", "--rejects", full, said="nonsense\n" * 12)
    first, *named, last = err.splitlines()
    assert code == 1
    assert first.startswith(
        "/dev/full cannot be written (No space left on device): from here on refused lines are named"
    )
    assert len(named) == 10
    assert last == "… more lines are refused: counted only"
    assert "; 12 lines refused (0 of them in /dev/full)" in out
    _, out, _ = seed(tmp_path, "users", "-", "--rejects", full, "--json", said="nonsense\n")
    assert (json.loads(out)["refused"], json.loads(out)["rejects"]) == (1, None)


def test_rejects_of_seeds_outlive_the_crawl_that_overwrites_its_feed(tmp_path: Path, site: Site) -> None:
    code, _, _ = seed(tmp_path, "users", f"{site.url}/@nobody", "-", said="nonsense\n")
    assert code == 1
    assert crawl("users", tmp_path).reasons() == ["bad_seed", "not_found"]


def test_standard_input_is_read_as_what_it_is_said_to_be(tmp_path: Path) -> None:
    code, out, _ = seed(tmp_path, "users", "-", "--format", "csv", "--json", said=f"team,url\nred,{A}\nblue,{B}\n")
    assert (code, json.loads(out)["new"]) == (0, 2)
    metas = [json.loads(payload)["t"]["crawl"]["seed_meta"] for payload in queued(tmp_path)]
    assert metas == [{"team": "red"}, {"team": "blue"}]


def test_a_seed_without_a_scheme_gets_the_one_that_its_host_speaks_or_that_is_said(tmp_path: Path, site: Site) -> None:
    assert seed(tmp_path, "users", f"{site.host}/@kim")[0] == 0
    assert seed(tmp_path, "users", f"{site.host}/@lee", "--scheme", "https")[0] == 0
    urls = {json.loads(payload)["u"] for payload in queued(tmp_path)}
    assert urls == {f"http://{site.host}/@kim", f"https://{site.host}/@lee"}


def test_after_a_stop_the_same_command_goes_on(tmp_path: Path) -> None:
    process = begin(tmp_path, "users", "-", "--json", stdin=subprocess.PIPE)
    assert process.stdin is not None
    with EmbeddedStore(tmp_path / "store") as url, Redis.from_url(url) as client:
        process.stdin.write("".join(f"http://h{number}.example/\n" for number in range(5_000)))
        process.stdin.flush()
        while client.hlen("{crawler}:users:requests") == 0:
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=DEADLINE_S)
        assert client.zcard("{crawler}:users:workers") == 0
    assert process.returncode == 1
    assert err == "Stopped: the same command goes on from here.\n"
    assert json.loads(out)["sent"] == json.loads(out)["pending"] == len(queued(tmp_path)) > 0


def test_lines_are_refused_in_their_order_whatever_is_wrong_with_them(tmp_path: Path) -> None:
    source = tmp_path / "seeds.jsonl"
    source.write_text(f'{{"url": "{A}", "x": NaN}}\nnonsense\n{{"url": "{B}", "x": NaN}}\n')
    code, _, err = seed(tmp_path, "users", source)
    assert code == 1
    assert [line.partition(": ")[0] for line in err.splitlines()] == [f"{source}, line {n}" for n in (1, 2, 3)]


def test_what_is_seeded_in_a_folder_within_the_project_is_found_from_any_other(tmp_path: Path) -> None:
    (tmp_path / "scrapy.cfg").write_text((ROOT / "scrapy.cfg").read_text())
    here, there = tmp_path / "here", tmp_path / "there" / "deeper"
    here.mkdir()
    there.mkdir(parents=True)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    ended = run("seed", "users", A, cwd=here, **environment)
    assert (ended.returncode, ended.stderr) == (0, "")
    found = json.loads(run("status", "users", "--json", cwd=there, **environment).stdout)
    assert [crawl["pending"] for crawl in found["crawls"]] == [1]
    assert [path.name for path in tmp_path.rglob(".crawler")] == [".crawler"]
    assert (tmp_path / ".crawler").is_dir()


def test_a_file_without_seeds_is_named(tmp_path: Path) -> None:
    empty, header = tmp_path / "empty.txt", tmp_path / "header.csv"
    empty.touch()
    header.write_text("url,team\n")
    code, out, err = seed(tmp_path, "users", empty, header, A)
    assert (code, err.splitlines()) == (0, [f"{empty} holds no seeds.", f"{header} holds no seeds."])
    assert out.startswith("users: 1 seed in ")


def test_a_crawl_with_an_id_is_named_as_by_other_commands(tmp_path: Path) -> None:
    assert seed(tmp_path, "users@nightly", A)[0] == 0
    code, out, _ = seed(tmp_path, "users", B, "-s", "CRAWL_ID=nightly")
    assert (code, out.partition(":")[0]) == (0, "users@nightly")
    assert len(queued(tmp_path, "users@nightly")) == 2


def test_without_a_good_seed_no_crawl_begins(tmp_path: Path) -> None:
    code, out, _ = seed(tmp_path, "users", "-", "--json", said="nonsense\n")
    assert (code, json.loads(out)["crawl"], queued(tmp_path)) == (1, None, [])


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("users",), "name a spider and what it begins with, such as: scrapy seed users seeds.txt"),
        (("nobody", A), "there is no spider nobody: there are users, videos"),
        (("users", "missing.txt"), "The seeds file missing.txt does not exist"),
        (("users", "/no/file"), "The seeds file /no/file does not exist"),
        (("users", "./no/file"), "The seeds file ./no/file does not exist"),
        (("users", "no/file"), "There is no file no/file, and 'no/file' is not a URL that can be crawled"),
        (("users", "kim:secret@site.example"), "A seed with a name or password before its host (site.example) cannot"),
        (("users@a:b", A), "CRAWL_ID (a:b) must be a name"),
        (("users", "tests"), "tests is a folder: pass the files in it, such as tests/*.txt."),
        (("users", "nonsense"), "'nonsense' is not a URL that can be crawled"),
        (("users", A, "--priority", "high"), "The priority 'high' is no whole number"),
        (("users", A, "--meta", "job"), "--meta job: pass a key and a value"),
        (("users", "-", "-"), "- is given twice: standard input can be read once"),
        (("users", A, "--rejects", "/dev/full/x"), "--rejects /dev/full/x cannot be written ([Errno 20]"),
        (("users", A, "--rejects", "tests"), "--rejects tests cannot be written ([Errno 21] Is a directory"),
        (("users", A, "-s", "REDIS_URL=redis://127.0.0.1:1/0"), "REDIS_URL redis://127.0.0.1:1/0 does not answer"),
    ],
)
def test_what_cannot_work_is_said_before_anything_is_sent(tmp_path: Path, words: tuple[str, ...], message: str) -> None:
    code, out, err = seed(tmp_path, *words)
    assert code == 2
    assert message in out + err
    assert "Traceback" not in err


def test_seeds_of_a_site_that_is_known_by_its_name_are_sent_as_what_they_name(tmp_path: Path) -> None:
    store = ("-s", f"STORE_DIR={tmp_path / 'store'}")
    words = ("https://www.youtube.com/@KitesDaily", "https://www.youtube.com/results?search_query=kites")
    ended = run("seed", "videos", *words, "--rejects", tmp_path / "rejects.jsonl", *store)
    assert "1 seed in" in ended.stdout
    assert "names no video, channel or playlist of YouTube" in ended.stderr
