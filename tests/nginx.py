"""The real nginx with the configuration of `infra/nginx`, on free ports, before a platform's gateways."""

import os
import re
import shutil
import ssl
from collections.abc import Mapping, Sequence
from pathlib import Path

import grpc

from dev.authority import CA_FILE
from dev.certificate import write_certificate
from dev.ports import free_port, in_use
from dev.process import Command, Process
from dev.programs import find_program

CONFIGURATION = Path(__file__).parents[1] / "infra" / "nginx"
# nginx writes its title over its environment, where our mark is: so a shell has the mark, and nginx ends with the shell.
KEEPER = """trap 'kill -QUIT $!' TERM; setpriv --pdeathsig TERM "$@" & wait $!; wait $!"""
GRPC_HOST = "grpc.localhost"


class Nginx(Process):
    """`targets` says for each upstream of the configuration where it is, as host:port; `mesh` is a folder of certificates, with
    its own of which it calls the services."""

    def __init__(self, directory: Path, targets: Mapping[str, Sequence[str]], *, mesh: Path | None = None) -> None:
        self.http_port, self.port = free_port(), free_port()
        super().__init__("nginx", directory, {"HTTP_PORT": self.http_port, "HTTPS_PORT": self.port})
        self._targets, self._mesh = targets, mesh
        self._prefix = self.directory / "nginx"

    @property
    def url(self) -> str:
        return f"https://localhost:{self.port}"

    @property
    def certificate(self) -> Path:
        """By which clients know it."""
        return self._prefix / "certificates" / "server.pem"

    def trust(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(self.certificate))

    def channel(self) -> grpc.aio.Channel:
        """As a program reaches the services."""
        credentials = grpc.ssl_channel_credentials(self.certificate.read_bytes())
        options = [("grpc.ssl_target_name_override", GRPC_HOST), ("grpc.default_authority", GRPC_HOST)]
        return grpc.aio.secure_channel(f"127.0.0.1:{self.port}", credentials, options=options)

    def command(self) -> Command:
        nginx = [find_program("nginx"), "-p", str(self._prefix), "-c", "nginx.conf", "-e", "stderr", "-g", "daemon off;"]
        argv = ["/bin/sh", "-c", KEEPER, "nginx", *nginx]
        return Command(argv, {"PATH": os.defpath, "LANG": "C.UTF-8"}, self.directory)

    async def prepare(self) -> None:
        await super().prepare()
        shutil.copytree(CONFIGURATION, self._prefix, dirs_exist_ok=True)
        (self._prefix / "tmp").mkdir(exist_ok=True)
        site = self._prefix / "site.conf"
        site.write_text(_moved(site.read_text(), {"80": self.http_port, "443": self.port}))
        upstreams = self._prefix / "upstreams.conf"
        upstreams.write_text(_pointed(upstreams.read_text(), self._targets))
        write_certificate(self._prefix / "certificates", ["localhost", GRPC_HOST], days=1)
        if self._mesh:
            self._speak_mutual_tls(self._mesh)

    def _speak_mutual_tls(self, mesh: Path) -> None:
        for file, off, on in (("site.conf", "# include optional", "include optional"), ("upstreams.conf", "grpc;", "grpcs;")):
            text = (self._prefix / file).read_text()
            assert off in text
            (self._prefix / file).write_text(text.replace(off, on))
        for own, name in (("nginx.pem", "mesh.pem"), ("nginx.key", "mesh.key"), (CA_FILE, "mesh-ca.pem")):
            shutil.copy(mesh / own, self._prefix / "certificates" / name)

    async def ready(self) -> bool:
        return in_use(self.port)


def _moved(site: str, ports: Mapping[str, int]) -> str:
    """The same site on other ports."""
    return re.sub(r"listen (\d+)", lambda match: f"listen 127.0.0.1:{ports[match[1]]}", site)


def _pointed(upstreams: str, targets: Mapping[str, Sequence[str]]) -> str:
    """The same upstreams, elsewhere."""
    for name, addresses in targets.items():
        block = re.search(rf"upstream {name} \{{.*?\}}", upstreams, re.DOTALL)
        assert block is not None, name
        (line,) = re.findall(r"^ *server .*?;$", block[0], re.MULTILINE)
        servers = [re.sub(r"server \S+?(?=[ ;])", f"server {address}", line) for address in addresses]
        upstreams = upstreams.replace(block[0], block[0].replace(line, "\n".join(servers)))
    return upstreams
