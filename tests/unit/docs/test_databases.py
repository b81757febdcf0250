"""What docs/operations.md says is in each service's database, against the code that puts it there."""

import re
from importlib import import_module
from pathlib import Path

import pytest

from tests.unit.architecture.modules import ROOT, SERVICES, Module, product_modules

PAGE = ROOT / "docs/operations.md"
TOLD = re.findall(r"`unified_\w+`: ([^.|]+)", PAGE.read_text())
# By a name in quotes, or by a constant.
COLLECTION = re.compile(r'\bdatabase\[(?:"(\w+)"|([A-Z_]+))\]')


@pytest.mark.parametrize(("service", "told"), list(zip(SERVICES, TOLD, strict=True)), ids=SERVICES)
def test_the_page_names_every_collection(service: str, told: str) -> None:
    modules = product_modules()
    own = [module for module in modules if module.room == service]
    imported = {name.rpartition(".")[0] for module in own for name in module.imports}
    from_mesh = [module for module in modules if module.room == "mesh" and module.name in imported]

    kept = {name for module in [*own, *from_mesh] for name in collections_of(module)}

    assert kept == set(re.findall(r"`(\w+)`", told))


def collections_of(module: Module) -> list[str]:
    code = import_module(module.name)
    found = COLLECTION.findall(Path(str(code.__file__)).read_text())
    return [name or getattr(code, constant) for name, constant in found]
