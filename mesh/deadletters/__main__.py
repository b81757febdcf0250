"""Dead letters: `python -m mesh.deadletters list | show | redrive | drop`. The broker is the one of RABBITMQ_URL."""

import argparse
import asyncio
import logging
import shutil
import sys
from collections.abc import Sequence
from typing import Any

import orjson

from mesh.amqp import NotConfirmedError
from mesh.deadletters.letters import DeadLetter
from mesh.deadletters.queue import DeadLetterQueue, opened
from mesh.settings import RabbitSettings, load

COLUMNS = ["id", "type", "queue", "reason", "attempts", "failedAt", "lastError"]


def main() -> int:
    arguments = _parser().parse_args()
    # What the operator needs to know is printed here.
    logging.disable()
    url = load(RabbitSettings).rabbitmq_url
    try:
        return asyncio.run(_run(arguments, url))
    except TimeoutError:
        print("RabbitMQ does not answer; is RABBITMQ_URL right?", file=sys.stderr)
    except NotConfirmedError as error:
        print(f"RabbitMQ did not take a letter ({error}); what was not redriven is still there.", file=sys.stderr)
    return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m mesh.deadletters", description=__doc__)
    parser.add_argument("--limit", type=int, default=1000, help="how many letters to look at, at most (default: 1000)")
    commands = parser.add_subparsers(dest="command", required=True)
    for name, text in (("list", "say what waits"), ("show", "say all that is known of one letter")):
        commands.add_parser(name, help=text).add_argument("--json", action="store_true", help="as JSON, for programs")
    commands.choices["show"].add_argument("ids", nargs=1, metavar="ID")
    for name, text in (("redrive", "send letters to their queues again"), ("drop", "forget letters")):
        command = commands.add_parser(name, help=text)
        which = command.add_mutually_exclusive_group(required=True)
        which.add_argument("ids", nargs="*", default=[], metavar="ID")
        which.add_argument("--all", action="store_true", help="every letter")
        command.set_defaults(json=False)
    return parser


async def _run(arguments: argparse.Namespace, url: str) -> int:
    async with opened(url, limit=arguments.limit) as queue:
        letters = await queue.letters()
        if arguments.command == "list":
            _print_list(letters, as_json=arguments.json)
            return 0
        chosen = [letter for letter in letters if (arguments.command != "show" and arguments.all) or letter.id in arguments.ids]
        missing = sorted(set(arguments.ids) - {letter.id for letter in chosen})
        if missing:
            print(f"There is no dead letter {', '.join(missing)}.", file=sys.stderr)
        if arguments.command == "show":
            for letter in chosen:
                print(orjson.dumps(letter.details(), option=0 if arguments.json else orjson.OPT_INDENT_2).decode())
        else:
            await _settle(queue, chosen, arguments.command)
        return 1 if missing else 0


async def _settle(queue: DeadLetterQueue, letters: Sequence[DeadLetter], command: str) -> None:
    for letter in letters:
        if command == "redrive":
            await queue.redrive(letter)
        else:
            queue.drop(letter)
    print(f"{len(letters)} {'redriven' if command == 'redrive' else 'dropped'}")


def _print_list(letters: Sequence[DeadLetter], *, as_json: bool) -> None:
    rows = [letter.summary() for letter in letters]
    if as_json:
        print(orjson.dumps(rows).decode())
    elif rows:
        _print_table(rows)
    else:
        print("There are no dead letters.")


def _print_table(rows: Sequence[dict[str, Any]]) -> None:
    """Columns as wide as their content; the last one gets what the terminal has left."""
    widths = [max(len(column), *(len(str(row[column])) for row in rows)) for column in COLUMNS[:-1]]
    left = max(20, shutil.get_terminal_size((160, 24)).columns - sum(widths) - 2 * len(widths))
    for cells in [COLUMNS, *([str(row[column]) for column in COLUMNS] for row in rows)]:
        print("  ".join([*(cell.ljust(width) for cell, width in zip(cells, widths, strict=False)), cells[-1][:left]]).rstrip())


if __name__ == "__main__":
    sys.exit(main())
