"""The pods that run our processes, and what settings these find there."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from pydantic_settings import BaseSettings

from dev.authority import Authority
from dev.k8s.manifests import Manifests, Pod
from dev.k8s.secrets import make_secrets
from dev.settings_check import settings_classes
from mesh.settings import DIRECTORY

# By the name of its deployment, what the names of a process's ports begin with.
PROCESSES = {
    "gateway": "API_GATEWAY",
    "user-svc": "USER_SERVICE",
    "task-svc": "TASK_SERVICE",
    "notify-svc": "NOTIFICATION_SERVICE",
}


@dataclass(frozen=True)
class Process:
    """`given` are the settings in its environment, `files` what stands in the files of its secrets, by their paths."""

    pod: Pod
    kind: type[BaseSettings]
    given: Mapping[str, str]
    files: Mapping[str, str]

    @property
    def mounted(self) -> list[str]:
        """Names of the settings that it reads from files."""
        folder = self.given.get(DIRECTORY)
        return [name for parent, _, name in (path.rpartition("/") for path in self.files) if parent == folder]

    def number(self, setting: str, default: float = 0) -> float:
        """0 where the setting holds none, which other rules say."""
        said = self.given.get(setting) or str(default)
        return float(said) if said.replace(".", "", 1).isdecimal() else 0

    def port(self, suffix: str = "PORT") -> int:
        """Where it listens, by its settings."""
        return int(self.number(self.setting(suffix)))

    def setting(self, suffix: str) -> str:
        """The whole name of one of its ports."""
        return f"{PROCESSES[self.pod.name]}_{suffix}"

    def calls(self) -> Iterator[tuple[str, str, str]]:
        """Whom it calls: setting, host and port."""
        for setting in (field.upper() for field in self.kind.model_fields if field.endswith("_target")):
            host, _, port = self.given.get(setting, "").removeprefix("dns:///").partition(":")
            yield setting, host, port


def processes(manifests: Manifests) -> dict[str, Process]:
    """By the name of the deployment."""
    kinds = {kind.__module__.partition(".")[0].replace("_", "-"): kind for kind in settings_classes()}
    contents = secret_contents(manifests)
    return {
        pod.name: Process(pod, kinds[pod.name], environment(pod, manifests), dict(pod.mounted(contents)))
        for pod in manifests.pods()
        if pod.owner.startswith("Deployment ") and pod.name in PROCESSES
    }


def environment(pod: Pod, manifests: Manifests) -> dict[str, str]:
    """Of the first container: what its config maps give it, and what it is given itself."""
    container = pod.containers[0]
    given: dict[str, str] = {}
    for source in container.get("envFrom", []):
        found = manifests.named("ConfigMap", source.get("configMapRef", {}).get("name", ""))
        given |= found["data"] if found else {}
    return given | {each["name"]: each.get("value", "") for each in container.get("env", [])}


def secret_contents(manifests: Manifests) -> dict[str, dict[str, str]]:
    """By the name of each secret that there will be, its keys with something that may stand in them."""
    certificates = {each["spec"]["secretName"]: _certificate() for each in manifests.of("Certificate")}
    return _secrets() | certificates


_secrets = cache(make_secrets)


@cache
def _certificate() -> dict[str, str]:
    """As cert-manager writes it."""
    authority = Authority()
    certificate, key = authority.issue("process")
    return {"tls.crt": certificate.decode(), "tls.key": key.decode(), "ca.crt": authority.pem.decode()}
