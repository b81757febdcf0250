"""The workflow that makes a release's images: on a base that is named by its digest, or not at all."""

import subprocess
from typing import Any

import pytest
import yaml

from dev.service import ROOT

BASE = next(line for line in (ROOT / "Dockerfile").read_text().splitlines() if line.startswith("ARG BASE=")).removeprefix(
    "ARG BASE="
)
DIGEST = f"@sha256:{'0' * 64}"


def steps() -> list[dict[str, Any]]:
    workflow = yaml.safe_load((ROOT / ".github/workflows/images.yml").read_text())
    found: list[dict[str, Any]] = workflow["jobs"]["image"]["steps"]
    return found


@pytest.mark.parametrize(
    ("base", "taken"),
    [(BASE + DIGEST, True), (BASE, False), ("", False), (BASE + DIGEST[:-1], False), ("python:3.9" + DIGEST, False)],
)
def test_a_base_without_its_digest_is_refused(base: str, taken: bool) -> None:
    script = next(step["run"] for step in steps() if step.get("env", {}).get("BASE") == "${{ vars.IMAGE_BASE }}")
    ended = subprocess.run(
        ["bash", "-eo", "pipefail", "-c", script], cwd=ROOT, env={"PATH": "/usr/bin:/bin", "BASE": base}, check=False
    )
    assert (ended.returncode == 0) is taken


def test_the_base_that_was_looked_at_is_the_one_that_is_built_on() -> None:
    arguments = next(step["with"]["build-args"] for step in steps() if "build-args" in step.get("with", {}))
    assert "BASE=${{ vars.IMAGE_BASE }}" in arguments.splitlines()
