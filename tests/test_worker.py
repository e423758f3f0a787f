from __future__ import annotations

import os
import subprocess
import sys

import pytest

from crawler.frontier.worker import has_died, machine, new_worker


def of_process(pid: int | str, where: str | None = None) -> str:
    """A worker's name in another process."""
    return f"{machine() if where is None else where}:{pid}:0a1b2c3d"


def process(code: str = "input()") -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE)  # noqa: S603 - ends with the test


def test_every_worker_has_a_name_of_its_own() -> None:
    assert len({new_worker() for _ in range(50)}) == 50


def test_this_process_lives() -> None:
    assert not has_died(new_worker())


def test_a_process_that_runs_lives_and_one_that_has_ended_does_not() -> None:
    with process() as other:
        assert not has_died(of_process(other.pid))
        other.kill()
    assert has_died(of_process(other.pid))


def test_a_process_that_was_killed_and_whose_parent_has_not_looked_yet_has_died() -> None:
    with process() as other:
        other.kill()
        os.waitid(os.P_PID, other.pid, os.WEXITED | os.WNOWAIT)
        assert has_died(of_process(other.pid))


def test_a_process_of_another_user_lives() -> None:
    assert not has_died(of_process(1))


@pytest.mark.parametrize("where", ["elsewhere-00000000", "", f"{machine()}x", machine().rpartition("-")[0]])
def test_of_another_machine_nothing_is_known(where: str) -> None:
    with process("") as ended:
        pass
    assert has_died(of_process(ended.pid))
    assert not has_died(of_process(ended.pid, where))


@pytest.mark.parametrize(
    "name", ["", ":", "::", "strange", of_process("x"), of_process(""), of_process("-1"), of_process("9" * 30)]
)
def test_of_a_name_that_is_none_nothing_is_known(name: str) -> None:
    assert not has_died(name)


def test_a_machine_keeps_its_name_for_all_its_processes() -> None:
    code = "from crawler.frontier.worker import machine; print(machine())"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True).stdout  # noqa: S603
    assert told.strip() == machine()
