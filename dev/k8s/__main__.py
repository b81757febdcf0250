"""`python -m dev.k8s check` and `python -m dev.k8s secrets`."""

import argparse
import sys

import kubernetes_validate
from kubernetes_validate.utils import SchemaNotFoundError, ValidationError

from dev.k8s.manifests import OVERLAYS, Manifest, Manifests, base, files, has_kubectl, name_of, render
from dev.k8s.rules import RULES
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


def problems_of(manifests: Manifests) -> list[str]:
    return [problem for each in manifests.every for problem in schema_problems(each)] + rule_problems(manifests)


def rule_problems(manifests: Manifests) -> list[str]:
    return [problem for rule in RULES for problem in rule(manifests)]


def check() -> int:
    """What needs only the YAML, and with kubectl each overlay as it is applied."""
    found = [f"{path.name}: {problem}" for path, each in files() for problem in schema_problems(each)]
    found += [f"base: {problem}" for problem in rule_problems(base())]
    print(f"{'ok    ' if not found else 'FAILED'} files")
    if not has_kubectl():
        print("The overlays were not rendered: install kubectl 1.21 or newer for that.")
    for overlay in OVERLAYS if has_kubectl() else ():
        problems = problems_of(render(overlay))
        print(f"{'ok    ' if not problems else 'FAILED'} overlay {overlay}")
        found += [f"{overlay}: {problem}" for problem in problems]
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
