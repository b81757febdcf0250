"""Rules about nginx in compose.yaml, whose configuration is the one in infra/nginx."""

import re
from collections.abc import Iterator

from dev.compose.file import Compose, Container
from dev.compose.settings import port_of
from dev.service import ROOT

FOLDER = ROOT / "infra" / "nginx"
PREFIX = "/srv/nginx"
NETWORK = "platform"


def it_has_its_files(compose: Compose) -> Iterator[str]:
    nginx = compose.containers["nginx"]
    for file in FOLDER.glob("*.conf"):
        if nginx.mounts.get(f"{PREFIX}/{file.name}") != f"./{file.relative_to(ROOT)}":
            yield f"nginx lacks its file {file.name}"
        for certificate in re.findall(r"ssl_certificate\w* (\S+);", file.read_text()):
            if f"{PREFIX}/{certificate}" not in nginx.secrets.values():
                yield f"nginx lacks {certificate}"


def it_finds_everybody(compose: Compose) -> Iterator[str]:
    """It asks for addresses once, when it starts: so they must stay."""
    for host, port in re.findall(r"^ *server (\w+):(\d+)", (FOLDER / "upstreams.conf").read_text(), re.MULTILINE):
        callees = [each for each in compose.called(host) if each.module and port_of(each) == int(port)]
        if not callees:
            yield f"nginx sends to {host}:{port}, where nobody listens"
        yield from (f"{each.name} needs an address that stays, for nginx" for each in callees if not each.address_on(NETWORK))


def gateways_are_behind_it(compose: Compose) -> Iterator[str]:
    """Two of them or more, under one name; it waits for them, and they trust it."""
    nginx = compose.containers["nginx"]
    gateways = [each for each in compose.processes.values() if each.module == "gateway"]
    if len(gateways) < 2:
        yield "there must be two gateways or more"
    for each in gateways:
        yield from (f"{each.name} {problem}" for problem in _problems(compose, nginx, each))


def _problems(compose: Compose, nginx: Container, gateway: Container) -> Iterator[str]:
    if gateway not in compose.called("gateway"):
        yield "does not answer to the name gateway"
    if gateway.name not in nginx.said["depends_on"]:
        yield "is not waited for by nginx"
    if gateway.environment.get("TRUSTED_PROXIES") != nginx.address_on(NETWORK):
        yield f"must trust nginx: TRUSTED_PROXIES must be {nginx.address_on(NETWORK)}"


def its_end_is_waited_for(compose: Compose) -> Iterator[str]:
    """Which its workers may put off, while somebody is being answered."""
    (needed_s,) = re.findall(r"worker_shutdown_timeout (\d+)s;", (FOLDER / "nginx.conf").read_text())
    if float(compose.containers["nginx"].said.get("stop_grace_period", "10s").removesuffix("s")) <= float(needed_s):
        yield f"nginx is killed before its workers have ended: its grace period must be longer than {needed_s}s"


RULES = (its_end_is_waited_for, it_has_its_files, it_finds_everybody, gateways_are_behind_it)
