from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from scripts import set_up

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with requirements; steps make an empty interpreter instead of running one."""
    monkeypatch.delenv("PYTHON", raising=False)
    for names in set_up.FILES.values():
        for name in names:
            (tmp_path / name).write_text("scrapy\n")
    monkeypatch.setattr(set_up, "run", run)
    return tmp_path


def run(command: list[str], step: str) -> None:
    if "venv" in command:
        folder = Path(command[-1])
        (folder / "bin").mkdir(parents=True)
        (folder / "bin" / "python").touch()
        (folder / "pyvenv.cfg").write_text(f"version = {sys.version.split()[0]}\n")
    assert step


def test_what_is_installed_is_not_installed_again(checkout: Path) -> None:
    environment = set_up.Environment(checkout)
    assert not environment.is_ready("crawl")
    environment.make("crawl")
    assert environment.is_ready("crawl")
    assert not environment.is_ready("dev")
    environment.make("dev")
    assert environment.is_ready("dev")
    assert environment.is_ready("crawl")


def test_a_changed_requirements_file_is_installed_into_the_same_environment(checkout: Path) -> None:
    environment = set_up.Environment(checkout)
    environment.make("dev")
    (environment.folder / "kept").touch()
    (checkout / "requirements-dev.txt").write_text("pytest\n")
    assert environment.is_ready("crawl")
    assert not environment.is_ready("dev")
    environment.make("dev")
    assert environment.is_ready("dev")
    assert (environment.folder / "kept").exists()


def test_a_half_made_environment_is_made_anew(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(command: list[str], step: str) -> None:
        if "pip" in command:
            (checkout / ".venv" / "torn").touch()
            raise set_up.SetUpError(step)
        run(command, step)

    environment = set_up.Environment(checkout)
    with monkeypatch.context() as patch:
        patch.setattr(set_up, "run", fail)
        with pytest.raises(set_up.SetUpError, match=r"installing requirements.txt"):
            environment.make("crawl")
    assert not environment.is_ready("crawl")
    environment.make("crawl")
    assert environment.is_ready("crawl")
    assert not (checkout / ".venv" / "torn").exists()


def test_an_environment_that_was_moved_is_made_anew(checkout: Path) -> None:
    set_up.Environment(checkout).make("crawl")
    moved = checkout / "moved"
    shutil.copytree(checkout, moved, ignore=shutil.ignore_patterns("moved"))
    assert set_up.Environment(moved).must_restart()
    assert not set_up.Environment(checkout).must_restart()


def test_another_python_is_taken_only_when_it_is_asked_for(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    environment = set_up.Environment(checkout)
    environment.make("crawl")
    (environment.folder / "pyvenv.cfg").write_text("version = 3.11.0rc1\n")
    assert environment.is_ready("crawl")
    monkeypatch.setenv("PYTHON", sys.executable)
    assert not environment.is_ready("crawl")


def test_a_second_set_up_waits_for_the_first(checkout: Path) -> None:
    with set_up.alone(checkout), (checkout / "requirements.txt").open("r+b") as second, pytest.raises(BlockingIOError):
        fcntl.flock(second, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_a_step_that_fails_is_an_error_with_its_name_and_code() -> None:
    with pytest.raises(set_up.SetUpError, match=r"stopped at counting \(exit code 3\)"):
        set_up.run([sys.executable, "-c", "raise SystemExit(3)"], "counting")


@pytest.mark.parametrize(
    ("interpreters", "named", "message"),
    [
        ({}, "", "python3 was not found, Python 3.11 or newer is needed: "),
        ({"python3": "echo old 3.9"}, "", "python3 (3.9) is too old, Python 3.11 or newer is needed: "),
        ({"python3.12": "echo bare 3.12"}, "", "python3.12 (3.12) has no venv or no ensurepip, "),
        ({"python3": "exit 127"}, "", "python3 was not found, "),
        ({"python3": "echo ready 3.14"}, "python9", "PYTHON (python9) does not run: "),
        ({"python3": "echo ready 3.14", "other": "echo old 3.8"}, "other", "other (3.8) is too old, "),
    ],
)
def test_what_is_missing_on_the_machine_is_named_first(
    interpreters: dict[str, str], named: str, message: str, tmp_path: Path
) -> None:
    done = setup(tmp_path, interpreters, named)
    assert done.returncode == 1
    assert done.stderr.startswith(message)
    assert done.stdout == ""


def test_the_first_python_that_can_is_taken(tmp_path: Path) -> None:
    able = 'case $1 in -c) echo ready 3.11 ;; *) echo "$@" ;; esac'
    done = setup(tmp_path, {"python3.14": "echo bare 3.14", "python3.13": "echo old 3.1", "python3": able}, "")
    assert (done.returncode, done.stdout) == (0, "scripts/set_up.py dev\n")


def setup(folder: Path, interpreters: dict[str, str], named: str) -> subprocess.CompletedProcess[str]:
    """Run scripts/setup where only these interpreters, each a line of shell, are on PATH."""
    for name, line in interpreters.items():
        (folder / name).write_text(f"#!/bin/sh\n{line}\n")
        (folder / name).chmod(0o755)
    (folder / "dirname").symlink_to(shutil.which("dirname") or "")
    command = ["/bin/sh", str(ROOT / "scripts" / "setup"), "dev"]
    environment = {"PATH": str(folder), "PYTHON": named}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # noqa: S603 - ours


@pytest.mark.parametrize(
    ("words", "last_step"),
    [
        ((), ".venv/bin/scrapy collect"),
        (("URL=https://site.example",), '.venv/bin/scrapy collect "$URL"'),
        (("URL=https://site.example", "ARGS=-n 2"), '.venv/bin/scrapy collect "$URL" -n 2'),
    ],
)
def test_make_crawl_passes_on_what_it_is_given(words: tuple[str, ...], last_step: str) -> None:
    assert make("--dry-run", "crawl", *words).stdout.rstrip().endswith(last_step)


def test_an_empty_url_is_refused_before_anything_is_set_up() -> None:
    made = make("crawl", "URL=")
    assert made.returncode == 2
    assert made.stderr.startswith("URL= is empty: pass URL=https://")
    assert made.stdout == ""


def make(*words: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MAKELEVEL", "URL")}
    command = ["make", "-C", str(ROOT), "--silent", *words]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # noqa: S603 - ours
