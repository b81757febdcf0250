"""`python -m dev.client`: writes the client's models and methods, from the generated code of the contract."""

import subprocess
import sys
from pathlib import Path

from dev.client.methods import methods_module, safety_module
from dev.client.models import models_module
from dev.service import ROOT
from gateway.bindings import build_bindings
from gateway.contract import load_contract

CLIENT = ROOT / "clients" / "python" / "unified_client"


def written() -> dict[Path, str]:
    """The files, as they should be."""
    contract = load_contract()
    bindings = build_bindings(contract.services)
    modules = {
        "models.py": models_module(bindings, contract.comments),
        "methods.py": methods_module(bindings, contract.comments),
        "safety.py": safety_module(bindings),
    }
    return {CLIENT / name: _formatted(code) for name, code in modules.items()}


def _formatted(code: str) -> str:
    """Without the imports that turned out to be unused, in the house's form."""
    for options in (["check", "--fix-only", "--quiet", "--select", "F401"], ["format"]):
        command = [sys.executable, "-m", "ruff", *options, "--stdin-filename", str(CLIENT / "written.py"), "-"]
        code = subprocess.run(command, input=code, text=True, capture_output=True, check=True).stdout
    return code


def main() -> None:
    for path, code in written().items():
        path.write_text(code)


if __name__ == "__main__":
    main()
