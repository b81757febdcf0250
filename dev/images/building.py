"""Builds the images with buildah, on a base that is made of Debian's packages because no registry need be reached."""

import ast
import json
import os
import platform
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from dev.service import ROOT

PACKAGES = "python3,python3-venv,python-is-python3,ca-certificates"
# What of this machine's own configuration of pip a build needs as well, to find the same packages.
PIP_OPTIONS = ("index-url", "proxy", "trusted-host", "cert")
SAID_BY_PIP = re.compile(r"^\S*\.([\w-]+)=(.*)$", re.MULTILINE)
BASE = "localhost/base"


@dataclass(frozen=True)
class Image:
    """`root` is where its files are now."""

    root: Path
    user: str
    entrypoint: list[str]
    environment: dict[str, str]

    @property
    def megabytes(self) -> int:
        return sum(file.lstat().st_size for file in self.root.rglob("*")) // 1_000_000


class Builder:
    """Keeps everything in `folder`. Without layers: this storage has a whole copy for each."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True)
        (folder / "policy.json").write_text('{"default": [{"type": "insecureAcceptAnything"}]}')
        self._mounts = _pip_mounts(folder)

    def make_base(self) -> None:
        """Debian (or Ubuntu) of this machine's own release, with Python and nothing more."""
        release, archive = platform.freedesktop_os_release()["VERSION_CODENAME"], self._folder / "base.tar"
        command = ["mmdebstrap", "--quiet", "--variant=minbase", f"--include={PACKAGES}", release, str(archive)]
        subprocess.run(command, check=True)
        container = self._buildah("from", "scratch")
        self._buildah("add", "--quiet", container, str(archive), "/")
        self._buildah("commit", "--quiet", "--rm", "--signature-policy", str(self._folder / "policy.json"), container, BASE)
        archive.unlink()

    def build(self, service: str) -> None:
        arguments = ["--build-arg", f"BASE={BASE}", "--build-arg", f"SERVICE={service}", "--tag", service]
        policy = ["--signature-policy", str(self._folder / "policy.json")]
        self._buildah("bud", "--quiet", "--pull-never", *policy, *arguments, *self._mounts, str(ROOT))

    @contextmanager
    def mounted(self, service: str) -> Iterator[Image]:
        """The image's files, for as long as the context lasts."""
        container = self._buildah("from", "--pull-never", f"localhost/{service}")
        try:
            said = json.loads(self._buildah("inspect", container))["OCIv1"]["config"]
            environment = dict(variable.split("=", 1) for variable in said["Env"])
            root = Path(self._buildah("mount", container))
            yield Image(root, said.get("User", "root"), said["Entrypoint"], environment)
        finally:
            self._buildah("rm", container)

    def _buildah(self, *arguments: str) -> str:
        """What it answers; its failure is ours, with all that it said."""
        # Plain folders, so that nothing stays mounted, whatever dies.
        places = ["--root", str(self._folder / "root"), "--runroot", str(self._folder / "run"), "--storage-driver", "vfs"]
        environment = {**os.environ, "BUILDAH_ISOLATION": "chroot"}
        done = subprocess.run(["buildah", *places, *arguments], env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"buildah {arguments[0]} failed:\n{done.stdout}{done.stderr}")
        return done.stdout.strip()


def _pip_mounts(folder: Path) -> list[str]:
    """Options for a build that finds packages where this machine does."""
    listed = subprocess.run([sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True, check=True)
    options = {name: str(ast.literal_eval(value)) for name, value in SAID_BY_PIP.findall(listed.stdout)}
    lines = [f"{name} = {options[name]}" for name in PIP_OPTIONS if name in options]
    (folder / "pip.conf").write_text("\n".join(["[global]", *lines, ""]))
    certificates = [f"--volume={options['cert']}:{options['cert']}:ro"] if "cert" in options else []
    return [f"--volume={folder / 'pip.conf'}:/etc/pip.conf:ro", *certificates]
