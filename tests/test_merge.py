from __future__ import annotations

import errno
import gzip
import json
import os
import resource
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from scrapy.cmdline import ScrapyArgumentParser
from scrapy.exceptions import UsageError
from scrapy.settings import Settings

from crawler.commands.merge import MOST_NAMED, NOTES, Command
from crawler.words import counted

ROOT = Path(__file__).parent.parent
DEADLINE_S = 60


def line(one: object, at: object = "2025-11-22T12:00:00Z", **fields: object) -> bytes:
    record = {"kind": "video", "site": "s", "id": str(one), "fetched_at": at, **fields}
    return json.dumps(record).encode() + b"\n"


def write(path: Path, *lines: bytes) -> str:
    path.write_bytes(b"".join(lines))
    return str(path)


def left_out(duplicates: int = 0, bad: int = 0) -> str:
    return f"left out: {counted(duplicates, 'duplicate')}, {counted(bad, 'bad line')}, 0 torn last lines"


def merge(*words: str | Path) -> int:
    """Run the command as Scrapy does; return the exit code."""
    command, parser = Command(), ScrapyArgumentParser()
    command.settings = Settings()
    command.add_options(parser)
    opts, args = parser.parse_known_args(list(map(str, words)))
    command.run(args, opts)
    return command.exitcode


@pytest.fixture
def output(tmp_path: Path) -> Path:
    return tmp_path / "out" / "all.jsonl"


def test_records_of_several_files_come_to_one_file_once(
    tmp_path: Path, output: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = write(tmp_path / "a.jsonl", line(1), line(2), line(3))
    second = write(tmp_path / "b.jsonl", line(4), line(2), line(5, kind="user"))
    assert merge(first, second, "-o", output) == 0
    assert output.read_bytes() == line(1) + line(3) + line(4) + line(2) + line(5, kind="user")
    assert capsys.readouterr() == (
        f"{output}: 6 lines of 2 files; 5 records, 0 other lines; {left_out(duplicates=1)}\n",
        "",
    )
    assert list(output.parent.iterdir()) == [output]


@pytest.mark.parametrize(
    ("first", "second", "stays"),
    [
        ("2025-11-22T12:00:00Z", "2025-11-22T11:59:59Z", 1),
        ("2025-11-22T12:00:00Z", "2025-11-22T12:00:00Z", 2),
        ("2025-11-22T12:00:00.500Z", "2025-11-22T12:00:00Z", 1),
        ("2025-11-22T12:00:00+01:00", "2025-11-22T11:30:00Z", 2),
        ("2025-11-22T12:00:00", "2025-11-22T13:00:00+02:00", 1),
        ("2025-11-22T12:00:00Z", None, 1),
        ("2025-11-22T12:00:00Z", "yesterday", 1),
        ("2025-11-22T12:00:00Z", 1_800_000_000, 1),
        ("0001-01-01T00:00:00+23:59", "0001-01-01T00:00:00Z", 2),
        (None, None, 2),
    ],
)
def test_the_latest_reading_of_a_record_stays(
    tmp_path: Path, output: Path, first: object, second: object, stays: int
) -> None:
    lines = {1: line("x", first, views=1), 2: line("x", second, views=2)}
    merge(*(write(tmp_path / str(number), one) for number, one in lines.items()), "-o", output)
    assert output.read_bytes() == lines[stays]


def test_lines_that_are_no_records_stay_as_they_are_and_blank_ones_go(
    tmp_path: Path, output: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    others = [b'{"spider": "users", "what": ["a", "b", "c"]}\n', b"[1]\n", b"  NaN\n", b'{"id":1}\r\n']
    files = [write(tmp_path / name, b"\n", *others, b" \r\n") for name in "ab"]
    assert merge(*files, "-o", output) == 0
    assert output.read_bytes() == b"".join(others * 2)
    assert "8 lines of 2 files; 0 records, 8 other lines; left out: 0 duplicates" in capsys.readouterr().out


def test_a_torn_last_line_is_named_and_a_whole_one_gets_its_newline(
    tmp_path: Path, output: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    torn = write(tmp_path / "a.jsonl", line(1), line(2)[:20])
    number = write(tmp_path / "b.jsonl", b"12")
    whole = write(tmp_path / "c.jsonl", line(3)[:-1])
    assert merge(torn, number, whole, write(tmp_path / "d.jsonl", line(4)), "-o", output) == 0
    assert output.read_bytes() == line(1) + line(3) + line(4)
    shown = capsys.readouterr()
    assert shown.err == f"{torn}:2: the last line is torn: left out\n{number}:1: the last line is torn: left out\n"
    assert "2 torn last lines" in shown.out


def test_bad_lines_are_named_and_stop_no_good_ones(
    tmp_path: Path, output: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = [
        b"no json\n",
        b'{"id": 1{"id": 2}\n',
        b"\xff\n",
        b"[" * 200_000 + b"\n",
        b"\xff\xfe{\x00}\x00\n",
        b"\x00{\x00}\x00\n",
    ]
    path = write(tmp_path / "a.jsonl", line(1), *bad, line(2))
    assert merge(path, "-o", output) == 1
    assert output.read_bytes() == line(1) + line(2)
    shown = capsys.readouterr()
    places = [words.partition(": no JSON (")[0] for words in shown.err.splitlines()]
    assert places == [f"{path}:{number}" for number in range(2, 2 + len(bad))]
    assert all(words.endswith("): left out") for words in shown.err.splitlines())
    assert (
        f"{2 + len(bad)} lines of 1 file; 2 records, 0 other lines; left out: 0 duplicates, {len(bad)} bad" in shown.out
    )


def test_of_many_bad_lines_in_a_file_the_first_are_named_and_the_rest_counted(
    tmp_path: Path, output: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    paths = [write(tmp_path / name, b"bad\n" * (MOST_NAMED + 3), line(1)) for name in "ab"]
    assert merge(*paths, "-o", output) == 1
    shown = capsys.readouterr().err.splitlines()
    for path in paths:
        of_file = [words for words in shown if words.startswith(path)]
        assert len(of_file) == MOST_NAMED + 1
        assert of_file[-1] == f"{path}: 3 more lines are no JSON: left out"


def test_compressed_files_are_read_whatever_their_name_and_one_that_is_cut_off_as_far_as_it_goes(
    tmp_path: Path, output: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = [line(number, text=str(os.urandom(2000))) for number in range(100)]
    packed = gzip.compress(b"".join(lines))
    whole, cut = write(tmp_path / "a.jsonl", packed), write(tmp_path / "b.jsonl.gz", packed[: len(packed) // 2])
    damaged = write(tmp_path / "c.jsonl.gz", packed[:-8] + bytes(8))
    no_block = write(tmp_path / "e.jsonl.gz", packed[:10] + b"\xff" * 20)
    assert merge(whole, "-o", output) == 0
    assert output.read_bytes() == b"".join(lines)
    assert merge(cut, write(tmp_path / "d.jsonl", line("after")), "-O", output) == 1
    found = output.read_bytes().splitlines(keepends=True)
    assert 20 < len(found) < 80
    assert found == [*lines[: len(found) - 1], line("after")]
    shown = capsys.readouterr()
    assert f"{cut}: cannot be read on after line {len(found) - 1} (" in shown.err
    assert "1 file could not be read to the end" in shown.out
    assert merge(damaged, no_block, "-O", output) == 1
    assert output.read_bytes() == b"".join(lines)


def test_of_files_that_hold_no_json_nothing_is_written(
    tmp_path: Path, output: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    prose = write(tmp_path / "prose.md", b"# A title\n", b"text\n")
    assert merge(prose, "-o", output) == 1
    assert not output.exists()
    assert f"{output} is not written: no line of what was read is JSON." in capsys.readouterr().err
    output.write_bytes(line("before"))
    assert merge(prose, "-O", output) == 1
    assert output.read_bytes() == line("before")


def test_a_byte_order_mark_does_not_get_into_the_merged_file(tmp_path: Path, output: Path) -> None:
    files = [write(tmp_path / str(number), b"\xef\xbb\xbf", line(number)) for number in range(2)]
    assert merge(*files, "-o", output) == 0
    assert output.read_bytes() == line(0) + line(1)


def test_a_pipe_can_be_merged(tmp_path: Path, output: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_bytes, args=[line(1) + line(2) + line(1)])
    writer.start()
    assert merge(pipe, "-o", output) == 0
    writer.join(DEADLINE_S)
    assert output.read_bytes() == line(2) + line(1)


def test_an_existing_file_is_replaced_only_when_that_is_asked_for(tmp_path: Path, output: Path) -> None:
    path = write(tmp_path / "a.jsonl", line(1))
    merge(path, "-o", output)
    with pytest.raises(UsageError, match=r"all.jsonl exists: name another file, or replace it with -O"):
        merge(write(tmp_path / "b.jsonl", line(2)), "-o", output)
    assert output.read_bytes() == line(1)
    link = tmp_path / "link.jsonl"
    link.symlink_to(output)
    assert merge(tmp_path / "b.jsonl", "-O", link) == 0
    assert output.read_bytes() == line(2)
    assert link.is_symlink()


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["a"], "name one file to write to"),
        (["a", "-o", "x", "-O", "y"], "name one file to write to"),
        (["-o", "x"], "name the files to merge"),
        (["gone", "-o", "x"], "gone cannot be read"),
        (["a", ".", "-o", "x"], ". is a folder: name the JSON lines files in it"),
        (["a", "-o", "x" * 300], "cannot be written (File name too long): name another file"),
        (["a", "-o", "x.jsonl.gz"], "-o x.jsonl.gz: what is written is a file of plain lines"),
        (["a", "-O", "-"], "what is written is a file of plain lines"),
        (["a", "-o", ""], "exists"),
        (["a", "-O", "."], "-O . is no file"),
        (["a", "-O", "a"], "a is to be read and written"),
        (["a", "link", "-O", "a"], "is to be read and written"),
    ],
)
def test_what_cannot_work_is_told_before_anything_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], sentence: str
) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "a", line(1))
    (tmp_path / "link").symlink_to("a")
    with pytest.raises(UsageError) as caught:
        merge(*words)
    assert sentence in str(caught.value)
    assert sorted(tmp_path.iterdir()) == [tmp_path / "a", tmp_path / "link"]
    assert (tmp_path / "a").read_bytes() == line(1)


def test_a_full_disk_leaves_the_former_file(tmp_path: Path, output: Path, capsys: pytest.CaptureFixture[str]) -> None:
    merge(write(tmp_path / "a.jsonl", line(1)), "-o", output)
    many = write(tmp_path / "b.jsonl", *(line(number) for number in range(100)))
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2000, before[1]))
    try:
        assert merge(many, "-O", output) == 1
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert f"{output} is not written ([Errno {errno.EFBIG}]" in capsys.readouterr().err
    assert output.read_bytes() == line(1)
    assert list(output.parent.iterdir()) == [output]


def test_the_command_line_tells_by_exit_codes_and_by_help(tmp_path: Path) -> None:
    def scrapy(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-W", "error", "-m", "scrapy", "merge", *words]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=DEADLINE_S, check=False)  # noqa: S603

    path, output = write(tmp_path / "a.jsonl", line(1), line(1), b"bad\n"), str(tmp_path / "all.jsonl")
    shown = scrapy(path, "-o", output)
    counts = f"3 lines of 1 file; 1 record, 0 other lines; {left_out(duplicates=1, bad=1)}"
    assert (shown.returncode, shown.stdout) == (1, f"{output}: {counts}\n")
    refused = scrapy(path, "-o", output)
    assert refused.returncode == 2
    assert f"-o {output} exists" in refused.stderr
    assert NOTES.strip() in scrapy("--help").stdout


def test_a_merge_that_is_interrupted_leaves_nothing(tmp_path: Path, output: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    command = [sys.executable, "-m", "scrapy", "merge", str(pipe), "-o", str(output)]
    process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE)  # noqa: S603 - our own command
    with pipe.open("wb") as writer:  # opens when the command reads
        writer.write(line(1))
        writer.flush()
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=DEADLINE_S)
    assert process.returncode != 0
    assert list(output.parent.iterdir()) == []
