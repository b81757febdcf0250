"""`python -m dev.compose check` and `python -m dev.compose secrets`."""

import argparse
import sys

from check_jsonschema.builtin_schemas import get_builtin_schema
from jsonschema.validators import validator_for

from dev.compose.file import FILE, Compose, Document, read
from dev.compose.rules import RULES
from dev.compose.secrets import FOLDER, ensure_secrets
from dev.service import ROOT


def schema_problems(document: Document) -> list[str]:
    """What the Compose Specification says against it."""
    schema = get_builtin_schema("vendor.compose-spec")
    errors = validator_for(schema)(schema).iter_errors(document)
    return [f"{error.message} at {'.'.join(map(str, error.path))}" for error in errors]


def rule_problems(document: Document) -> list[str]:
    return [problem for rule in RULES for problem in rule(Compose(document))]


def check() -> int:
    document = read()
    found = schema_problems(document) or rule_problems(document)
    print(f"{'ok    ' if not found else 'FAILED'} {FILE.name}", *found, sep="\n")
    return 1 if found else 0


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m dev.compose", description=__doc__)
    parser.add_argument("command", choices=["check", "secrets"])
    if parser.parse_args().command == "check":
        return check()
    ensure_secrets()
    print(f"The secrets of compose.yaml are in {FOLDER.relative_to(ROOT)}/.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
