"""The local stack's commands: `python -m dev up`, and what else `--help` names. The Makefile calls them."""

import argparse
import asyncio
import os
import sys
from collections.abc import Coroutine
from contextlib import nullcontext
from typing import Any

from dev.certs import certs
from dev.configuration import read_configuration
from dev.demo import demo
from dev.down import down
from dev.lock import exclusive
from dev.logs import logs
from dev.process import StartError
from dev.settings_check import checked_ports
from dev.stack import build
from dev.state import StateWriter
from dev.status import status
from dev.supervisor import Supervisor
from dev.up import up
from mesh.logs import configure


async def supervise() -> int:
    configure("supervisor", "info")
    configuration = read_configuration()
    stack = build(configuration, checked_ports(configuration))
    return 0 if await Supervisor(stack.stages, StateWriter(configuration.home)).run() else 1


COMMANDS = {"up": up, "down": down, "status": status, "demo": demo, "certs": certs, "supervise": supervise}


def _command(arguments: argparse.Namespace) -> Coroutine[Any, Any, int]:
    match arguments.command:
        case "logs":
            return logs(arguments.name, follow=not arguments.no_follow)
        case command:
            return COMMANDS[command]()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m dev", description="Runs the platform on this machine.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("up", help="start everything in the background")
    commands.add_parser("down", help="stop everything; the data stays")
    commands.add_parser("status", help="show what runs and whether it is well")
    shown = commands.add_parser("logs", help="show and follow the logs")
    shown.add_argument("name", nargs="?", help="of one process, like task_svc")
    shown.add_argument("--no-follow", action="store_true", help="stop at the end of the logs")
    commands.add_parser("demo", help="use the running platform once, as a person would")
    commands.add_parser("certs", help="make a certificate for each process, for mutual TLS")
    commands.add_parser("supervise", help="what `up` runs in the background")
    return parser.parse_args()


def main() -> int:
    arguments = _arguments()
    turn = exclusive(read_configuration().home) if arguments.command in ("up", "down") else nullcontext()
    code = 0
    try:
        with turn:
            code = asyncio.run(_command(arguments))
        sys.stdout.flush()
        return code
    except BrokenPipeError:
        # Whoever reads, like `head`, has seen enough; what is left is not written again when Python ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return code
    except StartError as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


sys.exit(main())
