from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scrapy.exporters import JsonLinesItemExporter

from crawler.feeds.lines import CHUNK_BYTES, LineFile, keep

if TYPE_CHECKING:
    from io import BytesIO

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
    file.write(b"first\\n")
    resource.setrlimit(resource.RLIMIT_FSIZE, (16, resource.RLIM_INFINITY))
    try:
        file.write(b"second\\nthird\\n")
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
        assert file.write(b"one\ntwo\n") == 8
        assert path.read_bytes() == b"one\ntwo\n"
        assert os.fstat(file.fileno()).st_size == 8


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
        file.write(b"begun ")
        monkeypatch.setattr(os, "write", write)
        with pytest.raises(OSError, match="No space left") as caught:
            file.write(b"line\n")
        monkeypatch.undo()
        assert caught.value.errno == errno.ENOSPC
        assert path.read_bytes() == b""
        file.write(b"line\n")
    assert path.read_bytes() == b"begun line\n"


@given(st.lists(st.binary(max_size=20).map(lambda data: data.replace(b"\r", b"\n")), max_size=10))
def test_the_file_holds_what_was_written_up_to_the_last_newline(
    tmp_path_factory: pytest.TempPathFactory, parts: list[bytes]
) -> None:
    path = tmp_path_factory.mktemp("parts") / "lines"
    with LineFile(path) as file:
        for end, part in enumerate(parts, 1):
            assert file.write(part) == len(part)
            so_far = b"".join(parts[:end])
            assert path.read_bytes() == so_far[: so_far.rfind(b"\n") + 1]


def test_truncate_empties_the_file_also_for_who_has_it_open(path: Path) -> None:
    with LineFile(path) as file, LineFile(path) as other:
        other.write(b"old\n")
        file.write(b"begun")
        assert file.truncate() == 0
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


def test_it_tells_what_it_is_and_refuses_to_write_when_closed(path: Path) -> None:
    file = LineFile(path)
    assert (file.readable(), file.writable(), file.seekable()) == (False, True, False)
    assert file.name == str(path)
    file.flush()
    file.close()
    file.close()
    assert file.closed
    with pytest.raises(ValueError, match=r"users.jsonl is closed"):
        file.write(b"late\n")


def test_scrapys_exporter_writes_a_line_a_record(path: Path) -> None:
    with LineFile(path) as file:
        exporter = JsonLinesItemExporter(cast("BytesIO", file), encoding="utf-8")
        exporter.start_exporting()
        exporter.export_item({"id": 1, "name": "Zoë"})
        exporter.export_item({"id": 2, "name": None})
        exporter.finish_exporting()
    assert [json.loads(line) for line in path.read_bytes().splitlines()] == [
        {"id": 1, "name": "Zoë"},
        {"id": 2, "name": None},
    ]


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


def test_keep_cuts_a_torn_line_and_replaces_nothing_when_it_drops_nothing(path: Path) -> None:
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


def test_keep_of_a_missing_file_makes_none(path: Path) -> None:
    assert keep(path, lambda _line: True) == 0
    assert not path.exists()
