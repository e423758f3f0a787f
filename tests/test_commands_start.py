from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from tests.crawls import DEADLINE_S, ROOT


@pytest.mark.parametrize(
    ("error", "exit_code", "said"),
    [("KeyboardInterrupt", -signal.SIGINT, ""), ("ValueError('7')", 1, "ValueError: 7")],
)
def test_a_ctrl_c_while_commands_are_imported_is_quiet_and_errors_are_not(
    error: str, exit_code: int, said: str
) -> None:
    command = [sys.executable, "-c", f"import crawler.commands; raise {error}"]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=DEADLINE_S, check=False)  # noqa: S603 - our own command
    assert ended.returncode == exit_code
    assert ended.stderr.splitlines()[-1:] == ([said] if said else [])
