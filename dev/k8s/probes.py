"""Rules about probes: each process is asked whether it runs and, apart from that, whether it is ready, where it answers that."""

from collections.abc import Iterator
from typing import Any

from dev.k8s.manifests import Manifests, Pod, Rule
from dev.k8s.processes import processes
from mesh.health import LIVE, OVERALL

# What each asks for: of services by gRPC, of the gateway by HTTP.
PROBES = {
    "startupProbe": (LIVE, "/health/live"),
    "livenessProbe": (LIVE, "/health/live"),
    "readinessProbe": (OVERALL, "/health/ready"),
}


def probes_ask_open_ports(manifests: Manifests) -> Iterator[str]:
    for pod in manifests.pods():
        for probe, _, asked in _asked(pod):
            if "port" in asked and pod.port(asked["port"]) is None:
                yield f"{pod.owner}: its {probe} asks the port {asked['port']}, which it does not have"


def processes_are_asked_for_their_health(manifests: Manifests) -> Iterator[str]:
    for name, process in processes(manifests).items():
        asked = {probe: (way, said) for probe, way, said in _asked(process.pod)}
        for probe, (service, path) in PROBES.items():
            wanted = ("httpGet", "path", path) if name == "gateway" else ("grpc", "service", service)
            way, said = asked.get(probe, ("", {}))
            if (way, said.get(wanted[1], "")) != (wanted[0], wanted[2]):
                yield f"{process.pod.owner} needs a {probe} by {wanted[0]} that asks for the {wanted[1]} {wanted[2]!r}"


def probes_need_no_certificate(manifests: Manifests) -> Iterator[str]:
    for pod in manifests.pods():
        if any(way == "grpc" and pod.port("health") != said["port"] for _, way, said in _asked(pod)):
            yield f"{pod.owner}: its probes must ask the port health, which needs no certificate"


def _asked(pod: Pod) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Each probe with the way it goes, and what it says of that."""
    for container in pod.containers:
        for probe in PROBES:
            said = container.get(probe, {})
            yield from ((probe, way, said[way]) for way in ("grpc", "httpGet", "tcpSocket", "exec") if way in said)


RULES: tuple[Rule, ...] = (probes_ask_open_ports, processes_are_asked_for_their_health, probes_need_no_certificate)
