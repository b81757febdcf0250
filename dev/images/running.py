"""Runs what is in an image as a container engine would: its user, its entry point, its environment, nothing to write but /tmp."""

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from dev.images.building import Image
from dev.process import Command
from dev.service import Gateway, GrpcService

# In a mount namespace of its own, so that nothing of it outlives the process.
CONTAINER = """
set -e
root=$1 user=$2
shift 2
mount --bind "$root" "$root"
mount --rbind /dev "$root/dev"
mount --rbind /proc "$root/proc"
mount -t tmpfs tmpfs "$root/tmp"
mount -o remount,bind,ro "$root"
exec chroot --userspec="$user" "$root" "$@"
"""


def contained(image: Image, settings: Mapping[str, str], words: Sequence[str] = ()) -> Command:
    """The image's entry point, or other words."""
    argv = ["unshare", "--mount", "sh", "-c", CONTAINER, "sh", str(image.root), image.user, *(words or image.entrypoint)]
    return Command(argv, {**image.environment, **settings}, Path("/"))


def run(image: Image, settings: Mapping[str, str], words: Sequence[str] = ()) -> subprocess.CompletedProcess[str]:
    """Until it ends by itself."""
    command = contained(image, settings, words)
    return subprocess.run(command.argv, env=command.environment, capture_output=True, text=True, timeout=60, check=False)


class ContainedService(GrpcService):
    def __init__(self, name: str, directory: Path, port: int, settings: Mapping[str, str], image: Image) -> None:
        super().__init__(name, directory, {"port": port}, settings, [])
        self.image = image

    def command(self) -> Command:
        return contained(self.image, self._settings)


class ContainedGateway(Gateway):
    def __init__(self, name: str, directory: Path, port: int, settings: Mapping[str, str], image: Image) -> None:
        super().__init__(name, directory, {"port": port}, settings, [])
        self.image = image

    def command(self) -> Command:
        return contained(self.image, self._settings)
