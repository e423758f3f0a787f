"""The lines by which `deploy/` starts instances, run for real, and stopped as an engine stops them."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.crawls import DEADLINE_S, STARTED, lines, until_lines
from tests.deployed import SCRAPY, compose, container, environment_of_image, started_by
from tests.site import Catalogue, running_site

LINES = {
    "systemd": started_by("crawler-users@.service"),
    "compose": compose()["services"]["users"]["command"],
    "kubernetes": container("users")["args"],
}
CATALOGUE = Catalogue.generate(6, 40)
AT_ONCE = ("-s", "DOWNLOAD_DELAY=0")


class Contained:
    """A process as the image runs it: in the folder of the records, with no more in its environment."""

    def __init__(self, folder: Path, redis_url: str, words: Sequence[str]) -> None:
        self.folder, self.log = folder, folder / "log"
        self.environment = {**environment_of_image(), "HOME": str(folder), "REDIS_URL": redis_url}
        self.process = self.start(*words)

    def start(self, *words: str) -> subprocess.Popen[str]:
        command = ["/bin/sh", "-c", 'exec "$@"', "sh", *SCRAPY, *words]
        with self.log.open("ab") as log:
            process = subprocess.Popen(  # noqa: S603 - our own command
                command,
                cwd=self.folder,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                text=True,
            )
        STARTED.append(process)
        return process

    def until_healthy(self, *words: str) -> None:
        """Ask until the answer is yes, as an engine does."""
        deadline = time.monotonic() + DEADLINE_S
        while self.code(*words) != 0:
            assert time.monotonic() < deadline, f"never healthy: {self.process.poll()}"

    def code(self, *words: str) -> int:
        return self.start(*words).wait(DEADLINE_S)

    def stop(self) -> tuple[int, str]:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(DEADLINE_S), self.log.read_text("utf-8")


@pytest.mark.parametrize("where", LINES)
def test_an_instance_runs_is_healthy_and_drains(where: str, valkey: str, tmp_path: Path) -> None:
    with running_site(CATALOGUE) as site:
        contained = Contained(tmp_path, valkey, [*LINES[where], "-a", f"url={site.url}", *AT_ONCE])
        until_lines(contained.process, tmp_path / "users.jsonl", 6)
        contained.until_healthy("health", "users")
        code, log = contained.stop()
    assert code == 0, log
    assert contained.code("health") == 1
    assert {record["kind"] for record in lines(tmp_path / "users.jsonl")} == {"user"}


def test_an_instance_without_a_seed_waits_and_is_healthy(valkey: str, tmp_path: Path) -> None:
    contained = Contained(tmp_path, valkey, LINES["kubernetes"])
    contained.until_healthy(*container("users")["startupProbe"]["exec"]["command"][1:])
    assert contained.stop()[0] == 0


def test_the_fleet_of_systemd_runs_and_drains_by_a_signal_to_its_parent(tmp_path: Path) -> None:
    with running_site(CATALOGUE) as site:
        words = started_by("crawler-fleet.service", CRAWLER_FLEET="users -n 2 videos -n auto")
        place = words.index("users")
        seeded = [*words[:place], "-a", f"url={site.url}", *AT_ONCE, *words[place:]]
        contained = Contained(tmp_path, "", seeded)
        until_lines(contained.process, tmp_path / "videos.jsonl", 10)
        contained.until_healthy("health")
        code, log = contained.stop()
    assert code == 0, log
    assert "users-2" in log


def test_variables_of_units_are_split_as_systemd_does() -> None:
    words = started_by("crawler-videos@.service", CRAWLER_VIDEOS="-a url=https://peertube.example")
    assert words[-2:] == ["-a", "url=https://peertube.example"]
