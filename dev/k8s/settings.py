"""Rules about settings: what a process is given is read there, and enough for it to start."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from opentelemetry.sdk import environment_variables

from dev.k8s.manifests import Manifests, Rule
from dev.k8s.processes import Process, processes
from dev.settings_check import problems_of
from mesh.settings import DIRECTORY

# What is read beside our own settings.
OTHERS = {DIRECTORY, *(name for name in vars(environment_variables) if name.startswith("OTEL_"))}


def settings_are_known(manifests: Manifests) -> Iterator[str]:
    """No name is misspelt. A config map is for all; what else a process is given, it reads itself."""
    known = {name: {field.upper() for field in each.kind.model_fields} | OTHERS for name, each in processes(manifests).items()}
    everybody = set().union(*known.values())
    for each in manifests.of("ConfigMap"):
        if each["metadata"]["name"].startswith("unified-settings"):
            yield from (f"no process reads the setting {name}" for name in sorted(each["data"].keys() - everybody))
    for name, process in processes(manifests).items():
        own = {each["name"] for each in process.pod.containers[0].get("env", [])} | set(process.mounted)
        yield from (f"{process.pod.owner} does not read the setting {each}" for each in sorted(own - known[name]))


def settings_are_enough(manifests: Manifests) -> Iterator[str]:
    """Each process would start with what it is given, with secrets in it that were made for this."""
    for process in processes(manifests).values():
        with TemporaryDirectory() as root:
            yield from (f"{process.pod.owner}: {problem.strip()}" for problem in _problems(process, root))


def _problems(process: Process, root: str) -> list[str]:
    for path, content in process.files.items():
        file = Path(f"{root}{path}")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)
    given = {name: f"{root}{value}" if value.startswith("/") else value for name, value in process.given.items()}
    return problems_of(process.kind, given)


RULES: tuple[Rule, ...] = (settings_are_known, settings_are_enough)
