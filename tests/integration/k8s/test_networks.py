"""Network policies that let too few or too many pass are told apart from those that do what they should."""

from typing import Any

import pytest

from dev.k8s.manifests import Manifests
from tests.integration.k8s.overlays import Break, named, problems_when, settings


def policy(m: Manifests, name: str) -> dict[str, Any]:
    spec: dict[str, Any] = named(m, "NetworkPolicy", name)["spec"]
    return spec


def without(name: str) -> Break:
    return lambda m: m.every.remove(named(m, "NetworkPolicy", name))


def mistake_egress_port(m: Manifests) -> None:
    policy(m, "gateway")["egress"][1]["ports"][0]["port"] = 3009


def mistake_ingress_port(m: Manifests) -> None:
    policy(m, "user-svc")["ingress"][0]["ports"][0]["port"] = "grcp"


def mistake_protocol(m: Manifests) -> None:
    policy(m, "redis")["ingress"][0]["ports"][0]["protocol"] = "UDP"


def forget_way(m: Manifests) -> None:
    policy(m, "task-svc")["policyTypes"].remove("Egress")


def shut_out_everybody(m: Manifests) -> None:
    policy(m, "gateway")["ingress"].pop(0)


def shut_out_prometheus(m: Manifests) -> None:
    policy(m, "notify-svc")["ingress"].pop(1)


def mean_nobody(m: Manifests) -> None:
    policy(m, "uses-redis")["podSelector"]["matchLabels"] = {"unified/uses-rediss": "true"}


def admit_nobody(m: Manifests) -> None:
    policy(m, "user-svc")["ingress"][0]["from"][1]["podSelector"]["matchLabels"] = {"app.kubernetes.io/name": "tasks"}


def admit_everybody(m: Manifests) -> None:
    policy(m, "user-svc")["ingress"].append({})


def let_out_to_everybody(m: Manifests) -> None:
    policy(m, "mongodb")["ingress"].append({"from": [{"podSelector": {}}]})
    policy(m, "name-resolution")["egress"].append({"to": [{"podSelector": {}}]})


def rename_store(m: Manifests) -> None:
    named(m, "Service", "redis")["metadata"]["name"] = "cache"


def forget_store(m: Manifests) -> None:
    m.every.remove(named(m, "StatefulSet", "redis"))


@pytest.mark.parametrize(
    ("overlay", "break_it", "problem"),
    [
        (
            "dev",
            mistake_egress_port,
            "NetworkPolicy gateway: its egress names the port 3009, which Deployment task-svc does not have",
        ),
        ("dev", mistake_egress_port, "Deployment gateway call Deployment task-svc at 3002/TCP: its egress is missing"),
        (
            "dev",
            mistake_ingress_port,
            "NetworkPolicy user-svc: its ingress names the port grcp, which Deployment user-svc does not",
        ),
        ("dev", mistake_ingress_port, "Deployment task-svc call Deployment user-svc at 3001/TCP: its ingress is missing"),
        ("dev", mistake_protocol, "Deployment gateway call StatefulSet redis at 6379/TCP: its ingress is missing"),
        ("dev", forget_way, "Deployment task-svc call Deployment user-svc at 3001/TCP: its egress is missing"),
        ("dev", without("name-resolution"), "Deployment gateway call the name server at 53/UDP: its egress is missing"),
        ("dev", without("uses-redis"), "Deployment gateway call StatefulSet redis at 6379/TCP: its egress is missing"),
        ("dev", without("redis"), "Deployment gateway call StatefulSet redis at 6379/TCP: its ingress is missing"),
        ("dev", without("uses-mongodb"), "Job mongodb-initiation call StatefulSet mongodb at 27017/TCP: its egress is missing"),
        (
            "staging",
            without("uses-mongodb"),
            "Deployment user-svc call MongoDBCommunity mongodb at 27017/TCP: its egress is missing",
        ),
        (
            "production",
            without("rabbitmq"),
            "Deployment task-svc call RabbitmqCluster rabbitmq at 5672/TCP: its ingress is missing",
        ),
        ("production", shut_out_everybody, "the ingress controller call Deployment gateway at 3000/TCP: its ingress is missing"),
        ("production", shut_out_prometheus, "Prometheus call Deployment notify-svc at 3103/TCP: its ingress is missing"),
        ("dev", mean_nobody, "NetworkPolicy uses-redis is for no pods"),
        (
            "dev",
            admit_nobody,
            "NetworkPolicy user-svc: its ingress selects no pods by {'matchLabels': {'app.kubernetes.io/name': 'tasks'}}",
        ),
        (
            "dev",
            admit_everybody,
            "network policies let Prometheus call Deployment user-svc at 3001/TCP, which it has no reason to",
        ),
        (
            "dev",
            let_out_to_everybody,
            "network policies let Deployment gateway call StatefulSet mongodb at 27017/TCP, which it has no",
        ),
        ("staging", rename_store, "StatefulSet redis needs a service of its name with the port 6379"),
        ("staging", forget_store, "Deployment gateway uses redis, which is nowhere"),
    ],
)
def test_what_is_broken_is_said(overlay: str, break_it: Break, problem: str) -> None:
    found = problems_when(break_it, overlay)
    assert any(problem in each for each in found), found


def send_spans_elsewhere(m: Manifests) -> None:
    settings(m)["OTEL_EXPORTER_OTLP_ENDPOINT"] = "http://collector:4318"


@pytest.mark.parametrize(("break_it", "port"), [(without("tracing"), 4317), (send_spans_elsewhere, 4318)])
def test_spans_that_cannot_reach_their_collector_are_missed(break_it: Break, port: int) -> None:
    problem = f"no network policy lets Deployment task-svc call the collector of spans at {port}/TCP: its egress is missing"
    assert problem in problems_when(break_it, "staging", "tracing")
