"""`make up`: starts the stack in the background, shows how it comes up, and says what runs where."""

import asyncio
import sys
import time

from dev import env_file, report, state
from dev.configuration import Configuration, from_root, prepare_secrets
from dev.process import StartError
from dev.settings_check import checked_ports
from dev.stack import Stack, build
from dev.supervisor import SupervisorProcess

_REFRESH_INTERVAL_S = 0.1
_PATIENCE_S = 15.0


async def up() -> int:
    configuration = prepare_secrets()
    for sentence in env_file.unknown_settings(configuration.given):
        print(f"{from_root(configuration.env_file)}: {sentence}")
    stack = build(configuration, checked_ports(configuration))
    supervisor = SupervisorProcess(configuration.home, configuration.environment)
    if supervisor.runs_as_set and state.read(configuration.home).complete:
        print("Everything runs already.")
    else:
        await _start(supervisor, stack, configuration)
    print(report.what_runs_where(stack, configuration))
    unwell = await _unwell(stack)
    if unwell:
        print(f"Not healthy now: {', '.join(unwell)}. `make logs NAME={unwell[0]}` says why.")
    return 1 if unwell else 0


async def _unwell(stack: Stack) -> list[str]:
    """Who is still not healthy after some patience: on a busy machine one answer may come late."""
    give_up_at = time.monotonic() + _PATIENCE_S
    while unwell := [process.name for process in stack if not await process.healthy()]:
        if time.monotonic() > give_up_at:
            break
        await asyncio.sleep(_REFRESH_INTERVAL_S)
    return unwell


async def _start(supervisor: SupervisorProcess, stack: Stack, configuration: Configuration) -> None:
    if taken := [problem for process in stack if not process.family() for problem in process.taken_ports()]:
        raise StartError("\n".join(taken))
    replaced = supervisor.pid is not None and not supervisor.runs_as_set
    print("The settings have changed: stopping and starting everything." if replaced else "Starting the platform.")
    if not supervisor.runs_as_set:
        await supervisor.stop()
        # What an earlier supervisor said is not this one's state.
        state.StateWriter(configuration.home)
    progress = asyncio.create_task(_show_progress(configuration))
    try:
        await supervisor.start()
    except StartError as error:
        raise StartError(state.read(configuration.home).failure or str(error)) from None
    finally:
        progress.cancel()
        await asyncio.gather(progress, return_exceptions=True)


async def _show_progress(configuration: Configuration) -> None:
    """A line for each process once it is ready; in a terminal also what is waited for."""
    begin, shown = time.monotonic(), set[str]()
    try:
        while True:
            now = state.read(configuration.home)
            _show_ready(now, shown)
            waiting = [name for name, phase in now.phases.items() if phase == "starting"]
            if sys.stdout.isatty() and waiting:
                print(f"\r\033[K  waiting for {', '.join(waiting)} ({time.monotonic() - begin:.0f} s)", end="", flush=True)
            await asyncio.sleep(_REFRESH_INTERVAL_S)
    finally:
        _show_ready(state.read(configuration.home), shown)


def _show_ready(now: state.State, shown: set[str]) -> None:
    if sys.stdout.isatty():
        print("\r\033[K", end="")
    for name, took_s in now.took_s.items():
        if name not in shown:
            shown.add(name)
            print(f"  {name:<11} ready after {took_s:4.1f} s", flush=True)
