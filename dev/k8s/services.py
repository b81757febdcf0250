"""Rules about selectors and ports: what is selected exists, and whoever leads or listens somewhere names a port that is open."""

from collections.abc import Iterator, Mapping
from typing import Any

from dev.k8s.manifests import Manifest, Manifests, Pod, Rule, name_of, selects
from dev.k8s.processes import processes

OWNERS = ("Deployment", "StatefulSet")
EVERYWHERE = ("0.0.0.0", "::")


def selectors_find_pods(manifests: Manifests) -> Iterator[str]:
    for each in manifests.of("Service", "PodDisruptionBudget", "PodMonitor", *OWNERS):
        selected = _selected(each, manifests)
        if not selected:
            yield f"{name_of(each)} selects no pods"
        elif each["kind"] in OWNERS and {pod.owner for pod in selected} != {name_of(each)}:
            yield f"{name_of(each)} selects pods of others: {', '.join(sorted(pod.owner for pod in selected))}"


def services_lead_to_open_ports(manifests: Manifests) -> Iterator[str]:
    for service in manifests.of("Service"):
        for port in service["spec"]["ports"]:
            for pod in _selected(service, manifests):
                if pod.port(_target(port)) is None:
                    yield f"{name_of(service)} leads to the port {_target(port)}, which {pod.owner} does not have"


def monitors_ask_open_ports(manifests: Manifests) -> Iterator[str]:
    for monitor in manifests.of("PodMonitor"):
        for endpoint in monitor["spec"]["podMetricsEndpoints"]:
            for pod in _selected(monitor, manifests):
                if pod.port(endpoint["port"]) is None:
                    yield f"{name_of(monitor)} asks the port {endpoint['port']}, which {pod.owner} does not have"


def monitors_ask_everybody(manifests: Manifests) -> Iterator[str]:
    """Where there are any."""
    monitors = manifests.of("PodMonitor")
    asked = [
        (pod.owner, pod.port(endpoint["port"]))
        for monitor in monitors
        for pod in _selected(monitor, manifests)
        for endpoint in monitor["spec"]["podMetricsEndpoints"]
    ]
    for process in processes(manifests).values() if monitors else ():
        if (process.pod.owner, process.port("METRICS_PORT")) not in asked:
            yield f"no PodMonitor asks {process.pod.owner} at its {process.setting('METRICS_PORT')}"


def ways_in_lead_to_the_gateway(manifests: Manifests) -> Iterator[str]:
    gateway = manifests.named("Service", "gateway")
    ports = [{"name": port.get("name"), "number": port["port"]} for port in (gateway["spec"]["ports"] if gateway else [])]
    for ingress in manifests.of("Ingress"):
        for path in (path for rule in ingress["spec"].get("rules", []) for path in rule["http"]["paths"]):
            service = path["backend"]["service"]
            if service["name"] != "gateway" or not any(service["port"].items() <= port.items() for port in ports):
                wanted = next(iter(service["port"].values()))
                yield f"{name_of(ingress)} must lead to a port of Service gateway, which {service['name']}:{wanted} is not"


def ports_are_the_settings(manifests: Manifests) -> Iterator[str]:
    """Where a process listens by its settings, its container has a port, and its service leads there."""
    for name, process in processes(manifests).items():
        for suffix in ("PORT", "METRICS_PORT", *(["HEALTH_PORT"] if name != "gateway" else [])):
            if process.pod.port(process.port(suffix)) is None:
                yield f"{process.pod.owner} does not have the port {process.port(suffix)} of {process.setting(suffix)}"
        service = manifests.named("Service", name)
        if service and process.port() not in {process.pod.port(_target(port)) for port in service["spec"]["ports"]}:
            yield f"{name_of(service)} does not lead to the port {process.port()} of {process.setting('PORT')}"


def processes_listen_to_others(manifests: Manifests) -> Iterator[str]:
    for process in processes(manifests).values():
        if process.given.get("BIND_ADDRESS") not in EVERYWHERE:
            yield f"{process.pod.owner} must listen at all addresses: BIND_ADDRESS must be one of {', '.join(EVERYWHERE)}"


def targets_are_services(manifests: Manifests) -> Iterator[str]:
    for process in processes(manifests).values():
        for setting, host, port in process.calls():
            service = manifests.named("Service", host)
            if service is None or port not in {str(each["port"]) for each in service["spec"]["ports"]}:
                yield f"{process.pod.owner}: {setting} leads to {host}:{port}, where no service listens"


def _target(port: Mapping[str, Any]) -> int | str:
    target: int | str = port.get("targetPort", port["port"])
    return target


def _selected(manifest: Manifest, manifests: Manifests) -> list[Pod]:
    selector = manifest["spec"].get("selector") or {}
    selector = {"matchLabels": selector} if manifest["kind"] == "Service" else selector
    # Of pods, a service without a selector has none; whoever else has none means all, which nobody here does.
    return [pod for pod in manifests.all_pods() if any(selector.values()) and selects(selector, pod.labels)]


RULES: tuple[Rule, ...] = (
    selectors_find_pods,
    services_lead_to_open_ports,
    monitors_ask_open_ports,
    monitors_ask_everybody,
    ways_in_lead_to_the_gateway,
    ports_are_the_settings,
    processes_listen_to_others,
    targets_are_services,
)
