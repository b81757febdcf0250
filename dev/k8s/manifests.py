"""Rendered manifests, and the questions that the rules ask of them."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from dev.service import ROOT

Manifest = dict[str, Any]
FOLDER = ROOT / "k8s"
WORKLOADS = ("Deployment", "StatefulSet", "Job")
# What operators make pods of: which label these get, and where they listen.
OPERATED = {
    "RabbitmqCluster": ("app.kubernetes.io/name", "{}", {"amqp": 5672, "management": 15672, "prometheus": 15692}),
    "MongoDBCommunity": ("app", "{}-svc", {"mongodb": 27017}),
}
# KEDA's makes one of the first.
SCALERS = ("HorizontalPodAutoscaler", "ScaledObject")


def name_of(manifest: Manifest) -> str:
    return f"{manifest['kind']} {manifest['metadata']['name']}"


def selects(selector: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    """As label selectors are meant: an empty one takes everything."""
    wanted = selector.get("matchLabels", {}).items() <= labels.items()
    return wanted and all(_holds(each, labels) for each in selector.get("matchExpressions", []))


def _holds(expression: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    value, values = labels.get(expression["key"]), expression.get("values", ())
    answers = {
        "In": value in values,
        "NotIn": value not in values,
        "Exists": value is not None,
        "DoesNotExist": value is None,
    }
    return answers.get(expression["operator"], False)


@dataclass(frozen=True)
class Pod:
    """What a workload makes pods of, or one elsewhere, of which only labels are known: its own, and those of its namespace."""

    owner: str
    labels: Mapping[str, str]
    spec: Mapping[str, Any]
    namespace: Mapping[str, str] | None = None

    @property
    def name(self) -> str:
        return self.owner.rpartition(" ")[2]

    @property
    def containers(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.spec["containers"]
        return found

    def port(self, wanted: int | str) -> int | None:
        """The number of the container port that is called so, or has this number."""
        ports = [port for container in self.containers for port in container.get("ports", [])]
        return next((port["containerPort"] for port in ports if wanted in (port.get("name"), port["containerPort"])), None)

    def mounted(self, contents: Mapping[str, Mapping[str, str]]) -> Iterator[tuple[str, str]]:
        """Path and content of the files that the first container has of secrets, by what these hold."""
        volumes = [volume for volume in self.spec.get("volumes", []) if "secret" in volume]
        secrets = {volume["name"]: volume["secret"]["secretName"] for volume in volumes}
        for mount in self.containers[0].get("volumeMounts", []):
            for key, content in contents.get(secrets.get(mount["name"], ""), {}).items():
                yield f"{mount['mountPath']}/{key}", content


class Manifests:
    def __init__(self, every: list[Manifest]) -> None:
        self.every = every

    def of(self, *kinds: str) -> list[Manifest]:
        return [each for each in self.every if each["kind"] in kinds]

    def named(self, kind: str, name: str) -> Manifest | None:
        return next((each for each in self.of(kind) if each["metadata"]["name"] == name), None)

    def pods(self) -> list[Pod]:
        templates = [(name_of(each), each["spec"]["template"]) for each in self.of(*WORKLOADS)]
        return [Pod(owner, template["metadata"].get("labels", {}), template["spec"]) for owner, template in templates]

    def all_pods(self) -> list[Pod]:
        """With those that operators will make."""
        return self.pods() + [_operated(each) for each in self.of(*OPERATED)]


def _operated(manifest: Manifest) -> Pod:
    label, value, ports = OPERATED[manifest["kind"]]
    containers = [{"ports": [{"name": name, "containerPort": port} for name, port in ports.items()]}]
    labels = {label: value.format(manifest["metadata"]["name"])}
    return Pod(name_of(manifest), labels, {**manifest["spec"], "containers": containers})


Rule = Callable[[Manifests], Iterator[str]]
"""Answers what is wrong, in sentences."""
