"""What compose.yaml says, with its variables at their defaults, and the questions that the rules ask of it."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import yaml

from dev.compose.secrets import MADE
from dev.service import ROOT

Document = dict[str, Any]
FILE = ROOT / "compose.yaml"
SECRETS = "/run/secrets"
_VARIABLE = re.compile(r"\$\{\w+:-([^}]*)\}")


def read() -> Document:
    document: Document = yaml.load(_VARIABLE.sub(r"\1", FILE.read_text()), yaml.CSafeLoader)
    return document


@dataclass(frozen=True)
class Container:
    """One service of the file."""

    name: str
    said: Mapping[str, Any]

    @property
    def environment(self) -> dict[str, str]:
        return {name: str(value) for name, value in self.said.get("environment", {}).items()}

    @property
    def networks(self) -> set[str]:
        return set(self.said["networks"])

    @property
    def module(self) -> str | None:
        """What it runs, where it is one of our processes."""
        module: str | None = self.said.get("build", {}).get("args", {}).get("SERVICE")
        return module

    @property
    def secrets(self) -> dict[str, str]:
        """Where each secret is mounted, by its name."""
        each: list[dict[str, str]] = [
            secret if isinstance(secret, dict) else {"source": secret} for secret in self.said.get("secrets", [])
        ]
        targets: dict[str, str] = {secret["source"]: secret.get("target", secret["source"]) for secret in each}
        return {name: target if target.startswith("/") else f"{SECRETS}/{target}" for name, target in targets.items()}

    @property
    def mounts(self) -> dict[str, str]:
        """What of this checkout is mounted, by the path in the container."""
        volumes = [volume.split(":") for volume in self.said.get("volumes", []) if volume.startswith("./")]
        return {target: source for source, target, *_ in volumes}

    def address_on(self, network: str) -> str | None:
        """The address there that stays."""
        options = self.said["networks"].get(network) if isinstance(self.said["networks"], dict) else None
        return (options or {}).get("ipv4_address")

    def addresses(self) -> Iterator[tuple[str, str, int]]:
        """Whom it calls: setting, host and port."""
        for name, value in self.environment.items():
            if name.endswith("_TARGET"):
                host, _, port = value.removeprefix("dns:///").partition(":")
                yield name, host, int(port)
        for name in sorted(self.secrets.keys() & MADE.keys()):
            url = urlsplit(MADE[name]())
            if url.hostname and self.module:
                yield name, url.hostname, url.port or 0


class Compose:
    def __init__(self, document: Document) -> None:
        self.document = document

    @property
    def containers(self) -> dict[str, Container]:
        return {name: Container(name, said) for name, said in self.document["services"].items()}

    @property
    def processes(self) -> dict[str, Container]:
        """Those that run our code."""
        return {name: container for name, container in self.containers.items() if container.module}

    def called(self, name: str) -> list[Container]:
        """Those who answer to a name: of a container, or of several in common."""
        return [each for each in self.containers.values() if name == each.name or name in _aliases(each)]


def _aliases(container: Container) -> Iterator[str]:
    networks = container.said["networks"]
    for options in networks.values() if isinstance(networks, dict) else ():
        yield from (options or {}).get("aliases", ())


Rule = Callable[[Compose], Iterator[str]]
"""Answers what is wrong, in sentences."""
