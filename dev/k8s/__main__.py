"""`python -m dev.k8s check` and `python -m dev.k8s secrets`."""

import argparse
import sys
from collections.abc import Sequence
from itertools import product

import kubernetes_validate
from kubernetes_validate.utils import SchemaNotFoundError, ValidationError

from dev.k8s import availability, rules
from dev.k8s.manifests import OVERLAYS, Manifest, Manifests, base, can_render, files, name_of, optional, render
from dev.k8s.secrets import secrets_for_trying

KUBERNETES = "1.32"


def schema_problems(manifest: Manifest) -> list[str]:
    """What the published schema of its kind says against the manifest. Operators' own kinds have none here."""
    try:
        kubernetes_validate.validate(manifest, KUBERNETES, strict=True)
    except SchemaNotFoundError:
        return []
    except ValidationError as error:
        return [f"{name_of(manifest)}: {error.message} at {'.'.join(map(str, error.path))}"]
    return []


def problems_of(overlay: str, more: Sequence[str] = ()) -> list[str]:
    manifests = render(overlay, more)
    return [problem for each in manifests.every for problem in schema_problems(each)] + rule_problems(manifests, overlay)


def rule_problems(manifests: Manifests, overlay: str = "") -> list[str]:
    chosen = (*rules.RULES, *availability.RULES, *availability.OF_OVERLAYS.get(overlay, ()))
    return [problem for rule in chosen for problem in rule(manifests)]


def check() -> int:
    """What needs only the YAML, and with kubectl each overlay as it is applied, and with the optional components."""
    found = [f"{path.name}: {problem}" for path, each in files() for problem in schema_problems(each)]
    found += [f"base: {problem}" for problem in rule_problems(base())]
    print(f"{'ok    ' if not found else 'FAILED'} files")
    renders = can_render()
    if not renders:
        print("The overlays were not rendered: install kubectl 1.21 or newer for that.")
    for overlay, more in product(OVERLAYS, ([], optional())) if renders else ():
        what = f"{overlay} with {', '.join(more)}" if more else overlay
        problems = problems_of(overlay, more)
        print(f"{'ok    ' if not problems else 'FAILED'} overlay {what}")
        found += [f"{what}: {problem}" for problem in problems]
    print(*found, sep="\n", end="\n" * bool(found))
    return 1 if found else 0


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m dev.k8s", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("check", help="check the manifests in k8s/")
    making = commands.add_parser("secrets", help="make the secrets of the dev overlay")
    making.add_argument("--namespace", default="unified-dev")
    arguments = parser.parse_args()
    if arguments.command == "secrets":
        print(secrets_for_trying(arguments.namespace))
        return 0
    return check()


if __name__ == "__main__":
    sys.exit(main())
