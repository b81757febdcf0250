"""Rules about names: what is named exists."""

from collections.abc import Iterator

from dev.k8s.manifests import SCALERS, WORKLOADS, Manifests, Pod, Rule, name_of
from dev.k8s.processes import secret_contents
from dev.k8s.secrets import SECRETS


def accounts_exist(manifests: Manifests) -> Iterator[str]:
    for pod in manifests.pods():
        account = pod.spec.get("serviceAccountName")
        if account and manifests.named("ServiceAccount", account) is None:
            yield f"{pod.owner} names the service account {account}, which is nowhere"


def what_is_mounted_exists(manifests: Manifests) -> Iterator[str]:
    made = {each["spec"]["target"]["name"] for each in manifests.of("ExternalSecret")} | secret_contents(manifests).keys()
    for pod in manifests.pods():
        for kind, name in _references(pod):
            if kind == "ConfigMap" and manifests.named(kind, name) is None:
                yield f"{pod.owner} names the config map {name}, which is nowhere"
            if kind == "Secret" and name not in made:
                yield f"{pod.owner} names the secret {name}, which nothing makes"


def volumes_exist(manifests: Manifests) -> Iterator[str]:
    for workload in manifests.of(*WORKLOADS):
        claims = [each["metadata"]["name"] for each in workload["spec"].get("volumeClaimTemplates", [])]
        spec = workload["spec"]["template"]["spec"]
        there = {*claims, *(volume["name"] for volume in spec.get("volumes", []))}
        mounts = [mount["name"] for container in spec["containers"] for mount in container.get("volumeMounts", [])]
        yield from (
            f"{name_of(workload)} mounts the volume {each}, which it does not have" for each in mounts if each not in there
        )


def secrets_have_their_keys(manifests: Manifests) -> Iterator[str]:
    for each in manifests.of("ExternalSecret"):
        keys = {item["secretKey"] for item in each["spec"]["data"]}
        if wanted := set(SECRETS.get(each["metadata"]["name"], ())) - keys:
            yield f"{name_of(each)} lacks {', '.join(sorted(wanted))}"


def what_is_scaled_exists(manifests: Manifests) -> Iterator[str]:
    for each in manifests.of(*SCALERS):
        target = {"kind": "Deployment"} | each["spec"]["scaleTargetRef"]
        if manifests.named(target["kind"], target["name"]) is None:
            yield f"{name_of(each)} scales {target['kind']} {target['name']}, which is nowhere"


def _references(pod: Pod) -> Iterator[tuple[str, str]]:
    for volume in pod.spec.get("volumes", []):
        if "secret" in volume and not volume["secret"].get("optional"):
            yield "Secret", volume["secret"]["secretName"]
        if "configMap" in volume:
            yield "ConfigMap", volume["configMap"]["name"]
    for source in (source for container in pod.containers for source in container.get("envFrom", [])):
        if "configMapRef" in source:
            yield "ConfigMap", source["configMapRef"]["name"]
        if "secretRef" in source:
            yield "Secret", source["secretRef"]["name"]


RULES: tuple[Rule, ...] = (accounts_exist, what_is_mounted_exists, volumes_exist, secrets_have_their_keys, what_is_scaled_exists)
