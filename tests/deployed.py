"""What `deploy/` says is run, as words that a test can run."""

from __future__ import annotations

import configparser
import os
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from tests.crawls import ROOT

DEPLOY = ROOT / "deploy"
UNITS = DEPLOY / "systemd"
KUBERNETES = DEPLOY / "kubernetes"
INSTALLED = "/opt/crawler/.venv/bin/scrapy"
SCRAPY = [sys.executable, "-W", "error", "-m", "scrapy"]


def unit(name: str) -> configparser.ConfigParser:
    """Read a unit that names no option twice."""
    parser = configparser.ConfigParser(interpolation=None, comment_prefixes=("#",), delimiters=("=",))
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string((UNITS / name).read_text("utf-8"))
    return parser


def started_by(name: str, **environment: str) -> list[str]:
    """Return what a unit starts, with its variables split at spaces as systemd does."""
    words: list[str] = []
    for word in shlex.split(unit(name)["Service"]["ExecStart"]):
        words += environment.get(word[1:], "").split() if word.startswith("$") else [word]
    assert words[0] == INSTALLED
    return words[1:]


def documents(path: Path) -> list[dict[str, Any]]:
    """Read a file of YAML."""
    return list(yaml.safe_load_all(path.read_text("utf-8")))


def compose() -> dict[str, Any]:
    """Read the compose file, without what its services share twice over."""
    (found,) = documents(DEPLOY / "compose.yaml")
    return found


def manifests() -> Iterator[tuple[Path, dict[str, Any]]]:
    """Yield all objects for Kubernetes, and where they are from."""
    for path in sorted(KUBERNETES.rglob("*.yaml")):
        for document in documents(path):
            yield path, document


def the(kind: str, name: str) -> dict[str, Any]:
    """Return one of them."""
    (found,) = [one for _, one in manifests() if one["kind"] == kind and one["metadata"]["name"] == name]
    return found


def container(name: str) -> dict[str, Any]:
    """Return the container of a StatefulSet."""
    (found,) = the("StatefulSet", name)["spec"]["template"]["spec"]["containers"]
    assert isinstance(found, dict)
    return found


def environment_of_image() -> dict[str, str]:
    """Return what a process of the image finds, with the folders of this machine."""
    (line,) = [line for line in dockerfile() if line.startswith("ENV ")]
    told = dict(word.split("=", 1) for word in line.split()[1:])
    assert told["PYTHONPATH"] == "/app"
    assert told["PATH"] == "/venv/bin:$PATH"
    return {**told, "PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"]}


def dockerfile() -> list[str]:
    """Return the instructions of the Dockerfile, each in a line."""
    text = (DEPLOY / "Dockerfile").read_text("utf-8").replace("\\\n", " ")
    return [line for line in text.splitlines() if line and not line.startswith("#")]
