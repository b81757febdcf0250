"""Our own rules for manifests: that what is named exists, and is what the code says. Each answers what is wrong, in sentences."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from dev.k8s.manifests import Manifests, Pod, matches, name_of
from dev.k8s.mutual_tls import KEYS, certificates_name_their_processes, probes_need_no_certificate
from dev.k8s.secrets import SECRETS
from dev.settings_check import settings_classes
from mesh.settings import DIRECTORY

Rule = Callable[[Manifests], Iterator[str]]

PROCESSES = {"gateway": "Gateway", "user-svc": "User", "task-svc": "Task", "notify-svc": "Notify"}
# Which process calls which: what the network must let through.
CALLS = {"gateway": ("user-svc", "task-svc", "notify-svc"), "task-svc": ("user-svc",)}
# A process drains at most twice, one after the other; what else its end takes fits into this.
MARGIN_S = 10
# KEDA's makes one of the first.
SCALERS = ("HorizontalPodAutoscaler", "ScaledObject")
# What OpenTelemetry's SDK reads itself.
OF_TRACING = {"OTEL_TRACES_SAMPLER", "OTEL_TRACES_SAMPLER_ARG"}
STORES = {"mongodb": "MONGO_URI", "redis": "REDIS_URL", "rabbitmq": "RABBITMQ_URL"}


def selectors_find_pods(manifests: Manifests) -> Iterator[str]:
    for each in manifests.of("Service", "PodDisruptionBudget", "Deployment", "StatefulSet"):
        selector = each["spec"].get("selector") or {}
        selector = selector if each["kind"] == "Service" else selector.get("matchLabels", {})
        owned = [pod for pod in manifests.pods() if matches(selector, pod.labels)]
        if not selector or not owned:
            yield f"{name_of(each)} selects no pods"
        elif each["kind"] in ("Deployment", "StatefulSet") and {pod.owner for pod in owned} != {name_of(each)}:
            yield f"{name_of(each)} selects pods of others: {', '.join(sorted(pod.owner for pod in owned))}"


def ports_are_open(manifests: Manifests) -> Iterator[str]:
    """Services lead to ports that containers have, and probes ask them."""
    for each in manifests.of("Service"):
        for pod in (pod for pod in manifests.pods() if matches(each["spec"].get("selector") or {"": ""}, pod.labels)):
            for port in each["spec"]["ports"]:
                if pod.port(port.get("targetPort", port["port"])) is None:
                    yield f"{name_of(each)} leads to the port {port.get('targetPort')}, which {pod.owner} does not have"
    for pod in manifests.pods():
        for container in pod.containers:
            for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
                asked = next(
                    (container.get(probe, {}).get(way) for way in ("grpc", "httpGet", "tcpSocket") if container.get(probe)), None
                )
                if asked and pod.port(asked["port"]) is None:
                    yield f"{pod.owner}: its {probe} asks the port {asked['port']}, which it does not have"


def ports_are_the_settings(manifests: Manifests) -> Iterator[str]:
    """The container ports are those that the settings give the process, and targets lead to services of that name and port."""
    settings = manifests.settings()
    variables = {
        "gateway": "API_GATEWAY",
        "user-svc": "USER_SERVICE",
        "task-svc": "TASK_SERVICE",
        "notify-svc": "NOTIFICATION_SERVICE",
    }
    for name, pod in _processes(manifests):
        for suffix in ("PORT", "METRICS_PORT", *(["HEALTH_PORT"] if name != "gateway" else [])):
            port = settings.get(f"{variables[name]}_{suffix}", "")
            if pod.port(int(port or 0)) is None:
                yield f"{pod.owner} does not have the port {port!r} of {variables[name]}_{suffix}"
        target = settings.get(f"{variables[name]}_TARGET", "")
        if name != "gateway":
            host, _, port = target.removeprefix("dns:///").partition(":")
            service = manifests.named("Service", host)
            if service is None or port not in {str(each["port"]) for each in service["spec"]["ports"]}:
                yield f"{variables[name]}_TARGET leads to {target!r}, where no service listens"


def settings_are_known(manifests: Manifests) -> Iterator[str]:
    """No name is misspelt, and no process lacks what it must have."""
    classes = {kind.__name__.removesuffix("Settings"): kind for kind in settings_classes()}
    known = {name.upper() for kind in classes.values() for name in kind.model_fields} | OF_TRACING
    yield from (f"no process reads the setting {name}" for name in manifests.settings() if name not in known)
    for name, pod in _processes(manifests):
        mounted = _mounted_settings(pod)
        yield from (f"{pod.owner}: no process reads the setting {key} of its secret" for key in mounted if key not in known)
        fields = classes[PROCESSES[name]].model_fields
        given = {*manifests.settings(), *mounted}
        needed = {field.upper() for field, info in fields.items() if info.is_required()}
        yield from (f"{pod.owner} lacks the setting {missing}" for missing in sorted(needed - given))


def files_are_mounted(manifests: Manifests) -> Iterator[str]:
    """A setting that names a file names one that the pod has, where the process reads the setting."""
    classes = {kind.__name__.removesuffix("Settings"): kind for kind in settings_classes()}
    for name, pod in _processes(manifests):
        paths = set(_mounted_files(pod, _made_keys(manifests)))
        for setting, value in manifests.settings().items():
            reads = setting.lower() in classes[PROCESSES[name]].model_fields
            if reads and setting.endswith("_FILE") and value not in paths:
                yield f"{pod.owner} has no file {value}, which {setting} names"


def what_is_named_exists(manifests: Manifests) -> Iterator[str]:
    made = {each["spec"]["target"]["name"] for each in manifests.of("ExternalSecret")} | set(_made_keys(manifests))
    for pod in manifests.pods():
        account = pod.spec.get("serviceAccountName")
        if account and manifests.named("ServiceAccount", account) is None:
            yield f"{pod.owner} names the service account {account}, which is nowhere"
        for kind, name in _references(pod):
            if kind == "ConfigMap" and manifests.named(kind, name) is None:
                yield f"{pod.owner} names the config map {name}, which is nowhere"
            if kind == "Secret" and name not in made:
                yield f"{pod.owner} names the secret {name}, which nothing makes"
    for each in manifests.of(*SCALERS):
        target = {"kind": "Deployment"} | each["spec"]["scaleTargetRef"]
        if manifests.named(target["kind"], target["name"]) is None:
            yield f"{name_of(each)} scales {target['kind']} {target['name']}, which is nowhere"
    for each in manifests.of("ExternalSecret"):
        keys = {item["secretKey"] for item in each["spec"]["data"]}
        if wanted := set(SECRETS.get(each["metadata"]["name"], ())) - keys:
            yield f"{name_of(each)} lacks {', '.join(sorted(wanted))}"


def stops_are_waited_for(manifests: Manifests) -> Iterator[str]:
    """The grace period is longer than the pause before the stop, and the code's own drains."""
    drain_s = float(manifests.settings().get("DRAIN_SECONDS", 5))
    for _, pod in _processes(manifests):
        pause_s = pod.containers[0].get("lifecycle", {}).get("preStop", {}).get("sleep", {}).get("seconds", 0)
        needed_s = pause_s + 2 * drain_s + MARGIN_S
        if pod.spec.get("terminationGracePeriodSeconds", 30) < needed_s:
            yield f"{pod.owner} is killed before it has drained: its grace period must be {needed_s:.0f} s or longer"
        if not pause_s:
            yield f"{pod.owner} stops before the nodes know: it needs a preStop sleep"


def pods_are_restricted(manifests: Manifests) -> Iterator[str]:
    for pod in manifests.pods():
        security = pod.spec.get("securityContext", {})
        if not security.get("runAsNonRoot") or security.get("seccompProfile", {}).get("type") != "RuntimeDefault":
            yield f"{pod.owner} must run as somebody else than root, under the default seccomp profile"
        if pod.spec.get("automountServiceAccountToken") is not False:
            yield f"{pod.owner} must not mount the token of its service account"
        for container in pod.containers:
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


def disruption_is_bounded(manifests: Manifests) -> Iterator[str]:
    """Each process has an autoscaler, and a budget that lets one go."""
    for name, pod in _processes(manifests):
        scalers, budget = [manifests.named(kind, name) for kind in SCALERS], manifests.named("PodDisruptionBudget", name)
        if not any(scalers) or budget is None:
            yield f"{pod.owner} needs a horizontal pod autoscaler and a pod disruption budget"
        elif budget["spec"].get("maxUnavailable") != 1:
            yield f"{name_of(budget)} must let one go, or nodes cannot be emptied"
        deployment = manifests.named("Deployment", name)
        if deployment and "replicas" in deployment["spec"]:
            yield f"{pod.owner} states a number of replicas, which is its autoscaler's affair"


def the_network_lets_calls_through(manifests: Manifests) -> Iterator[str]:
    """Who calls may, both ends say so; nobody is without a policy; stores are open to those with their addresses."""
    policies = manifests.of("NetworkPolicy")
    if not any(
        not each["spec"]["podSelector"] and {"Ingress", "Egress"} <= set(each["spec"]["policyTypes"]) for each in policies
    ):
        yield "no network policy denies everything that is not allowed"
    pods = dict(_processes(manifests))
    for caller, callees in CALLS.items():
        for callee in callees:
            if not _leads(policies, "egress", "to", pods[caller], pods[callee]):
                yield f"no network policy lets {caller} call {callee}"
            if not _leads(policies, "ingress", "from", pods[callee], pods[caller]):
                yield f"no network policy lets {callee} be called by {caller}"
    for name, pod in pods.items():
        given = " ".join(_mounted_settings(pod))
        for store, setting in STORES.items():
            if (setting in given) != (pod.labels.get(f"unified/uses-{store}") == "true"):
                yield f"{name} must have the label unified/uses-{store} if, and only if, it has {setting}"


def _leads(policies: list[dict[str, Any]], way: str, side: str, pod: Pod, other: Pod) -> bool:
    for policy in policies:
        if not matches(policy["spec"]["podSelector"].get("matchLabels", {}), pod.labels):
            continue
        for rule in policy["spec"].get(way, []):
            if any(
                matches(peer.get("podSelector", {}).get("matchLabels", {"": ""}), other.labels) for peer in rule.get(side, [])
            ):
                return True
    return False


def _processes(manifests: Manifests) -> Iterator[tuple[str, Pod]]:
    for pod in manifests.pods():
        name = pod.owner.removeprefix("Deployment ")
        if name in PROCESSES:
            yield name, pod


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


def _made_keys(manifests: Manifests) -> Mapping[str, Iterable[str]]:
    """Of each secret, the keys that it will have."""
    return SECRETS | {each["spec"]["secretName"]: tuple(KEYS.values()) for each in manifests.of("Certificate")}


def _mounted_files(pod: Pod, made: Mapping[str, Iterable[str]] = SECRETS) -> Iterator[str]:
    secrets = {volume["name"]: volume["secret"]["secretName"] for volume in pod.spec.get("volumes", []) if "secret" in volume}
    for mount in pod.containers[0].get("volumeMounts", []):
        for key in made.get(secrets.get(mount["name"], ""), ()):
            yield f"{mount['mountPath']}/{key}"


def _mounted_settings(pod: Pod) -> list[str]:
    """Names of the settings that the process reads from files."""
    values = {each["name"]: each.get("value", "") for each in pod.containers[0].get("env", [])}
    folder = values.get(DIRECTORY, "nowhere")
    return [path.rpartition("/")[2] for path in _mounted_files(pod) if path.rpartition("/")[0] == folder]


RULES: tuple[Rule, ...] = (
    selectors_find_pods,
    ports_are_open,
    ports_are_the_settings,
    settings_are_known,
    files_are_mounted,
    what_is_named_exists,
    stops_are_waited_for,
    pods_are_restricted,
    disruption_is_bounded,
    the_network_lets_calls_through,
    certificates_name_their_processes,
    probes_need_no_certificate,
)
