"""Makes .venv and installs the requirements, once, and again when a requirements file changes.

Run by `scripts/setup`, which finds a Python that can. Needs only the standard library.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FILES = {"crawl": ["requirements.txt"], "dev": ["requirements.txt", "requirements-ytdlp.txt", "requirements-dev.txt"]}
"""What each level installs; a level holds all that the one before it does."""


class SetUpError(Exception):
    """Raised when .venv cannot be made; says why and what to do."""


class Environment:
    """The folder .venv, and the marks that tell whether it is whole.

    `unfinished` is there from before the first step until after the last one, so that what a failure or an
    interruption leaves behind is made anew. `installed` names the folder, which the scripts in `bin` name in their
    first line and thus must not change, and has one `level checksum` line for each level that is installed.
    """

    def __init__(self, root: Path = ROOT) -> None:
        self.root = root
        self.folder = root / ".venv"
        self.python = self.folder / "bin" / "python"
        self.unfinished = self.folder / "unfinished"
        self.installed = self.folder / "installed"

    def stamp(self, level: str) -> str:
        """Return the line of `installed` that says that `level` is there, in the versions that its files ask for."""
        content = b"".join((self.root / name).read_bytes() for name in FILES[level])
        return f"{level} {hashlib.sha256(content).hexdigest()}"

    def is_ready(self, level: str) -> bool:
        """Tell whether all of `level` is installed, by a Python that the user still wants."""
        if self.must_restart() or not self.installed.exists():
            return False
        return self.stamp(level) in self.installed.read_text().splitlines()

    def must_restart(self) -> bool:
        """Tell whether .venv is half-made, was moved, lost its Python, or has another one than PYTHON names."""
        if self.unfinished.exists() or not self.python.exists():
            return True
        if self.installed.exists() and self.installed.read_text().split("\n", 1)[0] != str(self.folder):
            return True
        wanted = f"version = {sys.version.split()[0]}\n"
        return bool(os.environ.get("PYTHON")) and wanted not in (self.folder / "pyvenv.cfg").read_text()

    def make(self, level: str) -> None:
        """Make .venv where it must be, and install `level`."""
        if self.must_restart():
            shutil.rmtree(self.folder, ignore_errors=True)
            sys.stdout.write("Setting up .venv (first run, about a minute) …\n")
        else:
            sys.stdout.write(f"Setting up .venv ({' and '.join(FILES[level])}) …\n")
        sys.stdout.flush()
        self.folder.mkdir(exist_ok=True)
        self.unfinished.touch()
        if not self.python.exists():
            run([sys.executable, "-m", "venv", str(self.folder)], "making .venv")
        # -I: what PYTHONPATH shows to pip would count as installed.
        pip = [str(self.python), "-I", "-m", "pip", "install", "-q", "--disable-pip-version-check"]
        run([*pip, "-r", str(self.root / FILES[level][-1])], f"installing {FILES[level][-1]}")
        stamps = [self.stamp(known) for known in list(FILES)[: list(FILES).index(level) + 1]]
        self.installed.write_text("\n".join([str(self.folder), *stamps, ""]))
        self.unfinished.unlink()


def run(command: list[str], step: str) -> None:
    """Run one step, its output shown.

    Raises:
        SetUpError: it failed.
    """
    code = subprocess.run(command, check=False).returncode  # noqa: S603 - the command is ours
    if code:
        msg = f"The set-up stopped at {step} (exit code {code}): what went wrong stands above. Run the same line again."
        raise SetUpError(msg)


@contextmanager
def alone(root: Path) -> Iterator[None]:
    """Hold the checkout's lock, so that a second terminal waits for the first one's set-up."""
    with (root / "requirements.txt").open("r+b") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            sys.stdout.write("Waiting for the set-up of .venv in another terminal …\n")
            sys.stdout.flush()
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def main(level: str) -> int:
    """Set `level` up unless it is; return the exit code."""
    environment = Environment()
    if environment.is_ready(level):
        return 0
    try:
        with alone(environment.root):
            if not environment.is_ready(level):
                environment.make(level)
    except (SetUpError, OSError) as exc:
        sys.stderr.write(f"{exc}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("The set-up was interrupted: the next run begins it anew.\n")
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
