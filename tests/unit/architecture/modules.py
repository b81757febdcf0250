"""Reads the product's modules as syntax trees: what each imports and which names it uses, without importing any."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
SERVICES = ("user_svc", "task_svc", "notify_svc")
ROOMS = ("gateway", *SERVICES)
PRODUCT = (*ROOMS, "mesh")


@dataclass(frozen=True)
class Module:
    """`name` is dotted; `imports` are dotted too, and name a module or something in one; `names` is what its code mentions."""

    name: str
    imports: frozenset[str]
    names: frozenset[str]

    @property
    def room(self) -> str:
        return self.name.partition(".")[0]

    @property
    def file(self) -> str:
        return self.name.rpartition(".")[2]


def product_modules(root: Path = ROOT) -> list[Module]:
    """Every module below `root` that runs in production."""
    return [_read(root, path) for room in PRODUCT for path in sorted((root / room).rglob("*.py"))]


def _read(root: Path, path: Path) -> Module:
    nodes = list(ast.walk(ast.parse(path.read_text())))
    name = ".".join(path.relative_to(root).with_suffix("").parts).removesuffix(".__init__")
    names = {node.attr for node in nodes if isinstance(node, ast.Attribute)} | {n.id for n in nodes if isinstance(n, ast.Name)}
    return Module(name, frozenset(imported for node in nodes for imported in _imports(node)), frozenset(names))


def _imports(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        # A relative import keeps its dots, and with them breaks every rule.
        yield from ("." * node.level + ".".join(filter(None, [node.module, alias.name])) for alias in node.names)
