"""Rules about what keeps a process available: how it is asked, found, spread and multiplied."""

from collections.abc import Iterator

from dev.k8s.manifests import Manifest, Manifests, name_of
from dev.k8s.rules import PROCESSES, SCALERS, Rule

PROBES = ("startupProbe", "livenessProbe", "readinessProbe")
PLACES = {"topology.kubernetes.io/zone", "kubernetes.io/hostname"}
RESTRICTED = {"pod-security.kubernetes.io/enforce": "restricted"}
# Two may be gone at once: one of a rollout or an emptied node, and one that broke.
LEAST = 3


def health_is_asked(manifests: Manifests) -> Iterator[str]:
    """Of services by gRPC itself: whether they run, and, apart from that, whether they are ready."""
    for name, deployment in _deployments(manifests):
        container = deployment["spec"]["template"]["spec"]["containers"][0]
        way = "httpGet" if name == "gateway" else "grpc"
        asked = {probe: container.get(probe, {}).get(way) for probe in PROBES}
        yield from (f"{name_of(deployment)} needs a {probe} by {way}" for probe in PROBES if not asked[probe])
        if asked["livenessProbe"] == asked["readinessProbe"]:
            yield f"{name_of(deployment)} must not be restarted because it is not ready"


def replicas_are_found(manifests: Manifests) -> Iterator[str]:
    """By their callers, who keep connections and so must see each of them."""
    for name in PROCESSES.keys() - {"gateway"}:
        service = manifests.named("Service", name)
        if service is None or service["spec"].get("clusterIP") != "None":
            yield f"Service {name} must be headless, or callers stay with one replica"


def replicas_are_spread(manifests: Manifests) -> Iterator[str]:
    for _, deployment in _deployments(manifests):
        spread = deployment["spec"]["template"]["spec"].get("topologySpreadConstraints", [])
        if missing := PLACES - {each["topologyKey"] for each in spread}:
            yield f"{name_of(deployment)} must be spread over {', '.join(sorted(missing))}"


def nodes_can_be_emptied(manifests: Manifests) -> Iterator[str]:
    for budget in manifests.of("PodDisruptionBudget"):
        if budget["spec"].get("unhealthyPodEvictionPolicy") != "AlwaysAllow":
            yield f"{name_of(budget)} must let what is broken anyway go (unhealthyPodEvictionPolicy)"


def namespaces_are_restricted(manifests: Manifests) -> Iterator[str]:
    for namespace in manifests.of("Namespace"):
        if not RESTRICTED.items() <= namespace["metadata"].get("labels", {}).items():
            yield f"{name_of(namespace)} must refuse pods that are not restricted"


def there_are_enough(manifests: Manifests) -> Iterator[str]:
    """Of production."""
    for scaler in manifests.of(*SCALERS):
        if scaler["spec"].get("minReplicas", scaler["spec"].get("minReplicaCount", 1)) < LEAST:
            yield f"{name_of(scaler)} must keep {LEAST} or more"


def _deployments(manifests: Manifests) -> Iterator[tuple[str, Manifest]]:
    for name in PROCESSES:
        if deployment := manifests.named("Deployment", name):
            yield name, deployment


RULES: tuple[Rule, ...] = (
    health_is_asked,
    replicas_are_found,
    replicas_are_spread,
    nodes_can_be_emptied,
    namespaces_are_restricted,
)
OF_OVERLAYS: dict[str, tuple[Rule, ...]] = {"production": (there_are_enough,)}
