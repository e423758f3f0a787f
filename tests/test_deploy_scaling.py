"""The autoscaler of `deploy/kubernetes/scaling`, measured as KEDA measures, on a queue that is there."""

from __future__ import annotations

import ast
import math
from collections.abc import Iterator
from typing import Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

from crawler.frontier.keys import Keys
from tests.deployed import the
from tests.queues import Crew, crew_at, finish, link, push, take

SPIDERS = ("users", "videos")
LENGTH = """
local count = { zset = "ZCARD", set = "SCARD", list = "LLEN", hash = "HLEN", none = "LLEN" }
return redis.call(count[redis.call("TYPE", KEYS[1]).ok], KEYS[1])
"""
"""What KEDA's scaler `redis` takes of a key, by its type."""


class Strict(BaseModel):
    """A part of KEDA's ScaledObject; only fields that we use, as its own schema has them."""

    model_config = ConfigDict(extra="forbid", strict=True, alias_generator=to_camel)


class Named(Strict):
    name: str


class Metadata(Named):
    namespace: str


class Target(Named):
    api_version: Literal["apps/v1"]
    kind: Literal["StatefulSet"]


class Length(Strict):
    """All values are strings there."""

    address: str
    list_name: str
    list_length: str


class Trigger(Named):
    type: Literal["redis"]
    metadata: Length
    authentication_ref: Named


class Modifiers(Strict):
    formula: str
    target: str
    metric_type: Literal["AverageValue"]


class Policy(Strict):
    type: Literal["Pods", "Percent"]
    value: int
    period_seconds: int


class Rules(Strict):
    policies: list[Policy]
    stabilization_window_seconds: int = 0


class Behavior(Strict):
    scale_up: Rules
    scale_down: Rules


class Pace(Strict):
    behavior: Behavior


class Advanced(Strict):
    scaling_modifiers: Modifiers
    horizontal_pod_autoscaler_config: Pace


class Spec(Strict):
    scale_target_ref: Target
    polling_interval: int
    min_replica_count: int
    max_replica_count: int
    triggers: list[Trigger]
    advanced: Advanced


class ScaledObject(Strict):
    api_version: Literal["keda.sh/v1alpha1"]
    kind: Literal["ScaledObject"]
    metadata: Metadata
    spec: Spec


def scaled(spider: str) -> ScaledObject:
    return ScaledObject.model_validate(the("ScaledObject", spider))


@pytest.fixture
def crew(valkey: str) -> Iterator[Crew]:
    with crew_at(valkey, "users") as crew:
        yield crew


def value(formula: str, numbers: dict[str, float]) -> float:
    """Evaluate a formula of KEDA's that is one of Python's too: numbers, names, `/`, and `min`."""
    tree = ast.parse(formula, mode="eval")
    parts = (ast.Expression, ast.Call, ast.Name, ast.Load, ast.BinOp, ast.Div, ast.Constant)
    assert all(isinstance(node, parts) for node in ast.walk(tree))
    return float(eval(compile(tree, "formula", "eval"), {"__builtins__": {}, "min": min}, numbers))  # noqa: S307


def replicas(crew: Crew) -> int:
    """Return how many instances the autoscaler wants."""
    spec = scaled("users").spec
    measured: dict[str, Any] = {
        one.name: float(crew.server.eval(LENGTH, 1, one.metadata.list_name)) for one in spec.triggers
    }
    modifiers = spec.advanced.scaling_modifiers
    wanted = math.ceil(value(modifiers.formula, measured) / float(modifiers.target))
    return min(max(wanted, spec.min_replica_count), spec.max_replica_count)


def filled(crew: Crew, hosts: int, requests: int) -> None:
    links = [link(f"p{number}", f"h{number % hosts}.example") for number in range(requests)]
    push(crew.join(), *links)


@pytest.mark.parametrize("spider", SPIDERS)
def test_the_autoscaler_looks_at_the_keys_of_its_crawl(spider: str) -> None:
    spec = scaled(spider).spec
    keys = Keys(spider)
    looked_at = {one.name: one.metadata.list_name for one in spec.triggers}
    assert looked_at == {"requests": keys.requests, "hosts": keys.hosts}
    assert the("StatefulSet", spec.scale_target_ref.name)
    for one in spec.triggers:
        service, namespace, *_ = one.metadata.address.split(".")
        assert the("Service", service)["metadata"]["namespace"] == namespace
        (secret,) = the("TriggerAuthentication", one.authentication_ref.name)["spec"]["secretTargetRef"]
        assert secret == {"parameter": "password", "name": "valkey", "key": "password"}


def test_without_a_crawl_there_is_one_instance(crew: Crew) -> None:
    assert replicas(crew) == 1


@pytest.mark.parametrize(
    ("hosts", "requests", "wanted"),
    [(1, 5000, 1), (25, 5000, 1), (26, 5000, 2), (200, 400, 1), (200, 5000, 5), (60, 5000, 3), (300, 12_000, 10)],
)
def test_there_are_as_many_as_there_is_work_for(crew: Crew, hosts: int, requests: int, wanted: int) -> None:
    filled(crew, hosts, requests)
    assert replicas(crew) == wanted


def test_when_all_is_done_there_is_one_again(crew: Crew) -> None:
    queue = crew.join()
    push(queue, *(link(f"p{number}", f"h{number}.example") for number in range(1500)))
    assert replicas(crew) == 2
    while taken := take(queue):
        finish(queue, *taken.values())
    assert replicas(crew) == 1
