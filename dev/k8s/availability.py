"""Rules about what keeps a process available: how its replicas are found, spread, multiplied and taken away."""

from collections.abc import Iterator
from typing import Any

from dev.k8s.manifests import SCALERS, Manifest, Manifests, Rule, name_of, selects
from dev.k8s.processes import processes

PLACES = {"topology.kubernetes.io/zone", "kubernetes.io/hostname"}
# Two may be gone at once: one of a rollout or an emptied node, and one that broke.
LEAST = 3


def replicas_are_found(manifests: Manifests) -> Iterator[str]:
    """By their callers, who keep connections and so must see each of them."""
    for name in processes(manifests).keys() - {"gateway"}:
        service = manifests.named("Service", name)
        if service is None or service["spec"].get("clusterIP") != "None":
            yield f"Service {name} must be headless, or callers stay with one replica"


def replicas_are_spread(manifests: Manifests) -> Iterator[str]:
    for process in processes(manifests).values():
        spread = process.pod.spec.get("topologySpreadConstraints", [])
        if missing := PLACES - {each["topologyKey"] for each in spread if any(each.get("labelSelector", {}).values())}:
            yield f"{process.pod.owner} must be spread over {', '.join(sorted(missing))}"


def pods_are_spread_from_their_like(manifests: Manifests) -> Iterator[str]:
    """What spreads pods, of whatever kind they are, selects these pods."""
    for pod in manifests.all_pods():
        lost = [each for each in _label_selectors(pod.spec) if not selects(each, pod.labels)]
        yield from (f"{pod.owner} is spread by {each}, which does not select it" for each in lost)


def scalers_measure_what_is_requested(manifests: Manifests) -> Iterator[str]:
    pods = {pod.owner: pod for pod in manifests.pods()}
    for scaler in manifests.of("HorizontalPodAutoscaler"):
        target = scaler["spec"]["scaleTargetRef"]
        pod = pods.get(f"{target['kind']} {target['name']}")
        requested = [set(each.get("resources", {}).get("requests", {})) for each in pod.containers] if pod else [set()]
        for metric in scaler["spec"].get("metrics", []):
            name = metric["resource"]["name"] if metric["type"] == "Resource" else metric["type"]
            if name not in set.intersection(*requested):
                yield f"{name_of(scaler)} measures {name}, which not every container of its pods requests"


def scalers_have_room(manifests: Manifests) -> Iterator[str]:
    for scaler in manifests.of(*SCALERS):
        least, most = _bounds(scaler)
        if most < least:
            yield f"{name_of(scaler)} keeps {least} or more, and {most} at most"


def disruption_is_bounded(manifests: Manifests) -> Iterator[str]:
    """Each process has an autoscaler, and a budget that lets one go."""
    for name, process in processes(manifests).items():
        scalers, budget = [manifests.named(kind, name) for kind in SCALERS], manifests.named("PodDisruptionBudget", name)
        if not any(scalers) or budget is None:
            yield f"{process.pod.owner} needs a horizontal pod autoscaler and a pod disruption budget"
        elif budget["spec"].get("maxUnavailable") != 1:
            yield f"{name_of(budget)} must let one go, or nodes cannot be emptied"
        deployment = manifests.named("Deployment", name)
        if deployment and "replicas" in deployment["spec"]:
            yield f"{process.pod.owner} states a number of replicas, which is its autoscaler's affair"


def nodes_can_be_emptied(manifests: Manifests) -> Iterator[str]:
    for budget in manifests.of("PodDisruptionBudget"):
        if budget["spec"].get("unhealthyPodEvictionPolicy") != "AlwaysAllow":
            yield f"{name_of(budget)} must let what is broken anyway go (unhealthyPodEvictionPolicy)"


def there_are_enough(manifests: Manifests) -> Iterator[str]:
    """Of production."""
    for scaler in manifests.of(*SCALERS):
        if _bounds(scaler)[0] < LEAST:
            yield f"{name_of(scaler)} must keep {LEAST} or more"


def _bounds(scaler: Manifest) -> tuple[int, int]:
    """At least and at most."""
    if scaler["kind"] == "ScaledObject":
        return scaler["spec"].get("minReplicaCount", 0), scaler["spec"].get("maxReplicaCount", 100)
    return scaler["spec"].get("minReplicas", 1), scaler["spec"]["maxReplicas"]


def _label_selectors(spec: Any) -> Iterator[dict[str, Any]]:
    """At whatever depth."""
    if isinstance(spec, dict):
        yield from (value for key, value in spec.items() if key == "labelSelector")
    for value in spec.values() if isinstance(spec, dict) else spec if isinstance(spec, list) else ():
        yield from _label_selectors(value)


RULES: tuple[Rule, ...] = (
    replicas_are_found,
    replicas_are_spread,
    pods_are_spread_from_their_like,
    scalers_measure_what_is_requested,
    scalers_have_room,
    disruption_is_bounded,
    nodes_can_be_emptied,
)
