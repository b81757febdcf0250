"""What a folder such as `k8s/` holds: its files, what all overlays share, and each overlay as it is applied."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml

from dev.k8s.manifests import FOLDER, Manifest, Manifests

OVERLAYS = ("dev", "staging", "production")
KUBECTL = (1, 21)


class RenderError(Exception):
    """What kubectl says."""


def can_render() -> bool:
    """Whether there is a kubectl that knows components: Debian 12 has an older one."""
    if shutil.which("kubectl") is None:
        return False
    asked = subprocess.run(["kubectl", "version", "--client", "--output=json"], capture_output=True, check=False, timeout=60)
    version = json.loads(asked.stdout or "{}").get("clientVersion", {"major": "0", "minor": "0"})
    return (int(version["major"]), int(version["minor"].rstrip("+"))) >= KUBECTL


def optional(folder: Path = FOLDER) -> list[str]:
    """The components that no overlay has: for those who need them."""
    kustomizations = [yaml.safe_load(file.read_text()) for file in (folder / "overlays").glob("*/kustomization.yaml")]
    used = {Path(each).name for said in kustomizations for each in said.get("components", [])}
    return sorted(path.name for path in (folder / "components").iterdir() if path.name not in used)


def render(overlay: str, more: Sequence[str] = (), folder: Path = FOLDER) -> Manifests:
    """As `kubectl apply -k` would send it, with more components than the overlay has. Raises RenderError."""
    with TemporaryDirectory() as around:
        kustomization = _around(folder / "overlays" / overlay, [folder / "components" / name for name in more], Path(around))
        Path(around, "kustomization.yaml").write_text(yaml.safe_dump(kustomization))
        rendered = subprocess.run(["kubectl", "kustomize", around], capture_output=True, text=True, check=False, timeout=60)
    if rendered.returncode:
        raise RenderError(f"cannot be rendered: {rendered.stderr.strip()}")
    return Manifests(_documents(rendered.stdout))


def _around(overlay: Path, more: Sequence[Path], place: Path) -> dict[str, Any]:
    """What stands in that place. kustomize wants relative paths there, of what links lead to."""
    resources, components = ([os.path.relpath(each.resolve(), place.resolve()) for each in those] for those in ([overlay], more))
    namespace = yaml.safe_load((overlay / "kustomization.yaml").read_text())["namespace"]
    return {"kind": "Kustomization", "namespace": namespace, "resources": resources, "components": components}


def files(folder: Path = FOLDER) -> Iterator[tuple[Path, Manifest]]:
    """Every manifest as it stands in its file; kustomizations are none."""
    for path in sorted(folder.rglob("*.yaml")):
        if path.name != "kustomization.yaml":
            yield from ((path, each) for each in _documents(path.read_text()))


def base(folder: Path = FOLDER) -> Manifests:
    """What all overlays share, as it stands in its files: for where kubectl is missing."""
    lines = (folder / "base" / "settings.env").read_text().splitlines()
    settings = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    generated = {"kind": "ConfigMap", "metadata": {"name": "unified-settings"}, "data": settings}
    return Manifests([*(each for _, each in files(folder / "base")), generated])


def _documents(text: str) -> list[Manifest]:
    return [each for each in yaml.load_all(text, yaml.CSafeLoader) if each]
