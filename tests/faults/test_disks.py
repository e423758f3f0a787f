"""Disks without room for the feed."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.faults import disks
from tests.faults.scenarios import Arena


@pytest.fixture
def arena(tmp_path: Path) -> Arena:
    return Arena(tmp_path, records=150)


def may_mount(folder: Path) -> bool:
    """Tell whether a file system of a test's own can be mounted."""
    if os.geteuid() != 0:
        return False
    try:
        with disks.file_system(folder, disks.ROOM_BYTES):
            return True
    except (OSError, subprocess.CalledProcessError):
        return False


def test_a_full_disk_is_waited_for_and_nothing_is_lost(arena: Arena, tmp_path_factory: pytest.TempPathFactory) -> None:
    if not may_mount(tmp_path_factory.mktemp("probe")):
        pytest.skip("a small file system can be mounted by root only")
    outcome = disks.full_disk(arena, 1)
    assert outcome.faults() == []
    assert any("waiting for room" in log for log in outcome.told())


def test_a_file_that_may_not_grow_ends_the_instances_loudly_and_the_next_start_completes(arena: Arena) -> None:
    outcome = disks.limited_files(arena, 1)
    assert outcome.faults() == []
    assert set(outcome.struck_exits) == {1}
    assert any("Spider closed (feed_failed)" in log for log in outcome.told())
