"""Rules about containers: that what they name exists, and that they are bounded."""

import re
from collections.abc import Iterator
from importlib.util import find_spec

from dev.compose import nginx, settings
from dev.compose.file import SECRETS, Compose, Rule
from dev.compose.secrets import FOLDER, made_names
from dev.compose.settings import port_of
from dev.service import ROOT

# Who is reached from outside, and where.
PUBLISHED = {"nginx": ["80:80", "443:443"], "rabbitmq": ["127.0.0.1:15672:15672"], "prometheus": ["127.0.0.1:9090:9090"]}
MOUNTED = re.compile(rf"(?:{SECRETS}|/etc/unified|/docker-entrypoint-initdb.d)/[\w.-]+")
IN_MEMORY = re.compile(r"/tmp|[^:]+:uid=\d+,gid=\d+,mode=\d+,size=\d+m")
# A process drains at most twice, one after the other; what else its end takes fits into this.
MARGIN_S = 10


def only_the_door_is_open(compose: Compose) -> Iterator[str]:
    for name, container in compose.containers.items():
        if (ports := container.said.get("ports", [])) != PUBLISHED.get(name, []):
            yield f"{name} must publish {PUBLISHED.get(name, 'nothing')}, not {ports}"
    for name, network in compose.document["networks"].items():
        outside = {each for each, container in compose.containers.items() if name in container.networks} - PUBLISHED.keys()
        if outside and not (network or {}).get("internal"):
            yield f"the network {name} must be internal: {', '.join(sorted(outside))} need not reach anything outside"


def containers_are_bounded(compose: Compose) -> Iterator[str]:
    for name, container in compose.containers.items():
        said = container.said
        if not said.get("read_only") or said.get("cap_drop") != ["ALL"] or "no-new-privileges:true" not in said["security_opt"]:
            yield f"{name} must have a read-only root, no capabilities and no new privileges"
        if not {"cpus", "memory", "pids"} <= said.get("deploy", {}).get("resources", {}).get("limits", {}).keys():
            yield f"{name} must have limits of processor, memory and processes"
        if not container.module and said.get("user", "root") == "root":
            yield f"{name} must say who runs in it, other than root"
        if said.get("restart") != "unless-stopped":
            yield f"{name} must be started again when it ends"


def folders_in_memory_are_somebodys(compose: Compose) -> Iterator[str]:
    """Else they are root's when the container starts for the second time, and may take all that it has. /tmp is everybody's."""
    for name, container in compose.containers.items():
        for folder in container.said.get("tmpfs", []):
            if not IN_MEMORY.fullmatch(folder):
                yield f"{name} must say whose {folder} is, and how large: uid, gid, mode, size"


def images_say_which(compose: Compose) -> Iterator[str]:
    """Exact versions, and of the stores the same as in the cluster."""
    text = "".join(path.read_text() for path in (ROOT / "k8s").rglob("*.yaml"))
    for name, container in compose.containers.items():
        image = container.said["image"]
        if not re.search(r":v?(\d+\.\d+\.\d+|dev)", image):
            yield f"{name}: its image {image} must have a tag that says which it is"
        if name in settings.STORES and f"image: {image}\n" not in text:
            yield f"{name}: its image {image} is another one than in k8s/components"


def what_is_mounted_exists(compose: Compose) -> Iterator[str]:
    for name, container in compose.containers.items():
        yield from (f"{name} mounts {path}, which is nowhere" for path in container.mounts.values() if not (ROOT / path).exists())
    for name, secret in compose.document["secrets"].items():
        if name not in made_names() or ROOT / secret["file"] != FOLDER / name:
            yield f"nothing makes the secret {name} at {secret['file']}"


def what_is_named_is_mounted(compose: Compose) -> Iterator[str]:
    """In the container's own words, and in the files that it is given."""
    for name, container in compose.containers.items():
        given = [ROOT / path for path in container.mounts.values() if (ROOT / path).exists()]
        texts = [str(container.said), *(path.read_text() for path in given)]
        named = {path for text in texts for path in MOUNTED.findall(text)}
        missing = named - {*container.secrets.values(), *container.mounts}
        yield from (f"{name} names {path}, which is not mounted" for path in sorted(missing))


def health_is_asked(compose: Compose) -> Iterator[str]:
    """Of everybody; of our processes at the port where they listen, by a module that there is."""
    for name, container in compose.containers.items():
        asked = " ".join(container.said.get("healthcheck", {}).get("test", []))
        if not asked.startswith("CMD "):
            yield f"{name} needs a health check, as a list"
        for module in re.findall(r"python -m (\S+)", asked):
            if find_spec(module) is None:
                yield f"{name}: its health check runs {module}, which is nowhere"
        if container.module and not re.search(rf"\b{port_of(container)}\b", asked):
            yield f"{name}: its health check does not ask its port {port_of(container)}"


def stops_are_waited_for(compose: Compose) -> Iterator[str]:
    for name, process in compose.processes.items():
        needed_s = 2 * float(process.environment.get("DRAIN_SECONDS", 5)) + MARGIN_S
        if float(process.said.get("stop_grace_period", "10s").removesuffix("s")) < needed_s:
            yield f"{name} is killed before it has drained: its grace period must be {needed_s:.0f}s or longer"


def names_are_used(compose: Compose) -> Iterator[str]:
    """Nothing is declared for nobody."""
    used: dict[str, set[str]] = {"networks": set(), "secrets": set(), "volumes": set()}
    for container in compose.containers.values():
        used["networks"] |= container.networks
        used["secrets"] |= container.secrets.keys()
        used["volumes"] |= {volume.partition(":")[0] for volume in container.said.get("volumes", []) if volume[0] != "."}
    for kind, names in used.items():
        yield from (f"nobody uses {name} of {kind}" for name in sorted(compose.document[kind].keys() - names))
        yield from (f"{name} of {kind} is used, but nowhere declared" for name in sorted(names - compose.document[kind].keys()))


RULES: tuple[Rule, ...] = (
    *nginx.RULES,
    only_the_door_is_open,
    containers_are_bounded,
    folders_in_memory_are_somebodys,
    images_say_which,
    what_is_mounted_exists,
    what_is_named_is_mounted,
    health_is_asked,
    stops_are_waited_for,
    names_are_used,
    *settings.RULES,
)
