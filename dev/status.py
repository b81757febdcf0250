"""`make status`: what runs, where, since when, and whether it is well."""

import asyncio
import os
from datetime import timedelta
from pathlib import Path

from dev import state
from dev.configuration import Configuration, Ports, read_configuration
from dev.marks import fields_of
from dev.process import Process
from dev.settings_check import checked_ports
from dev.stack import build
from dev.supervisor import SupervisorProcess

# In proc_pid_stat(5) the 22nd field, in clock ticks since the machine started.
_START_TIME = 19
_ROW = "{:<11} {:>8} {:>6} {:>12} {:>9}  {}"


async def status() -> int:
    """0 when everything runs and is well."""
    configuration = read_configuration()
    stack = build(configuration, _ports(configuration))
    supervisor = SupervisorProcess(configuration.home, configuration.environment)
    processes: list[Process] = [supervisor, *stack]
    health = await asyncio.gather(*(process.healthy() for process in processes))
    restarts = state.read(configuration.home).restarts
    print(_ROW.format("process", "pid", "port", "up for", "restarts", "health"))
    for process, well in zip(processes, health, strict=True):
        port = next(iter(process.ports.values()), "")
        pid = process.pid
        word = "well" if well else "not well" if pid else "not running"
        print(_ROW.format(process.name, pid or "-", port, _uptime(pid), restarts.get(process.name, 0), word))
    return 0 if all(health) else 1


def _ports(configuration: Configuration) -> Ports:
    # Keys are missing before the first `make up`; only the ports matter here.
    return checked_ports(configuration) if configuration.env_file.exists() else Ports()


def _uptime(pid: int | None) -> str:
    if pid is None:
        return "-"
    started_s = int(fields_of(pid)[_START_TIME]) / os.sysconf("SC_CLK_TCK")
    now_s = float(Path("/proc/uptime").read_text().split()[0])
    return str(timedelta(seconds=round(now_s - started_s)))
