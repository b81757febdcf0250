"""Rules about what pods may do, what they may take, and how they end."""

from collections.abc import Iterator, Mapping
from typing import Any

from dev.k8s.manifests import Manifests, Rule, name_of
from dev.k8s.processes import processes

RESTRICTED = {"pod-security.kubernetes.io/enforce": "restricted"}
# A process drains at most twice, one after the other; what else its end takes fits into this.
MARGIN_S = 10


def namespaces_are_restricted(manifests: Manifests) -> Iterator[str]:
    for namespace in manifests.of("Namespace"):
        if not RESTRICTED.items() <= namespace["metadata"].get("labels", {}).items():
            yield f"{name_of(namespace)} must refuse pods that are not restricted"


def pods_are_restricted(manifests: Manifests) -> Iterator[str]:
    for pod in manifests.pods():
        security = pod.spec.get("securityContext", {})
        if not security.get("runAsNonRoot") or security.get("seccompProfile", {}).get("type") != "RuntimeDefault":
            yield f"{pod.owner} must run as somebody else than root, under the default seccomp profile"
        if pod.spec.get("automountServiceAccountToken") is not False:
            yield f"{pod.owner} must not mount the token of its service account"
        for container in [*pod.spec.get("initContainers", []), *pod.containers]:
            yield from _container_problems(f"{pod.owner}, {container['name']}", container)


def _container_problems(place: str, container: Mapping[str, Any]) -> Iterator[str]:
    security = container.get("securityContext", {})
    if security.get("allowPrivilegeEscalation") is not False or security.get("capabilities", {}).get("drop") != ["ALL"]:
        yield f"{place}: must drop all capabilities and privilege escalation"
    if not security.get("readOnlyRootFilesystem"):
        yield f"{place}: its root file system must be read-only"
    tag = container["image"].rpartition(":")[2]
    if "/" in tag or tag in ("", "latest", container["image"]):
        yield f"{place}: its image {container['image']} must have a tag that says which it is"
    resources = container.get("resources", {})
    if "memory" not in resources.get("limits", {}) or {"cpu", "memory"} - set(resources.get("requests", {})):
        yield f"{place}: must request processor and memory, and limit memory"


def stops_are_waited_for(manifests: Manifests) -> Iterator[str]:
    """The grace period is longer than the pause before the stop, and the code's own drains."""
    for process in processes(manifests).values():
        pod = process.pod
        pause_s = pod.containers[0].get("lifecycle", {}).get("preStop", {}).get("sleep", {}).get("seconds", 0)
        needed_s = pause_s + 2 * process.number("DRAIN_SECONDS", 5) + MARGIN_S
        if pod.spec.get("terminationGracePeriodSeconds", 30) < needed_s:
            yield f"{pod.owner} is killed before it has drained: its grace period must be {needed_s:.0f} s or longer"
        if not pause_s:
            yield f"{pod.owner} stops before the nodes know: it needs a preStop sleep"


RULES: tuple[Rule, ...] = (namespaces_are_restricted, pods_are_restricted, stops_are_waited_for)
