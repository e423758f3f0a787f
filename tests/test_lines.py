from __future__ import annotations

import errno
import fcntl
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from crawler.feeds.lines import CHUNK_BYTES, LineFile, keep

ROOT = Path(__file__).parent.parent
DEADLINE_S = 60

APPEND = """
import sys
from crawler.feeds.lines import LineFile
with LineFile(sys.argv[1]) as file:
    print("open", flush=True)
    sys.stdin.readline()
    for number in range(500):
        file.write(f"{sys.argv[2]} {number} {'x' * (number * 7 % 300)}\\n".encode())
"""
FILL = """
import resource, sys
from crawler.feeds.lines import LineFile
with LineFile(sys.argv[1]) as file:
    file.append(b"first\\n")
    resource.setrlimit(resource.RLIMIT_FSIZE, (16, resource.RLIM_INFINITY))
    try:
        file.append(b"second\\nthird\\n")
    except OSError as error:
        print(error.errno)
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    file.write(b"second\\nthird\\n")
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "out" / "users.jsonl"


def run(code: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(  # noqa: S603 - our own code
        [sys.executable, "-c", code, *arguments], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def append_at_once(path: Path, writers: int) -> list[subprocess.Popen[str]]:
    """Start processes that each append 500 lines, all of them ready before the first may begin."""
    processes = [run(APPEND, str(path), str(number)) for number in range(writers)]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "open\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    return processes


def written(writers: int) -> set[str]:
    return {f"{writer} {number} {'x' * (number * 7 % 300)}" for writer in range(writers) for number in range(500)}


def test_lines_are_on_the_file_at_once_and_its_folders_are_made(path: Path) -> None:
    with LineFile(path) as file:
        file.write(b"one\ntwo\n")
        assert path.read_bytes() == b"one\ntwo\n"
        assert file.size() == 8


def test_what_is_no_whole_line_is_refused(path: Path) -> None:
    with LineFile(path) as file:
        for torn in (b"", b"one", b"one\ntwo"):
            with pytest.raises(ValueError, match="is no whole line"):
                file.write(torn)
    assert path.read_bytes() == b""


def test_appended_lines_are_synced_before_the_call_returns(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sync, synced = os.fsync, []

    def fsync(descriptor: int) -> None:
        sync(descriptor)
        synced.append(os.pread(descriptor, 100, 0))

    with LineFile(path) as file:
        monkeypatch.setattr(os, "fsync", fsync)
        file.write(b"one\n")
        assert synced == []
        file.append(b"two\n")
        assert synced == [b"one\ntwo\n"]


def test_lines_that_cannot_be_synced_are_cut_back_and_can_be_given_again(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fsync(_descriptor: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with LineFile(path) as file:
        file.append(b"one\n")
        monkeypatch.setattr(os, "fsync", fsync)
        with pytest.raises(OSError, match="Input/output error") as caught:
            file.append(b"two\nthree\n")
        assert (caught.value.errno, caught.value.filename) == (errno.EIO, str(path))
        assert path.read_bytes() == b"one\n"
        monkeypatch.undo()
        file.append(b"two\nthree\n")
    assert path.read_bytes() == b"one\ntwo\nthree\n"


def test_four_processes_append_two_thousand_whole_lines(path: Path) -> None:
    for process in append_at_once(path, 4):
        process.communicate(timeout=DEADLINE_S)
        assert process.returncode == 0
    lines = path.read_text().splitlines()
    assert len(lines) == 2000
    assert set(lines) == written(4)


def test_lines_written_while_the_file_is_rewritten_are_not_lost(path: Path) -> None:
    processes = append_at_once(path, 2)
    rewrites, running = 0, True
    while running:
        running = any(process.poll() is None for process in processes)
        with LineFile(path) as file:
            file.write(b"unwanted\n")
        rewrites += keep(path, lambda line: line != b"unwanted\n")
    for process in processes:
        process.communicate(timeout=DEADLINE_S)
    assert rewrites > 0
    lines = path.read_text().splitlines()
    assert len(lines) == 1000
    assert set(lines) == written(2)


def test_a_torn_last_line_is_cut_back_by_the_first_write(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b'{"id": 1}\n{"id"')
    with LineFile(path) as file:
        file.write(b'{"id": 2}\n')
    assert path.read_bytes() == b'{"id": 1}\n{"id": 2}\n'


def test_a_line_that_another_writer_tore_is_cut_back_by_the_next_write(path: Path) -> None:
    with LineFile(path) as file:
        file.write(b"one\n")
        with path.open("ab") as other:
            other.write(b"two\ntor")
        file.write(b"three\n")
    assert path.read_bytes() == b"one\ntwo\nthree\n"


@pytest.mark.parametrize("before", [b"", b"one\n"])
@pytest.mark.parametrize("torn", [1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES])
def test_a_torn_line_of_any_length_is_cut_back(path: Path, before: bytes, torn: int) -> None:
    path.parent.mkdir()
    path.write_bytes(before + b"x" * torn)
    with LineFile(path) as file:
        file.write(b"two\n")
    assert path.read_bytes() == before + b"two\n"


def test_a_full_disk_leaves_nothing_torn_and_the_write_can_be_repeated(path: Path) -> None:
    process = run(FILL, str(path))
    said, _ = process.communicate(timeout=DEADLINE_S)
    assert process.returncode == 0
    assert int(said) == errno.EFBIG
    assert path.read_bytes() == b"first\nsecond\nthird\n"


def test_a_short_write_goes_on_and_one_that_then_fails_leaves_the_file_as_it_was(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, sizes = os.write, [3, 1]

    def write(descriptor: int, data: memoryview) -> int:
        if not sizes:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return whole(descriptor, data[: sizes.pop(0)])

    with LineFile(path) as file:
        file.write(b"one\n")
        monkeypatch.setattr(os, "write", write)
        with pytest.raises(OSError, match="No space left") as caught:
            file.append(b"three\n")
        monkeypatch.undo()
        assert (caught.value.errno, caught.value.filename) == (errno.ENOSPC, str(path))
        assert path.read_bytes() == b"one\n"
        file.append(b"three\n")
    assert path.read_bytes() == b"one\nthree\n"


def test_truncate_empties_the_file_also_for_who_has_it_open(path: Path) -> None:
    with LineFile(path) as file, LineFile(path) as other:
        other.write(b"old\n")
        file.truncate()
        assert file.size() == 0
        other.write(b"new\n")
        file.write(b"newer\n")
    assert path.read_bytes() == b"new\nnewer\n"


def test_lines_go_to_the_file_that_the_path_leads_to_by_then(path: Path) -> None:
    with LineFile(path) as file:
        file.write(b"moved\n")
        path.rename(path.with_suffix(".old"))
        file.write(b"new\n")
    assert path.read_bytes() == b"new\n"
    assert path.with_suffix(".old").read_bytes() == b"moved\n"


def test_a_folder_that_was_removed_is_made_again(path: Path) -> None:
    with LineFile(path) as file:
        file.write(b"gone\n")
        shutil.rmtree(path.parent)
        file.write(b"new\n")
    assert path.read_bytes() == b"new\n"


def test_a_closed_file_refuses_lines(path: Path) -> None:
    file = LineFile(path)
    file.close()
    file.close()
    with pytest.raises(ValueError, match=r"users.jsonl is closed"):
        file.write(b"late\n")


def test_what_is_done_under_the_lock_keeps_it(path: Path) -> None:
    with LineFile(path) as file, path.open("rb") as other:
        with file.locked():
            file.write(b"one\n")
            file.append(b"two\n")
            assert file.size() == 8
            with pytest.raises(BlockingIOError):
                fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
        fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_a_file_that_another_process_keeps_is_waited_for_with_a_sentence(
    path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("crawler.feeds.lines.WARN_AFTER_S", 0.01)
    said = threading.Event()
    caplog.handler.addFilter(lambda _: said.set() is None)  # type: ignore[func-returns-value]
    with LineFile(path) as held, LineFile(path) as file:
        with held.locked():
            writer = threading.Thread(target=file.write, args=(b"1\n",))
            writer.start()
            assert said.wait(DEADLINE_S)
            assert held.size() == 0
        writer.join(DEADLINE_S)
    assert "users.jsonl has been locked by another process for 0 s: waiting." in caplog.text
    assert path.read_bytes() == b"1\n"
