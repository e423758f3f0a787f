from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.faults.servers import REDIS

ROOT = Path(__file__).parent.parent
WITH_A_STORE, WITHOUT = "tests/test_claims.py", "tests/test_lines.py"


def collected(*options: str) -> set[str]:
    """Return which of two files have tests to run."""
    command = [sys.executable, "-m", "pytest", "-p", "no:xdist", "--collect-only", "-qq", *options]
    command += [WITH_A_STORE, WITHOUT]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)  # noqa: S603 - ours
    return {line.partition(":")[0] for line in done.stdout.splitlines() if line.startswith("tests/")}


@pytest.mark.skipif(not Path(REDIS).exists(), reason=f"{REDIS} is missing: install redis-server")
def test_on_another_store_only_tests_run_that_use_it() -> None:
    assert collected() == {WITH_A_STORE, WITHOUT}
    assert collected("--store", "locked") == {WITH_A_STORE}
