"""A private RabbitMQ server. It and the Erlang port mapper it needs (epmd) write nothing outside their directory."""

import asyncio
import os
import secrets
from pathlib import Path

from dev.ports import answer_of, free_port, in_use
from dev.process import Command, Process, StartError
from dev.programs import find_program

_AMQP_HEADER = b"AMQP\x00\x00\x09\x01"
_METHOD_FRAME = b"\x01"
_CONTROL_TIMEOUT_S = 60.0
_NAMES_REQUEST = b"\x00\x01n"


class Epmd(Process):
    """The name server of Erlang nodes. Ours runs in the foreground and can be stopped; Erlang's own would stay."""

    def __init__(self, directory: Path, port: int) -> None:
        super().__init__("epmd", directory, {"LOCAL_RABBITMQ_PORT": port})
        self.port = port
        self.environment = {"ERL_EPMD_PORT": str(port), "ERL_EPMD_ADDRESS": "127.0.0.1"}

    def command(self) -> Command:
        return Command([find_program("epmd")], {"PATH": os.defpath, **self.environment}, self.directory)

    async def ready(self) -> bool:
        return await answer_of(self.port, _NAMES_REQUEST) != b""


class RabbitMQ(Process):
    """`pid` is the Erlang VM's own. Without a management port, or when that is taken, it runs without plugins."""

    start_timeout_s = 120.0

    def __init__(
        self,
        directory: Path,
        port: int,
        *,
        epmd_port: int | None = None,
        distribution_port: int | None = None,
        management_port: int | None = None,
    ) -> None:
        # One setting moves all of its ports.
        super().__init__("rabbitmq", directory, {"LOCAL_RABBITMQ_PORT": port})
        self.port = port
        self.url = f"amqp://guest:guest@127.0.0.1:{port}/"
        self._management_port = management_port
        self.epmd = Epmd(directory, epmd_port or free_port())
        self._distribution_port = distribution_port or free_port()
        self._data = self.directory / "data" / "rabbitmq"
        self._plugins_file = self._data / "enabled_plugins"

    async def prepare(self) -> None:
        await super().prepare()
        for folder in ("home", "mnesia", "log"):
            (self._data / folder).mkdir(parents=True, exist_ok=True)
        manages = self._management_port is not None and not in_use(self._management_port)
        (self._data / "rabbitmq.conf").write_text(self._configuration(manages=manages))
        self._plugins_file.write_text(f"[{'rabbitmq_management' if manages else ''}].\n")
        cookie = self._data / "home" / ".erlang.cookie"
        if not cookie.exists():
            cookie.write_text(secrets.token_hex(20))
            cookie.chmod(0o400)
        # A fresh one: the old one may not have noticed yet that the old node is gone, and would refuse its name.
        await self.epmd.stop()
        await self.epmd.start()

    async def stop(self) -> None:
        await super().stop()
        await self.epmd.stop()

    async def ready(self) -> bool:
        # The broker speaks first: connection.start, once it takes connections.
        return (await answer_of(self.port, _AMQP_HEADER)).startswith(_METHOD_FRAME)

    def command(self) -> Command:
        return Command([find_program("rabbitmq-server")], self._environment(), self._data)

    async def add_virtual_host(self, name: str) -> str:
        """Make a virtual host, which shares nothing with the others, and return its URL."""
        expression = (
            f'rabbit_vhost:add(<<"{name}">>, <<"guest">>),'
            f'rabbit_auth_backend_internal:set_permissions(<<"guest">>, <<"{name}">>, <<".*">>, <<".*">>, <<".*">>, <<"guest">>).'
        )
        await self.control("eval", expression)
        return f"{self.url}{name}"

    async def control(self, *arguments: str) -> str:
        """What the administration tool answers."""
        control = await asyncio.create_subprocess_exec(
            find_program("rabbitmqctl"),
            *("--quiet", *arguments),
            env=self._environment(),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        answer, _ = await asyncio.wait_for(control.communicate(), _CONTROL_TIMEOUT_S)
        if control.returncode != 0:
            raise StartError(f"rabbitmqctl failed: {answer.decode(errors='replace')}")
        return answer.decode()

    @property
    def management_url(self) -> str | None:
        """None when the running server has no management page."""
        manages = self._plugins_file.exists() and "rabbitmq_management" in self._plugins_file.read_text()
        return f"http://127.0.0.1:{self._management_port}" if manages else None

    def _configuration(self, *, manages: bool) -> str:
        lines = [f"listeners.tcp.default = 127.0.0.1:{self.port}"]
        if manages:
            lines += ["management.tcp.ip = 127.0.0.1", f"management.tcp.port = {self._management_port}"]
        lines += ["log.console = true", "log.console.level = warning", "log.file = false"]
        lines += ["vm_memory_high_watermark.absolute = 512MB", "disk_free_limit.absolute = 100MB"]
        return "\n".join(lines) + "\n"

    def _environment(self) -> dict[str, str]:
        data = self._data
        return {
            "PATH": f"/usr/lib/rabbitmq/bin:{os.defpath}",
            "HOME": str(data / "home"),
            "LANG": "C.UTF-8",
            # Makes the start script become the Erlang VM instead of its parent, so that the pid is the VM's.
            "RUNNING_UNDER_SYSTEMD": "true",
            "RABBITMQ_CONF_ENV_FILE": "/dev/null",
            "RABBITMQ_NODENAME": "unified@localhost",
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODE_PORT": str(self.port),
            "RABBITMQ_DIST_PORT": str(self._distribution_port),
            "RABBITMQ_MNESIA_BASE": str(data / "mnesia"),
            "RABBITMQ_LOG_BASE": str(data / "log"),
            "RABBITMQ_LOGS": "-",
            "RABBITMQ_CONFIG_FILE": str(data / "rabbitmq.conf"),
            "RABBITMQ_ADVANCED_CONFIG_FILE": str(data / "advanced.config"),
            "RABBITMQ_CONFIG_FILES": str(data / "conf.d"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self._plugins_file),
            "RABBITMQ_PID_FILE": str(data / "pid"),
            "RABBITMQ_GENERATED_CONFIG_DIR": str(data / "generated"),
            "RABBITMQ_FEATURE_FLAGS_FILE": str(data / "feature_flags"),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+S 1:1 -kernel inet_dist_use_interface {127,0,0,1}",
            "ERL_CRASH_DUMP": str(data / "erl_crash.dump"),
            **self.epmd.environment,
        }
