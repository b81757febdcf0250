"""What `k8s/` holds, rendered, and the questions that the rules ask of it."""

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from dev.service import ROOT

Manifest = dict[str, Any]
FOLDER = ROOT / "k8s"
OVERLAYS = ("dev", "staging", "production")
KUBECTL = (1, 21)
WORKLOADS = ("Deployment", "StatefulSet", "Job")


def can_render() -> bool:
    """Whether there is a kubectl that knows components: Debian 12 has an older one."""
    if shutil.which("kubectl") is None:
        return False
    asked = subprocess.run(["kubectl", "version", "--client", "--output=json"], capture_output=True, check=False, timeout=60)
    version = json.loads(asked.stdout or "{}").get("clientVersion", {"major": "0", "minor": "0"})
    return (int(version["major"]), int(version["minor"].rstrip("+"))) >= KUBECTL


def optional() -> list[str]:
    """The components that no overlay has: for those who need them."""
    used = "".join(path.read_text() for path in (FOLDER / "overlays").glob("*/kustomization.yaml"))
    return sorted(path.name for path in (FOLDER / "components").iterdir() if f"components/{path.name}\n" not in used)


def render(overlay: str, more: Sequence[str] = ()) -> "Manifests":
    """As `kubectl apply -k` would send it, with more components than the overlay has."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "kustomization.yaml").write_text(yaml.safe_dump(_around(overlay, more, os.path.realpath(folder))))
        command = ["kubectl", "kustomize", folder]
        rendered = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    if rendered.returncode:
        raise RuntimeError(f"overlays/{overlay} cannot be rendered: {rendered.stderr.strip()}")
    return Manifests([each for each in yaml.load_all(rendered.stdout, yaml.CSafeLoader) if each])


def _around(overlay: str, more: Sequence[str], folder: str) -> dict[str, Any]:
    """A kustomization in the folder, which only knows the way to others."""
    said = yaml.safe_load((FOLDER / "overlays" / overlay / "kustomization.yaml").read_text())
    return {
        "namespace": said["namespace"],
        "resources": [os.path.relpath(FOLDER / "overlays" / overlay, folder)],
        "components": [os.path.relpath(FOLDER / "components" / name, folder) for name in more],
    }


def files() -> Iterator[tuple[Path, Manifest]]:
    """Every manifest as it stands in its file; kustomizations are none."""
    for path in sorted(FOLDER.rglob("*.yaml")):
        if path.name != "kustomization.yaml":
            yield from ((path, each) for each in yaml.load_all(path.read_text(), yaml.CSafeLoader) if each)


def base() -> "Manifests":
    """What all overlays share, as it stands in its files: for where kubectl is missing."""
    lines = (FOLDER / "base" / "settings.env").read_text().splitlines()
    settings = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    generated = {"kind": "ConfigMap", "metadata": {"name": "unified-settings"}, "data": settings}
    return Manifests([each for path, each in files() if path.is_relative_to(FOLDER / "base")] + [generated])


def name_of(manifest: Manifest) -> str:
    return f"{manifest['kind']} {manifest['metadata']['name']}"


def matches(selector: Mapping[str, str], labels: Mapping[str, str]) -> bool:
    return all(labels.get(key) == value for key, value in selector.items())


@dataclass(frozen=True)
class Pod:
    """What a workload makes pods of."""

    owner: str
    labels: Mapping[str, str]
    spec: Mapping[str, Any]

    @property
    def containers(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.spec["containers"]
        return found

    def port(self, wanted: int | str) -> int | None:
        """The number of the container port that is called so, or has this number."""
        ports = [port for container in self.containers for port in container.get("ports", [])]
        return next((port["containerPort"] for port in ports if wanted in (port.get("name"), port["containerPort"])), None)


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

    def settings(self) -> dict[str, str]:
        """What all processes are told."""
        found = [each for each in self.of("ConfigMap") if each["metadata"]["name"].startswith("unified-settings")]
        return dict(found[0]["data"]) if found else {}
