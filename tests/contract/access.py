"""Who may call what at which path, as a table: `python -m tests.contract.access` prints it."""

from unified.api.v1 import options_pb2

from gateway.bindings import build_bindings
from gateway.contract import load_contract


def access_table() -> str:
    """A line for each binding: verb, path, access, method; in the order of paths."""
    rows = sorted(
        (binding.template.text, binding.verb, options_pb2.Access.Name(binding.access).removeprefix("ACCESS_"), binding.name)
        for binding in build_bindings(load_contract().services)
    )
    return "".join(f"{verb:<6} {path:<34} {access.lower():<9} {method}\n" for path, verb, access, method in rows)


if __name__ == "__main__":
    print(access_table(), end="")
