from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.feeds.duplicates import Readings, drop_duplicates, record_key
from crawler.feeds.lines import LineFile
from crawler.feeds.noted import feed_name
from crawler.items import RecordKey

ROOT = Path(__file__).parent.parent
DEADLINE_S = 60

KILLED = """
import resource, signal, sys
from pathlib import Path
from crawler.feeds.duplicates import drop_duplicates
signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
resource.setrlimit(resource.RLIMIT_FSIZE, (500, resource.RLIM_INFINITY))
drop_duplicates([(Path(name), 0) for name in sys.argv[1:]])
"""
FULL = """
import resource, sys
from pathlib import Path
from crawler.feeds.duplicates import drop_duplicates
resource.setrlimit(resource.RLIMIT_FSIZE, (100, resource.RLIM_INFINITY))
try:
    drop_duplicates([(Path(sys.argv[1]), 0)])
except OSError as error:
    print(error.strerror)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
"""
APPEND = """
import sys
from crawler.feeds.lines import LineFile
with LineFile(sys.argv[1]) as file:
    for number in range(400):
        file.write(b'{"kind": "video", "site": "s", "id": "%d"}\\n' % (number % 300))
"""


def line(one: object, reading: int = 0, **fields: object) -> bytes:
    return json.dumps({"kind": "video", "site": "s", "id": str(one), "reading": reading, **fields}).encode() + b"\n"


def write(path: Path, *lines: bytes) -> Path:
    with LineFile(path) as file:
        file.write(b"".join(lines))
    return path


def run(code: str, *arguments: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(  # noqa: S603 - our own code
        [sys.executable, "-c", code, *map(str, arguments)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )


def test_the_last_line_of_each_record_stays(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", line(1, 1), line(2, 1), line(1, 2), line(3, 1), line(1, 3))
    assert drop_duplicates([(path, 0)]) == 2
    assert path.read_bytes() == line(2, 1) + line(3, 1) + line(1, 3)


def test_kind_site_and_id_make_a_record(tmp_path: Path) -> None:
    lines = [line("a"), line("a", kind="user"), line("a", site="t"), line("b"), line('a", "b'), line("a', 'b")]
    path = write(tmp_path / "a.jsonl", *lines, *lines)
    assert drop_duplicates([(path, 0)]) == len(lines)
    assert path.read_bytes() == b"".join(lines)


@pytest.mark.parametrize(
    "other",
    [
        b"\n",
        b"no json\n",
        b"[1, 2]\n",
        b'"kind"\n',
        b'{"kind": "video", "site": "s"}\n',
        b'{"kind": "video", "site": "s", "id": null}\n',
        b'{"kind": "video", "site": "s", "id": 1}\n',
        b'{"what": ["video", "s", "1"], "record": {"kind": "video", "site": "s", "id": "1"}}\n',
        b"\xff\xfe\n",
        b"[" * 2000 + b"\n",
        b"[" * 200_000 + b"\n",
    ],
)
def test_a_line_that_is_no_record_stays(tmp_path: Path, other: bytes) -> None:
    path = write(tmp_path / "a.jsonl", other, line(1), other, line(1), other)
    assert drop_duplicates([(path, 0)]) == 1
    assert path.read_bytes() == other + other + line(1) + other


def test_json_that_only_python_writes_is_a_record_too() -> None:
    assert record_key(b'{"kind": "video", "site": "s", "id": "1", "duration": NaN}\n') == RecordKey("video", "s", "1")
    assert record_key(b'{"kind": "video", "site": "s", "id": "\\ud800"}\n') == RecordKey("video", "s", "\ud800")


def test_a_key_that_cannot_be_written_in_utf_8_is_one_too(tmp_path: Path) -> None:
    odd, other = b'{"kind": "v", "site": "s", "id": "\\ud800"}\n', b'{"kind": "v", "site": "s", "id": "\\ud801"}\n'
    path = write(tmp_path / "a.jsonl", odd, other, odd)
    assert drop_duplicates([(path, 0)]) == 1
    assert path.read_bytes() == other + odd


def test_lines_of_earlier_crawls_are_not_looked_at(tmp_path: Path) -> None:
    before = line(1, 1) + line(1, 2) + line(2, 1)
    path = write(tmp_path / "a.jsonl", before, line(1, 3), line(2, 2), line(1, 4))
    assert drop_duplicates([(path, len(before))]) == 1
    assert path.read_bytes() == before + line(2, 2) + line(1, 4)


def test_a_byte_within_a_line_leaves_that_line_alone(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", line(1, 1), line(1, 2), line(1, 3))
    assert drop_duplicates([(path, len(line(1)) - 1)]) == 1
    assert path.read_bytes() == line(1, 1) + line(1, 3)


def test_a_byte_behind_the_end_leaves_all_lines_alone(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", line(1, 1), line(1, 2))
    assert drop_duplicates([(path, 1000)]) == 0
    assert path.read_bytes() == line(1, 1) + line(1, 2)


def test_of_several_files_the_last_line_of_the_last_one_stays(tmp_path: Path) -> None:
    first = write(tmp_path / "z.jsonl", line(1, 1), line(2, 1), line(3, 1))
    second = write(tmp_path / "a.jsonl", line(4, 1), line(1, 2), line(4, 2))
    assert drop_duplicates([(first, 0), (second, 0)]) == 2
    assert first.read_bytes() == line(2, 1) + line(3, 1)
    assert second.read_bytes() == line(1, 2) + line(4, 2)


def test_one_file_under_two_names_is_one(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", line(1, 1), line(1, 2), line(2, 1))
    (tmp_path / "link.jsonl").symlink_to(path)
    assert drop_duplicates([(tmp_path / "link.jsonl", 0), (path, len(line(1)))]) == 1
    assert path.read_bytes() == line(1, 2) + line(2, 1)
    assert (tmp_path / "link.jsonl").is_symlink()


def test_a_file_without_duplicates_is_not_rewritten_and_a_missing_one_not_made(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", line(1), line(2))
    inode = path.stat().st_ino
    assert drop_duplicates([(path, 0), (tmp_path / "b.jsonl", 0)]) == 0
    assert path.stat().st_ino == inode
    assert list(tmp_path.iterdir()) == [path]


@given(
    st.lists(
        st.tuples(st.integers(0, 2), st.one_of(st.none(), st.text("aé\n\x00\ud800", max_size=2)), st.booleans()),
        max_size=30,
    )
)
def test_any_interleaving_leaves_what_a_model_does(
    tmp_path_factory: pytest.TempPathFactory, written_by: list[tuple[int, str | None, bool]]
) -> None:
    folder = tmp_path_factory.mktemp("feeds")
    before: list[list[bytes]] = [[], [], []]
    lines: list[list[tuple[str | None, bytes]]] = [[], [], []]
    for number, (part, one, is_earlier) in enumerate(written_by):
        written = line(one, number, **{} if one is not None else {"id": None})
        if is_earlier and not lines[part]:
            before[part].append(written)
        else:
            lines[part].append((one, written))
    files = [(write(folder / str(n), b"\n", *before[n]), len(b"".join(before[n])) + 1) for n in range(3)]
    for rows, (path, _) in zip(lines, files, strict=True):
        write(path, b"\n", *(written for _, written in rows))

    last = {one: written for rows in lines for one, written in rows}
    kept = [[written for one, written in rows if one is None or last[one] == written] for rows in lines]
    assert drop_duplicates(files) == sum(map(len, lines)) - sum(map(len, kept))
    for (path, _), earlier, later in zip(files, before, kept, strict=True):
        assert path.read_bytes() == b"".join([b"\n", *earlier, b"\n", *later])


def test_what_others_append_meanwhile_is_not_lost(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    processes = [run(APPEND, path) for _ in range(2)]
    dropped, rounds, running = 0, 0, True
    while running:
        running = any(process.poll() is None for process in processes)
        write(path, line("again", rounds), line("again", rounds))
        dropped += drop_duplicates([(path, 0)])
        rounds += 1
    assert [process.communicate(timeout=DEADLINE_S)[0] for process in processes] == ["", ""]
    found = [record_key(one) for one in path.read_bytes().splitlines()]
    assert sorted(filter(None, found)) == sorted(RecordKey("video", "s", str(one)) for one in [*range(300), "again"])
    assert dropped + len(found) == 800 + 2 * rounds


def test_files_are_locked_in_the_order_of_their_names_lest_two_calls_wait_for_each_other(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    torn = line(1) + b"torn"
    (tmp_path / "b").write_bytes(torn)
    with pytest.raises(IsADirectoryError):
        drop_duplicates([(tmp_path / "b", 0), (tmp_path / "a", 0)])
    assert (tmp_path / "b").read_bytes() == torn, "was locked first: its last line is cut back"


def test_a_kill_between_two_files_loses_nothing_and_the_next_call_does_the_rest(tmp_path: Path) -> None:
    first = write(tmp_path / "a.jsonl", line(1, 1), line(2, 1), line("first"))
    lines = [line(number, 2) for number in range(20)]
    second = write(tmp_path / "b.jsonl", line(3, 1), *lines)
    process = run(KILLED, first, second)
    process.communicate(timeout=DEADLINE_S)
    assert process.returncode == -signal.SIGXFSZ
    assert first.read_bytes() == line("first")
    assert second.read_bytes() == line(3, 1) + b"".join(lines)
    assert drop_duplicates([(first, 0), (second, 0)]) == 1
    assert second.read_bytes() == b"".join(lines)
    assert sorted(tmp_path.iterdir()) == [first, second]


def test_a_full_disk_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    lines = [line(1, number) for number in range(2)] + [line(number) for number in range(20)]
    path = write(tmp_path / "a.jsonl", *lines)
    process = run(FULL, path)
    assert process.communicate(timeout=DEADLINE_S)[0] == "File too large\n"
    assert path.read_bytes() == b"".join(lines)
    assert list(tmp_path.iterdir()) == [path]


def test_the_newest_reading_stays_and_of_equal_ones_the_last() -> None:
    readings = Readings()
    for key, time in [("a", 2.0), ("b", 1.0), (None, 9.0), ("a", 1.0), ("b", 1.0), ("a", float("-inf")), (None, 0.0)]:
        readings.add(None if key is None else (key,), time)
    assert list(readings.newest()) == [1, 0, 1, 0, 1, 0, 1]


def test_a_feed_is_noted_by_machine_and_file_whatever_links_lead_to_it(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    (tmp_path / "link").symlink_to(path)
    assert feed_name(tmp_path / "link") == f"{socket.gethostname()}:{path}"
