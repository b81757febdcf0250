"""The manifests keep the rules, and a rule that is broken says so. `make k8s-check` looks at every overlay."""

import copy
import hashlib
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml

from dev.k8s.manifests import Manifests
from dev.k8s.rendering import base, can_render
from dev.k8s.rules import rule_problems
from dev.k8s.secrets import SECRETS, secrets_for_trying
from tests.integration.k8s.overlays import container, named, pod

BASE = base()


def test_what_all_overlays_share_keeps_every_rule() -> None:
    assert rule_problems(BASE) == []


def break_selector(m: Manifests) -> None:
    named(m, "Service", "task-svc")["spec"]["selector"] = {"app.kubernetes.io/name": "tasks"}


def break_target_port(m: Manifests) -> None:
    named(m, "Service", "gateway")["spec"]["ports"][0]["targetPort"] = "https"


def break_probe_port(m: Manifests) -> None:
    container(m, "user-svc")["livenessProbe"]["grpc"]["port"] = 3009


def break_container_port(m: Manifests) -> None:
    container(m, "gateway")["ports"][1]["containerPort"] = 9100


def break_target(m: Manifests) -> None:
    named(m, "ConfigMap", "unified-settings")["data"]["TASK_SERVICE_TARGET"] = "dns:///tasks:3002"


def misspell_setting(m: Manifests) -> None:
    named(m, "ConfigMap", "unified-settings")["data"]["LOG_LEVLE"] = "info"


def forget_settings(m: Manifests) -> None:
    container(m, "notify-svc")["env"] = []


def forget_mount(m: Manifests) -> None:
    mounts = container(m, "gateway")["volumeMounts"]
    mounts[:] = [each for each in mounts if each["name"] != "jwks"]


def rename_account(m: Manifests) -> None:
    pod(m, "gateway")["spec"]["serviceAccountName"] = "edge"


def rename_secret(m: Manifests) -> None:
    pod(m, "gateway")["spec"]["volumes"][1]["secret"]["secretName"] = "keys"


def rename_volume(m: Manifests) -> None:
    pod(m, "gateway")["spec"]["volumes"][-1]["name"] = "temporary"


def rename_scaled(m: Manifests) -> None:
    named(m, "HorizontalPodAutoscaler", "gateway")["spec"]["scaleTargetRef"]["name"] = "edge"


def shorten_grace(m: Manifests) -> None:
    pod(m, "task-svc")["spec"]["terminationGracePeriodSeconds"] = 30


def stop_at_once(m: Manifests) -> None:
    del container(m, "task-svc")["lifecycle"]


def run_as_root(m: Manifests) -> None:
    pod(m, "user-svc")["spec"]["securityContext"]["runAsNonRoot"] = False


def write_anywhere(m: Manifests) -> None:
    container(m, "user-svc")["securityContext"]["readOnlyRootFilesystem"] = False


def take_the_latest(m: Manifests) -> None:
    container(m, "user-svc")["image"] = "unified/user-svc:latest"


def forget_memory(m: Manifests) -> None:
    del container(m, "user-svc")["resources"]["limits"]


def keep_all(m: Manifests) -> None:
    named(m, "PodDisruptionBudget", "task-svc")["spec"]["maxUnavailable"] = 0


def fix_replicas(m: Manifests) -> None:
    named(m, "Deployment", "task-svc")["spec"]["replicas"] = 3


def close_the_way(m: Manifests) -> None:
    named(m, "NetworkPolicy", "gateway")["spec"]["egress"].pop(1)


def close_the_door(m: Manifests) -> None:
    named(m, "NetworkPolicy", "user-svc")["spec"]["ingress"].pop(0)


def allow_everything(m: Manifests) -> None:
    m.every.remove(named(m, "NetworkPolicy", "default-deny"))


def forget_store(m: Manifests) -> None:
    del pod(m, "notify-svc")["metadata"]["labels"]["unified/uses-rabbitmq"]


def ask_once(m: Manifests) -> None:
    container(m, "task-svc")["readinessProbe"] = container(m, "task-svc")["livenessProbe"]


def ask_by_connecting(m: Manifests) -> None:
    container(m, "task-svc")["startupProbe"] = {"tcpSocket": {"port": 3002}}


def hide_replicas(m: Manifests) -> None:
    del named(m, "Service", "user-svc")["spec"]["clusterIP"]


def crowd(m: Manifests) -> None:
    pod(m, "gateway")["spec"]["topologySpreadConstraints"].pop(0)


def hold_on(m: Manifests) -> None:
    del named(m, "PodDisruptionBudget", "gateway")["spec"]["unhealthyPodEvictionPolicy"]


def admit_everybody(m: Manifests) -> None:
    m.every.append({"kind": "Namespace", "metadata": {"name": "unified", "labels": {}}})


def keep_two(m: Manifests) -> None:
    named(m, "HorizontalPodAutoscaler", "gateway")["spec"]["minReplicas"] = 2


@pytest.mark.parametrize(
    ("break_it", "problem"),
    [
        (break_selector, "Service task-svc selects no pods"),
        (break_target_port, "Service gateway leads to the port https, which Deployment gateway does not have"),
        (break_probe_port, "Deployment user-svc: its livenessProbe asks the port 3009, which it does not have"),
        (break_container_port, "Deployment gateway does not have the port 3100 of API_GATEWAY_METRICS_PORT"),
        (break_target, "Deployment gateway: TASK_SERVICE_TARGET leads to tasks:3002, where no service listens"),
        (misspell_setting, "no process reads the setting LOG_LEVLE"),
        (forget_settings, "Deployment notify-svc: RABBITMQ_URL is not set"),
        (forget_mount, "Deployment gateway: JWT_JWKS_FILE must name a file that exists"),
        (rename_account, "Deployment gateway names the service account edge, which is nowhere"),
        (rename_secret, "Deployment gateway names the secret keys, which nothing makes"),
        (rename_volume, "Deployment gateway mounts the volume tmp, which it does not have"),
        (rename_scaled, "HorizontalPodAutoscaler gateway scales Deployment edge, which is nowhere"),
        (shorten_grace, "Deployment task-svc is killed before it has drained: its grace period must be 35 s or longer"),
        (stop_at_once, "Deployment task-svc stops before the nodes know: it needs a preStop sleep"),
        (run_as_root, "Deployment user-svc must run as somebody else than root, under the default seccomp profile"),
        (write_anywhere, "Deployment user-svc, user-svc: its root file system must be read-only"),
        (take_the_latest, "its image unified/user-svc:latest must have a tag that says which it is"),
        (forget_memory, "Deployment user-svc, user-svc: must request processor and memory, and limit memory"),
        (keep_all, "PodDisruptionBudget task-svc must let one go, or nodes cannot be emptied"),
        (fix_replicas, "Deployment task-svc states a number of replicas, which is its autoscaler's affair"),
        (close_the_way, "no network policy lets Deployment gateway call Deployment task-svc at 3002/TCP: its egress is missing"),
        (
            close_the_door,
            "no network policy lets Deployment gateway call Deployment user-svc at 3001/TCP: its ingress is missing",
        ),
        (allow_everything, "no network policy denies everything that is not allowed"),
        (ask_once, "Deployment task-svc needs a readinessProbe by grpc that asks for the service ''"),
        (ask_by_connecting, "Deployment task-svc needs a startupProbe by grpc that asks for the service 'live'"),
        (hide_replicas, "Service user-svc must be headless, or callers stay with one replica"),
        (crowd, "Deployment gateway must be spread over topology.kubernetes.io/zone"),
        (hold_on, "PodDisruptionBudget gateway must let what is broken anyway go"),
        (admit_everybody, "Namespace unified must refuse pods that are not restricted"),
        (keep_two, "HorizontalPodAutoscaler gateway must keep 3 or more"),
        (forget_store, "notify-svc must have the label unified/uses-rabbitmq if, and only if, it has RABBITMQ_URL"),
    ],
)
def test_what_is_broken_is_said(break_it: Callable[[Manifests], None], problem: str) -> None:
    manifests = Manifests(copy.deepcopy(BASE.every))
    break_it(manifests)
    found = rule_problems(manifests, "production")
    assert any(problem in each for each in found), found


def test_an_old_kubectl_cannot_render(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for minor, can in (("20+", False), ("21", True)):
        (tmp_path / "kubectl").write_text(f'#!/bin/sh\necho \'{{"clientVersion": {{"major": "1", "minor": "{minor}"}}}}\'\n')
        (tmp_path / "kubectl").chmod(0o755)
        monkeypatch.setenv("PATH", str(tmp_path))
        assert can_render() is can


def test_secrets_for_trying_have_every_key_and_never_twice_the_same_password() -> None:
    made = {each["metadata"]["name"]: each["stringData"] for each in yaml.safe_load_all(secrets_for_trying("here"))}
    assert {name: set(data) for name, data in made.items()} == {name: set(keys) for name, keys in SECRETS.items()}
    assert made["rabbitmq-user"]["RABBITMQ_DEFAULT_PASS"] in made["task-svc-settings"]["RABBITMQ_URL"]
    password = urlsplit(made["gateway-settings"]["REDIS_URL"]).password
    assert hashlib.sha256(str(password).encode()).hexdigest() in made["redis-users"]["redis-users.acl"]
    again = list(yaml.safe_load_all(secrets_for_trying("here")))
    assert made["rabbitmq-user"] not in [each["stringData"] for each in again]
