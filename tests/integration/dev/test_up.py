"""`make up` and its relatives, as commands, on a home and ports of their own: the life of one stack in one scenario."""

import asyncio
import os
import secrets
import signal
import socket
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from dev import marks
from dev.configuration import ROOT, Ports
from dev.ports import free_port, in_use
from dev.running import Running
from tests.waiting import until

PROCESSES = {"mongod", "redis", "rabbitmq", "user_svc", "task_svc", "notify_svc", "gateway"}
PATIENCE_S = 200


class Terminal:
    """Somebody who types commands, with ports of their own in the environment."""

    def __init__(self, home: Path) -> None:
        self.home = home.resolve()
        self.settings = {name.upper(): str(free_port()) for name in Ports.model_fields}
        self.settings["LOCAL_RABBITMQ_PORT"] = str(free_port(3))
        # Children that outlive their parent must not be in the way of its successor.
        self.settings["GATEWAY_WORKERS"] = "2"

    @property
    def environment(self) -> dict[str, str]:
        own = {"PATH": os.environ["PATH"], "PYTHONPATH": f"{ROOT}:{ROOT / 'generated'}", "UNIFIED_HOME": str(self.home)}
        return {**own, **self.settings}

    async def run(self, *command: str, **settings: str) -> tuple[int, str]:
        """The exit code and what was printed."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "dev", *command),
            cwd=ROOT,
            env={**self.environment, **settings},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        output, _ = await asyncio.wait_for(process.communicate(), PATIENCE_S)
        assert process.returncode is not None
        return process.returncode, output.decode()

    def pid(self, name: str) -> int | None:
        return Running(name, self.home).pid

    def pids(self) -> dict[str, int | None]:
        return {name: self.pid(name) for name in PROCESSES}


@pytest.fixture
async def terminal(run_directory: Path) -> AsyncIterator[Terminal]:
    terminal = Terminal(run_directory / f"up_{secrets.token_hex(3)}")
    yield terminal
    await terminal.run("down")


@pytest.mark.timeout(300)
async def test_a_stack_comes_up_survives_crashes_and_goes_down(terminal: Terminal) -> None:
    code, output = await terminal.run("up")
    assert code == 0, output
    assert f"http://127.0.0.1:{terminal.settings['API_GATEWAY_PORT']}" in output
    assert f"settings    {terminal.home.relative_to(ROOT)}/.env" in output
    pids = terminal.pids()
    assert None not in pids.values()
    assert _program(pids["rabbitmq"]) == "beam.smp"

    # From another terminal, with another PATH.
    code, output = await terminal.run("up", PATH=f"{os.environ['PATH']}:/nowhere")
    assert code == 0, output
    assert "runs already" in output
    assert terminal.pids() == pids

    # The supervisor brings back what dies, and the next one adopts what an earlier one left.
    _kill(pids["gateway"])
    await until(lambda: terminal.pid("gateway") not in (None, pids["gateway"]))
    supervisor_pid = terminal.pid("supervisor")
    _kill(supervisor_pid)
    pids = terminal.pids()
    _kill(pids.pop("gateway"))
    code, output = await terminal.run("up")
    assert code == 0, output
    assert terminal.pid("supervisor") not in (None, supervisor_pid)
    assert pids.items() < terminal.pids().items()
    _kill(pids["task_svc"])
    await until(lambda: terminal.pid("task_svc") not in (None, pids["task_svc"]))

    code, output = await terminal.run("status")
    assert all(name in output for name in PROCESSES), output
    code, output = await terminal.run("logs", "--no-follow", "gateway")
    assert code == 0
    assert all(line.startswith("gateway | ") for line in output.splitlines())

    code, output = await terminal.run("down")
    assert code == 0, output
    assert marks.marked_below(terminal.home) == {}
    assert not [port for name, port in terminal.settings.items() if name.endswith("_PORT") and in_use(int(port))]
    assert (await terminal.run("down"))[1].strip() == "Nothing runs."


async def test_a_taken_port_is_named_with_the_setting_that_moves_it(terminal: Terminal) -> None:
    with socket.create_server(("127.0.0.1", 0)) as stranger:
        port = str(stranger.getsockname()[1])
        code, output = await terminal.run("up", LOCAL_REDIS_PORT=port)

    assert code == 1
    assert f"redis: port {port} is taken by another program; set LOCAL_REDIS_PORT to a free port" in output
    assert marks.marked_below(terminal.home) == {}


async def test_all_bad_settings_are_named_at_once_and_nothing_starts(terminal: Terminal) -> None:
    terminal.home.mkdir(parents=True)
    (terminal.home / ".env").write_text("RATE_LIMT_MAX=7\n")
    bad = {
        "JWT_SECRET": "short",
        "USER_SERVICE_PORT": "http",
        "LOCAL_REDIS_PORT": "0",
        "RABBITMQ_URL": "localhost",
        "BIND_ADDRESS": "127.0.0.2",
    }
    code, output = await terminal.run("up", **bad)

    assert code == 1
    assert [name for name in bad if name not in output] == []
    assert "short" not in output
    assert "BIND_ADDRESS Input should be '127.0.0.1' or '0.0.0.0'" in output
    assert ".env: RATE_LIMT_MAX is no setting of the platform: is RATE_LIMIT_MAX meant?" in output
    assert marks.marked_below(terminal.home) == {}


@pytest.mark.parametrize(("command", "code"), [("status", 1), ("down", 0)])
async def test_a_reader_who_has_seen_enough_is_no_failure(terminal: Terminal, command: str, code: int) -> None:
    read_end, write_end = os.pipe()
    os.close(read_end)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "dev", command),
        cwd=ROOT,
        env=terminal.environment,
        stdout=write_end,
        stderr=asyncio.subprocess.PIPE,
    )
    os.close(write_end)
    _, errors = await asyncio.wait_for(process.communicate(), PATIENCE_S)
    assert (errors.decode(), process.returncode) == ("", code)


def _program(pid: int | None) -> str:
    return Path(f"/proc/{pid}/comm").read_text().strip()


def _kill(pid: int | None) -> None:
    assert pid
    os.kill(pid, signal.SIGKILL)
