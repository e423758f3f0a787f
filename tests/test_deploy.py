from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from tests.crawls import DEADLINE_S, ROOT
from tests.deployed import DEPLOY, INSTALLED, KUBERNETES, UNITS, compose, container, dockerfile, manifests, the, unit

ANALYZE = shutil.which("systemd-analyze")
SYSTEMD = pytest.mark.skipif(
    not ANALYZE and not os.environ.get("CI"), reason="systemd-analyze is missing: install systemd"
)
STARTED = ("crawler-users@1.service", "crawler-videos@1.service", "crawler-fleet.service")
ALL_UNITS = (*STARTED, "crawler.target", "crawler.slice")
HADOLINT = Path(sys.executable).with_name("hadolint")
SPIDERS = ("users", "videos")
VALKEY_ARGUMENTS = (("--appendonly", "yes"), ("--maxmemory-policy", "noeviction"))


def run(*command: str | Path, cwd: Path = ROOT) -> tuple[int, str]:
    done = subprocess.run(  # noqa: S603 - linters
        command, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=DEADLINE_S, check=False
    )
    return done.returncode, done.stdout


# --- systemd ---


@pytest.fixture
def units(tmp_path: Path) -> Path:
    """The units, with a program that is there."""
    folder = tmp_path / "units"
    shutil.copytree(UNITS, folder)
    for path in folder.rglob("*.service"):
        path.write_text(path.read_text("utf-8").replace(INSTALLED, "/bin/true"))
    return folder


def verified(folder: Path) -> str:
    return run(str(ANALYZE), "verify", "--man=no", *(f"./{name}" for name in ALL_UNITS), cwd=folder)[1]


@SYSTEMD
def test_systemd_has_nothing_to_say_against_the_units(units: Path) -> None:
    assert verified(units) == ""
    told = {path.name.replace("@.", "@1.") for path in units.iterdir() if path.suffix in {".service", ".target"}}
    assert told <= set(ALL_UNITS)


@SYSTEMD
@pytest.mark.parametrize("mistake", ["Nonsense=1", "Restart=perhaps", "KillMode=sometimes", "SystemCallFilter=@none"])
def test_a_mistake_in_what_units_share_is_found(units: Path, mistake: str) -> None:
    with (units / "crawler-.service.d" / "10-crawler.conf").open("a") as common:
        common.write(f"{mistake}\n")
    assert mistake.partition("=")[0] in verified(units) or mistake.partition("=")[2] in verified(units)


@SYSTEMD
@pytest.mark.parametrize("name", STARTED)
def test_a_unit_may_do_little(units: Path, name: str) -> None:
    exposure, told = run(str(ANALYZE), "security", "--offline=true", "--threshold=20", f"./{name}", cwd=units)
    assert exposure == 0, told


def test_units_drain_with_time_enough_and_are_started_again() -> None:
    common = (UNITS / "crawler-.service.d" / "10-crawler.conf").read_text("utf-8").splitlines()
    for line in ("KillSignal=SIGTERM", "KillMode=mixed", "TimeoutStopSec=2min", "Restart=on-failure", "RestartSec=10"):
        assert line in common
    for name in ("crawler-users@.service", "crawler-videos@.service", "crawler-fleet.service"):
        assert unit(name)["Install"]["WantedBy"] == "crawler.target"


@pytest.mark.parametrize(("environment", "code"), [({}, 2), ({"REDIS_URL": ""}, 2), ({"REDIS_URL": "redis://a"}, 0)])
def test_an_instance_of_systemd_without_a_server_says_what_to_do(environment: dict[str, str], code: int) -> None:
    for spider in SPIDERS:
        line = unit(f"crawler-{spider}@.service")["Service"]["ExecStartPre"]
        words = shlex.split(line.replace("$$", "$"))
        done = subprocess.run(words, env=environment, capture_output=True, text=True, check=False)  # noqa: S603 - ours
        assert done.returncode == code
        assert ("set it in /etc/crawler/crawler.env" in done.stderr) == bool(code)


# --- the image ---


def test_hadolint_has_nothing_to_say_against_the_dockerfile() -> None:
    assert run(HADOLINT, DEPLOY / "Dockerfile") == (0, "")


def test_hadolint_finds_a_mistake(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM python:latest\nCMD scrapy list\n")
    code, told = run(HADOLINT, tmp_path / "Dockerfile")
    assert code == 1
    assert "DL3007" in told


def test_the_image_is_no_roots_and_tells_how_it_does() -> None:
    lines = dockerfile()
    words = {line.partition(" ")[0]: line.partition(" ")[2] for line in lines}
    assert words["USER"] == "10001:10001"
    assert words["STOPSIGNAL"] == "SIGTERM"
    assert json.loads(words["ENTRYPOINT"]) == ["scrapy"]
    assert json.loads(words["HEALTHCHECK"].partition("CMD ")[2]) == ["scrapy", "health"]
    assert [line.split()[1] for line in lines if line.startswith("FROM ")] == ["python:3.13-slim"] * 2


def test_what_the_image_copies_is_in_its_context() -> None:
    context = (DEPLOY / "Dockerfile.dockerignore").read_text("utf-8").splitlines()
    copied = [line.split()[1] for line in dockerfile() if line.startswith("COPY ") and "--from" not in line]
    assert copied == ["requirements.txt", "crawler"]
    for name in copied:
        assert (ROOT / name).exists()
        assert f"!{name}" in context
    assert context[0] == "*"


# --- compose ---


def test_the_compose_file_is_one() -> None:
    schema = "--builtin-schema=vendor.compose-spec"
    code, told = run(sys.executable, "-m", "check_jsonschema", schema, DEPLOY / "compose.yaml")
    assert code == 0, told


def test_a_mistake_in_a_compose_file_is_found(tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text("services: {a: {image: b, restarts: always}}\n")
    schema = "--builtin-schema=vendor.compose-spec"
    code, told = run(sys.executable, "-m", "check_jsonschema", schema, tmp_path / "compose.yaml")
    assert code == 1
    assert "restarts" in told


def pairs(words: list[str]) -> list[tuple[str, str]]:
    return list(pairwise(words))


def test_services_of_compose_can_be_scaled_and_have_time_to_drain() -> None:
    services = compose()["services"]
    for name in SPIDERS:
        service = services[name]
        assert not {"container_name", "ports"} & set(service)
        assert (service["stop_grace_period"], service["init"], service["read_only"]) == ("2m", True, True)
        assert service["environment"]["REDIS_URL"] == "redis://valkey:6379/0"
        assert service["volumes"] == ["records:/data"]
        assert service["hostname"] == "crawler", "instances on one volume are one machine to its files"
    assert set(VALKEY_ARGUMENTS) <= set(pairs(services["valkey"]["command"]))
    assert services["valkey"]["networks"] == ["queue"]
    assert compose()["networks"]["queue"]["internal"]


# --- Kubernetes ---


def core() -> list[Any]:
    """What Kubernetes itself knows."""
    return [
        pytest.param(one, id=f"{path.name} {one['kind']} {one['metadata']['name']}")
        for path, one in manifests()
        if "metadata" in one and not one["apiVersion"].startswith("keda.sh")
    ]


@pytest.mark.parametrize("version", ["1.30", "1.37"])
@pytest.mark.parametrize("manifest", core())
def test_a_manifest_is_what_kubernetes_takes(manifest: dict[str, Any], version: str) -> None:
    assert kubernetes_validate.validate(manifest, version, strict=True)


def test_a_mistake_in_a_manifest_is_found() -> None:
    manifest = the("StatefulSet", "users")
    manifest["spec"]["template"]["spec"]["terminationGracePeriod"] = 120
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(manifest, "1.37", strict=True)


@pytest.mark.parametrize("folder", [KUBERNETES, KUBERNETES / "scaling"])
def test_all_that_is_there_is_applied(folder: Path) -> None:
    resources = yaml.safe_load((folder / "kustomization.yaml").read_text("utf-8"))["resources"]
    assert sorted([*resources, "kustomization.yaml"]) == sorted(path.name for path in folder.glob("*.yaml"))


@pytest.mark.parametrize("place", ["", "scaling/"])
def test_both_spiders_are_run_alike(place: str) -> None:
    users, videos = (KUBERNETES / f"{place}{name}.yaml" for name in SPIDERS)
    assert users.read_text("utf-8").replace("users", "videos") == videos.read_text("utf-8")


@pytest.mark.parametrize("name", [*SPIDERS, "valkey"])
def test_a_pod_is_no_roots_and_has_limits(name: str) -> None:
    pod = the("StatefulSet", name)["spec"]["template"]["spec"]
    assert pod["securityContext"]["runAsNonRoot"]
    assert not pod["automountServiceAccountToken"]
    secured = container(name)["securityContext"]
    assert secured["readOnlyRootFilesystem"]
    assert not secured["allowPrivilegeEscalation"]
    assert secured["capabilities"] == {"drop": ["ALL"]}
    assert container(name)["resources"]["limits"]["memory"] == "1Gi"
    assert "livenessProbe" in container(name)


def test_pods_have_time_to_drain_and_wait_longer_for_redis_than_the_probes() -> None:
    for name in SPIDERS:
        spec = the("StatefulSet", name)["spec"]
        assert "replicas" not in spec, "that is the autoscaler's"
        assert spec["template"]["spec"]["terminationGracePeriodSeconds"] == 120
        for probe in ("startupProbe", "livenessProbe"):
            assert container(name)[probe]["exec"]["command"] == ["scrapy", "health", name]
            assert container(name)[probe]["periodSeconds"] * container(name)[probe]["failureThreshold"] == 120
    assert set(VALKEY_ARGUMENTS) <= set(pairs(container("valkey")["args"]))
