from __future__ import annotations

import errno
import fcntl
import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from crawler.feeds.lines import CHUNK_BYTES, LineFile, keep

ROOT = Path(__file__).parent.parent
DEADLINE_S = 60
KILLED = """
import itertools, os, signal, sys
from crawler.feeds.lines import LineFile
class Stays(list):
    def __iter__(self):
        yield from itertools.repeat(1, 4000)
        os.kill(os.getpid(), signal.SIGKILL)
with LineFile(sys.argv[1]) as file:
    file.select(Stays())
"""
FULL = """
import resource, sys
from crawler.feeds.lines import LineFile
with LineFile(sys.argv[1]) as file:
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, resource.RLIM_INFINITY))
    try:
        file.select([0] + [1] * 4999)
    except OSError as error:
        print(error.errno)
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "out" / "users.jsonl"


def run(code: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(  # noqa: S603 - our own code
        [sys.executable, "-c", code, *arguments], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )


@pytest.mark.parametrize("before", [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, 2 * CHUNK_BYTES + 1])
def test_select_rewrites_the_lines_from_a_byte_on(path: Path, before: int) -> None:
    head = b"x" * (before - 1) + b"\n" if before else b""
    with LineFile(path) as file:
        file.write(head + b"1\n2\n3\n")
        file.select([1, 0, 1], before)
        assert path.read_bytes() == head + b"1\n3\n"
        file.write(b"4\n")
    assert path.read_bytes() == head + b"1\n3\n4\n"


def test_the_file_that_select_puts_in_place_is_locked_like_the_one_before(path: Path) -> None:
    with LineFile(path) as file:
        file.write(b"1\n2\n")
        with file.locked():
            file.select([0, 1])
            with path.open("rb") as other, pytest.raises(BlockingIOError):
                fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
            assert file.size() == 2
            file.write(b"3\n")
    assert path.read_bytes() == b"2\n3\n"


@pytest.mark.parametrize("stays", [[], [1], [0, 1, 1]])
def test_select_that_does_not_know_all_lines_changes_nothing(path: Path, stays: list[int]) -> None:
    with LineFile(path) as file:
        file.write(b"1\n2\n")
        with pytest.raises(ValueError, match="argument 2 is"):
            file.select(stays)
        file.write(b"3\n")
    assert path.read_bytes() == b"1\n2\n3\n"
    assert list(path.parent.iterdir()) == [path]


def test_a_kill_or_a_full_disk_during_select_loses_nothing(path: Path) -> None:
    lines = b"".join(b"%d\n" % number for number in range(5000))
    with LineFile(path) as file:
        file.write(lines)
    killed = run(KILLED, str(path))
    killed.communicate(timeout=DEADLINE_S)
    assert killed.returncode == -signal.SIGKILL
    assert path.read_bytes() == lines
    full = run(FULL, str(path))
    assert full.communicate(timeout=DEADLINE_S)[0] == f"{errno.EFBIG}\n"
    assert path.read_bytes() == lines
    assert list(path.parent.iterdir()) == [path]


def test_keep_drops_lines_and_leaves_the_mode_and_the_link(path: Path) -> None:
    with LineFile(path) as file:
        file.write(b"1\n2\n1\n3\n")
    path.chmod(0o640)
    link = path.parent / "link.jsonl"
    link.symlink_to(path)
    assert keep(link, lambda line: line != b"1\n") == 2
    assert path.read_bytes() == b"2\n3\n"
    assert path.stat().st_mode & 0o777 == 0o640
    assert link.is_symlink()
    assert sorted(path.parent.iterdir()) == [link, path]


def test_keep_makes_no_file_cuts_a_torn_line_and_replaces_nothing_when_it_drops_nothing(path: Path) -> None:
    assert keep(path, lambda _line: True) == 0
    path.parent.mkdir()
    path.write_bytes(b"one\ntor")
    inode = path.stat().st_ino
    assert keep(path, lambda _line: True) == 0
    assert path.read_bytes() == b"one\n"
    assert path.stat().st_ino == inode


def test_keep_that_fails_leaves_the_file_as_it_was(path: Path) -> None:
    with LineFile(path) as file:
        file.write(b"[]\nno json\n")
    with pytest.raises(json.JSONDecodeError):
        keep(path, lambda line: json.loads(line) is None)
    assert path.read_bytes() == b"[]\nno json\n"
    assert list(path.parent.iterdir()) == [path]
