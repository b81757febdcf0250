"""What the stores in the cluster are told is what those of compose.yaml are told, which the tests of compose try."""

from pathlib import Path
from typing import Any

import yaml

from dev.k8s.manifests import FOLDER
from dev.service import ROOT

COMPONENTS, INFRA = FOLDER / "components", ROOT / "infra"


def said(file: Path) -> list[str]:
    return [line for line in file.read_text().splitlines() if line and not line.startswith("#")]


def pod_of(store: str) -> dict[str, Any]:
    pod: dict[str, Any] = yaml.safe_load((COMPONENTS / store / "stateful-set.yaml").read_text())["spec"]["template"]["spec"]
    return pod


def test_rabbitmq_is_told_the_same() -> None:
    # The user there is one of the definitions, here one of the environment.
    told = [line for line in said(INFRA / "rabbitmq/rabbitmq.conf") if not line.startswith("load_definitions ")]
    assert said(COMPONENTS / "rabbitmq/rabbitmq.conf") == told


def test_rabbitmq_has_the_same_plugins() -> None:
    assert said(COMPONENTS / "rabbitmq/enabled_plugins") == said(INFRA / "rabbitmq/enabled_plugins")


def test_rabbitmq_starts_again_on_its_volume() -> None:
    """Erlang refuses a cookie that the group may read, and that is what a change of the group of all files makes of it."""
    assert pod_of("rabbitmq")["securityContext"]["fsGroupChangePolicy"] == "OnRootMismatch"


def test_redis_is_told_the_same() -> None:
    assert (COMPONENTS / "redis/redis.conf").read_text() == (INFRA / "redis/redis.conf").read_text()


def test_redis_refuses_long_before_it_is_killed() -> None:
    limit = pod_of("redis")["containers"][0]["resources"]["limits"]["memory"]
    most = next(line.split()[1] for line in said(COMPONENTS / "redis/redis.conf") if line.startswith("maxmemory "))
    assert (limit, most) == ("512Mi", "256mb")
