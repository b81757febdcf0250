"""Mutual TLS in the cluster: the component that turns it on keeps the rules, and what is broken in it is said."""

import copy
from collections.abc import Callable

import pytest
import yaml

from dev.k8s.manifests import FOLDER, Manifests
from dev.k8s.rendering import base, files
from dev.k8s.rules import rule_problems
from tests.integration.k8s.overlays import container, named, problems_when

COMPONENT = FOLDER / "components" / "mutual-tls"


def turned_on() -> Manifests:
    """What all overlays share, in a namespace, with the component."""
    manifests = Manifests([*base().every, *(each for path, each in files() if path.is_relative_to(COMPONENT))])
    for each in manifests.of("Service"):
        each["metadata"]["namespace"] = "unified"
    component = yaml.safe_load((COMPONENT / "kustomization.yaml").read_text())
    literals = component["configMapGenerator"][0]["literals"]
    named(manifests, "ConfigMap", "unified-settings")["data"].update(literal.split("=", 1) for literal in literals)
    return manifests


TURNED_ON = turned_on()


def test_turned_on_it_keeps_every_rule() -> None:
    assert rule_problems(TURNED_ON) == []


@pytest.mark.parametrize(("overlay", "is_on"), [("dev", False), ("staging", True), ("production", True)])
def test_it_is_on_wherever_it_counts(overlay: str, is_on: bool) -> None:
    kustomization = yaml.safe_load((FOLDER / "overlays" / overlay / "kustomization.yaml").read_text())
    assert ("../../components/mutual-tls" in kustomization["components"]) == is_on


def turn_off(m: Manifests) -> None:
    for config in m.of("ConfigMap"):
        for name in ("MESH_CERTIFICATE_FILE", "MESH_KEY_FILE", "MESH_CA_FILE"):
            config["data"].pop(name, None)


@pytest.mark.parametrize("overlay", ["staging", "production"])
def test_turned_off_where_it_counts_it_is_missed(overlay: str) -> None:
    problem = "Deployment task-svc must have mutual TLS: MESH_CERTIFICATE_FILE is not set"
    assert problem in problems_when(turn_off, overlay)


def rename_process(m: Manifests) -> None:
    named(m, "Certificate", "task-svc")["spec"]["dnsNames"][0] = "tasks"


def move_namespace(m: Manifests) -> None:
    named(m, "Service", "user-svc")["metadata"]["namespace"] = "elsewhere"


def serve_only(m: Manifests) -> None:
    named(m, "Certificate", "task-svc")["spec"]["usages"] = ["server auth"]


def sign_oneself(m: Manifests) -> None:
    named(m, "Certificate", "gateway")["spec"]["issuerRef"]["name"] = "mesh-self-signed"


def forget_authority(m: Manifests) -> None:
    m.every.remove(named(m, "Certificate", "mesh-ca"))


def forget_certificate(m: Manifests) -> None:
    m.every.remove(named(m, "Certificate", "notify-svc"))


def store_elsewhere(m: Manifests) -> None:
    named(m, "Certificate", "user-svc")["spec"]["secretName"] = "user-svc-tls"


def forget_key(m: Manifests) -> None:
    del named(m, "ConfigMap", "unified-settings")["data"]["MESH_KEY_FILE"]


def swap_files(m: Manifests) -> None:
    settings = named(m, "ConfigMap", "unified-settings")["data"]
    settings["MESH_CA_FILE"] = settings["MESH_CERTIFICATE_FILE"]


def forget_mount(m: Manifests) -> None:
    mounts = container(m, "gateway")["volumeMounts"]
    mounts[:] = [each for each in mounts if each["name"] != "certificate"]


def probe_the_mesh(m: Manifests) -> None:
    container(m, "user-svc")["readinessProbe"]["grpc"]["port"] = 3001


@pytest.mark.parametrize(
    ("break_it", "problem"),
    [
        (rename_process, "Certificate task-svc lacks the DNS name task-svc"),
        (move_namespace, "Certificate user-svc lacks the DNS name user-svc.elsewhere.svc"),
        (serve_only, "Certificate task-svc must be for both ends of a call: it lacks client auth"),
        (sign_oneself, "Certificate gateway is issued by mesh-self-signed, which has no CA"),
        (forget_authority, "Certificate gateway is issued by mesh, which has no CA"),
        (forget_certificate, "Deployment notify-svc: MESH_CERTIFICATE_FILE must name a file that exists"),
        (store_elsewhere, "Deployment user-svc: MESH_CA_FILE must name a file that exists"),
        (forget_key, "Deployment gateway: MESH_CA_FILE must be set together with MESH_CERTIFICATE_FILE and MESH_KEY_FILE"),
        (swap_files, "Deployment gateway: MESH_CA_FILE does not hold the CA of the certificate"),
        (forget_mount, "Deployment gateway: MESH_KEY_FILE must name a file that exists"),
        (probe_the_mesh, "Deployment user-svc: its probes must ask the port health, which needs no certificate"),
    ],
)
def test_what_is_broken_is_said(break_it: Callable[[Manifests], None], problem: str) -> None:
    manifests = Manifests(copy.deepcopy(TURNED_ON.every))
    break_it(manifests)
    assert any(problem in each for each in rule_problems(manifests)), rule_problems(manifests)
