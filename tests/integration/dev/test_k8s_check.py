"""`make k8s-check`, as it says and ends, on a machine with kubectl and on one without."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from dev.k8s.manifests import FOLDER
from dev.k8s.rendering import OVERLAYS, optional
from dev.service import ROOT
from tests.integration.k8s.overlays import NEED_KUBECTL

UNRENDERED = "The overlays were not rendered: install kubectl 1.21 or newer for that."


@pytest.fixture
def manifests(tmp_path: Path) -> Path:
    """A copy, to be broken."""
    return shutil.copytree(FOLDER, tmp_path / "k8s")


def check(folder: Path, **environment: str) -> tuple[int, list[str]]:
    """How the command ends, and what it says."""
    command = [sys.executable, "-m", "dev.k8s", "check", str(folder)]
    paths = f"{ROOT}{os.pathsep}{ROOT / 'generated'}"
    given = {**os.environ, "PYTHONPATH": paths, **environment}
    ended = subprocess.run(command, env=given, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)
    assert not ended.stderr
    return ended.returncode, ended.stdout.splitlines()


def replace(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


def test_without_kubectl_the_files_are_checked_and_one_sentence_says_so(manifests: Path, tmp_path: Path) -> None:
    assert check(manifests, PATH=str(tmp_path)) == (0, ["ok     files", UNRENDERED])


@pytest.mark.parametrize(
    ("file", "old", "new", "problem"),
    [
        (
            "components/redis/service.yaml",
            "clusterIP",
            "clusterIp",
            "components/redis/service.yaml: Service redis: Additional properties are not allowed",
        ),
        (
            "base/gateway/network-policy.yaml",
            "3002",
            "3009",
            "base: NetworkPolicy gateway: its egress names the port 3009, which Deployment task-svc does not have",
        ),
    ],
)
def test_without_kubectl_what_is_broken_fails(
    manifests: Path, tmp_path: Path, file: str, old: str, new: str, problem: str
) -> None:
    replace(manifests / file, old, new)
    code, said = check(manifests, PATH=str(tmp_path))
    assert (code, said[0], said[-1]) == (1, "FAILED files", UNRENDERED)
    assert said[1].startswith(f"  {problem}")


@NEED_KUBECTL
def test_what_is_as_it_should_be_passes(manifests: Path) -> None:
    code, said = check(manifests)
    assert code == 0
    more = f" with {', '.join(optional())}"
    assert said == ["ok     files", *(f"ok     overlay {name}{each}" for name in OVERLAYS for each in ("", more))]


def turn_off_mutual_tls(folder: Path) -> None:
    replace(folder / "overlays/staging/kustomization.yaml", "  - ../../components/mutual-tls\n", "")


def break_optional_component(folder: Path) -> None:
    replace(folder / "components/monitoring/pod-monitor.yaml", "port: metrics", "port: metrcs")


def forget_file(folder: Path) -> None:
    (folder / "components/ingress/ingress.yaml").unlink()


@NEED_KUBECTL
@pytest.mark.parametrize(
    ("break_it", "place", "problem"),
    [
        (turn_off_mutual_tls, "staging", "Deployment gateway must have mutual TLS: MESH_CERTIFICATE_FILE is not set"),
        (break_optional_component, "dev with", "PodMonitor unified asks the port metrcs, which Deployment gateway does not have"),
        (forget_file, "production", "cannot be rendered: "),
    ],
)
def test_what_is_broken_where_it_is_rendered_fails(
    manifests: Path, break_it: Callable[[Path], None], place: str, problem: str
) -> None:
    break_it(manifests)
    code, said = check(manifests)
    heading = next(number for number, line in enumerate(said) if line.startswith(f"FAILED overlay {place}"))
    assert code == 1
    assert said[heading + 1].startswith(f"  {problem}")
