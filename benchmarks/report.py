"""What all measurements have in common: their options, their table, the machine they ran on."""

from __future__ import annotations

import argparse
import os
import platform
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from statistics import median


def parser(name: str, description: str | None) -> argparse.ArgumentParser:
    """Return a parser of the command line of `python -m benchmarks.<name>`."""
    return argparse.ArgumentParser(
        prog=f"python -m benchmarks.{name}",
        description=description,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def say(line: str = "") -> None:
    """Print a line at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def progress(line: str) -> None:
    """Say what is under way, beside the result."""
    sys.stderr.write(line + "\n")


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a Markdown table."""
    lines = [list(head), *map(list, rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    lines.insert(1, [width * "-" for width in widths])
    for line in lines:
        say("| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |")


def cpu_ms(act: Callable[..., object], *args: object) -> float:
    """Return the CPU time of one call."""
    began = time.process_time()
    act(*args)
    return 1000 * (time.process_time() - began)


def spread(values: Sequence[float], digits: int = 2) -> str:
    """Return median, least and most."""
    return f"{median(values):.{digits}f} ({min(values):.{digits}f} to {max(values):.{digits}f})"


def machine() -> str:
    """Return a line that says where this was measured, and how busy it was."""
    load = os.getloadavg()[0]
    return (
        f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, load {load:.1f} at the end, "
        f"Python {platform.python_version()}"
    )
