"""`python -m dev.k8s check` and `python -m dev.k8s secrets`."""

import argparse
import sys
from collections.abc import Iterator, Sequence
from itertools import product
from pathlib import Path

from dev.k8s.manifests import FOLDER
from dev.k8s.rendering import OVERLAYS, RenderError, base, can_render, files, optional, render
from dev.k8s.rules import rule_problems
from dev.k8s.schemas import schema_problems
from dev.k8s.secrets import secrets_for_trying


def file_problems(folder: Path) -> list[str]:
    """What needs only the YAML. The rules take it for granted that schemas are kept."""
    found = [f"{path.relative_to(folder)}: {problem}" for path, each in files(folder) for problem in schema_problems(each)]
    return found or [f"base: {problem}" for problem in rule_problems(base(folder))]


def overlay_problems(overlay: str, more: Sequence[str], folder: Path) -> list[str]:
    try:
        manifests = render(overlay, more, folder)
    except RenderError as error:
        return [str(error)]
    return [problem for each in manifests.every for problem in schema_problems(each)] or rule_problems(manifests, overlay)


def problems(folder: Path) -> Iterator[tuple[str, list[str]]]:
    """By what was looked at: the files and, with kubectl, each overlay as it is applied, alone and with what none has."""
    yield "files", file_problems(folder)
    if not can_render():
        print("The overlays were not rendered: install kubectl 1.21 or newer for that.")
        return
    for overlay, more in product(OVERLAYS, ([], optional(folder))):
        yield f"overlay {overlay}" + f" with {', '.join(more)}" * bool(more), overlay_problems(overlay, more, folder)


def check(folder: Path = FOLDER) -> int:
    whole = True
    for place, found in problems(folder):
        print("ok    " if not found else "FAILED", place)
        print(*(f"  {problem}" for problem in dict.fromkeys(found)), sep="\n", end="\n" * bool(found))
        whole = whole and not found
    return 0 if whole else 1


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m dev.k8s", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    checking = commands.add_parser("check", help="check the manifests in k8s/, or in another folder that is laid out so")
    checking.add_argument("folder", type=Path, nargs="?", default=FOLDER)
    making = commands.add_parser("secrets", help="make the secrets of the dev overlay")
    making.add_argument("--namespace", default="unified-dev")
    arguments = parser.parse_args()
    if arguments.command == "secrets":
        print(secrets_for_trying(arguments.namespace))
        return 0
    return check(arguments.folder)


if __name__ == "__main__":
    sys.exit(main())
