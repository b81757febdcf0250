"""Rules about network policies: who has to call may, both ends say so; nobody else may; and what policies name is there."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

from dev.k8s.manifests import Manifest, Manifests, Pod, Rule, name_of, selects
from dev.k8s.processes import processes

# By the name of each store, how the settings with its address begin, and where it listens.
STORES = {"mongodb": ("MONGO_URI", 27017), "redis": ("REDIS_URL", 6379), "rabbitmq": ("RABBITMQ_URL", 5672)}
# The two ways of a policy's rules, and where each has whom it is about.
PEERS = {"egress": "to", "ingress": "from"}


def _elsewhere(who: str, namespace: Mapping[str, str], labels: Mapping[str, str] | None = None) -> Pod:
    return Pod(who, labels or {}, {"containers": []}, namespace)


INGRESS = _elsewhere("the ingress controller", {"unified/ingress": "true"})
MONITORING = _elsewhere("Prometheus", {"unified/monitoring": "true"})
COLLECTOR = _elsewhere("the collector of spans", {"unified/tracing": "true"})
NAMES = _elsewhere("the name server", {"kubernetes.io/metadata.name": "kube-system"}, {"k8s-app": "kube-dns"})


@dataclass(frozen=True)
class Connection:
    caller: Pod
    callee: Pod
    port: int
    protocol: str = "TCP"

    def __str__(self) -> str:
        return f"{self.caller.owner} call {self.callee.owner} at {self.port}/{self.protocol}"


def everything_is_denied(manifests: Manifests) -> Iterator[str]:
    """Unless another policy allows it."""
    specs = [each["spec"] for each in manifests.of("NetworkPolicy")]
    if not any(not each["podSelector"] and {"Ingress", "Egress"} <= set(each["policyTypes"]) for each in specs):
        yield "no network policy denies everything that is not allowed"


def policies_name_what_is_there(manifests: Manifests) -> Iterator[str]:
    pods = manifests.all_pods()
    for policy in manifests.of("NetworkPolicy"):
        own = [pod for pod in pods if selects(policy["spec"]["podSelector"], pod.labels)]
        if not own:
            yield f"{name_of(policy)} is for no pods"
        for way, rule in _rules(policy):
            peers = [peer for peer in rule.get(PEERS[way], []) if peer.keys() == {"podSelector"}]
            others = [pod for pod in pods if any(_is(pod, peer) for peer in peers)]
            lost = [peer["podSelector"] for peer in peers if not any(_is(pod, peer) for pod in others)]
            yield from (f"{name_of(policy)}: its {way} selects no pods by {selector}" for selector in lost)
            for port in (each["port"] for each in rule.get("ports", []) if "port" in each):
                for callee in own if way == "ingress" else others:
                    if callee.port(port) is None:
                        yield f"{name_of(policy)}: its {way} names the port {port}, which {callee.owner} does not have"


def who_has_to_call_may(manifests: Manifests) -> Iterator[str]:
    for each in connections(manifests):
        yield from (f"no network policy lets {each}: its {way} is missing" for way in _closed_ways(each, manifests))


def nobody_else_may(manifests: Manifests) -> Iterator[str]:
    wanted = {str(each): each for each in connections(manifests)}
    callers = [*manifests.all_pods(), INGRESS, MONITORING]
    ends = [each for each in wanted.values() if each.callee.namespace is None]
    others = [replace(end, caller=caller) for end in ends for caller in callers if caller.owner != end.callee.owner]
    possible = {str(each) for each in others if not _closed_ways(each, manifests)}
    yield from (f"network policies let {each}, which it has no reason to" for each in sorted(possible - wanted.keys()))


def connections(manifests: Manifests) -> Iterator[Connection]:
    """All that must be possible."""
    pods, ours = manifests.all_pods(), processes(manifests)
    for pod in pods:
        yield from (Connection(pod, NAMES, 53, protocol) for protocol in ("UDP", "TCP"))
        for name, (_, port) in STORES.items():
            yield from (Connection(pod, store, port) for store in pods if store.name == name and uses(pod, name))
    for name, process in ours.items():
        callees = [ours[host] for _, host, _ in process.calls() if host in ours]
        yield from (Connection(process.pod, callee.pod, callee.port()) for callee in callees)
        yield Connection(MONITORING, process.pod, process.port("METRICS_PORT"))
        if collector := process.given.get("OTEL_EXPORTER_OTLP_ENDPOINT"):
            yield Connection(process.pod, COLLECTOR, urlsplit(collector).port or 80)
        if name == "gateway":
            yield Connection(INGRESS, process.pod, process.port())


def stores_are_for_whom_they_should(manifests: Manifests) -> Iterator[str]:
    for name, process in processes(manifests).items():
        settings = " ".join(process.mounted)
        for store, (setting, _) in STORES.items():
            if (setting in settings) != uses(process.pod, store):
                yield f"{name} must have the label unified/uses-{store} if, and only if, it has {setting}"


def stores_are_there(manifests: Manifests) -> Iterator[str]:
    """In an overlay."""
    names = {pod.name for pod in manifests.all_pods()}
    for pod in manifests.pods():
        yield from (f"{pod.owner} uses {store}, which is nowhere" for store in STORES.keys() - names if uses(pod, store))


def stores_are_found(manifests: Manifests) -> Iterator[str]:
    """By their names. Operators see to those that they make."""
    for pod in manifests.pods():
        if pod.name in STORES:
            service, port = manifests.named("Service", pod.name), STORES[pod.name][1]
            if service is None or port not in {each["port"] for each in service["spec"]["ports"]}:
                yield f"{pod.owner} needs a service of its name with the port {port}"


def uses(pod: Pod, store: str) -> bool:
    """By its label, of which the stores' policies know it."""
    return pod.labels.get(f"unified/uses-{store}") == "true"


def _closed_ways(connection: Connection, manifests: Manifests) -> list[str]:
    """Of the ends that are pods of ours."""
    ends = {"egress": (connection.caller, connection.callee), "ingress": (connection.callee, connection.caller)}
    rules = [(policy, *rule) for policy in manifests.of("NetworkPolicy") for rule in _rules(policy)]
    return [
        way
        for way, (own, other) in ends.items()
        if own.namespace is None
        and not any(
            selects(policy["spec"]["podSelector"], own.labels)
            and (not rule.get(PEERS[way]) or any(_is(other, peer) for peer in rule[PEERS[way]]))
            and (not rule.get("ports") or any(_opens(port, connection) for port in rule["ports"]))
            for policy, its_way, rule in rules
            if its_way == way
        )
    ]


def _rules(policy: Manifest) -> Iterator[tuple[str, dict[str, Any]]]:
    """Those that count: of a way that the policy is about."""
    for way in PEERS:
        if way.capitalize() in policy["spec"]["policyTypes"]:
            yield from ((way, rule) for rule in policy["spec"].get(way, []))


def _is(pod: Pod, peer: Mapping[str, Any]) -> bool:
    """Without a selector of namespaces, a peer is of our own, whose labels no rule needs."""
    here = pod.namespace is None if "namespaceSelector" not in peer else selects(peer["namespaceSelector"], pod.namespace or {})
    return here and "ipBlock" not in peer and selects(peer.get("podSelector", {}), pod.labels)


def _opens(port: Mapping[str, Any], connection: Connection) -> bool:
    wanted = port.get("port", connection.port)
    return port.get("protocol", "TCP") == connection.protocol and connection.port in (wanted, connection.callee.port(wanted))


RULES: tuple[Rule, ...] = (
    everything_is_denied,
    policies_name_what_is_there,
    who_has_to_call_may,
    nobody_else_may,
    stores_are_for_whom_they_should,
    stores_are_found,
)
