"""`make check`: every static check, side by side, each told in one line, and in full where it fails."""

import asyncio
import sys
import time
from pathlib import Path

from dev.service import ROOT

_SOURCES = ("gateway", "user_svc", "task_svc", "notify_svc", "mesh", "dev", "tests", "bench", "clients")


def _checks() -> dict[str, list[str]]:
    sources = [name for name in _SOURCES if (ROOT / name).exists()]
    workflows = sorted(str(path.relative_to(ROOT)) for path in (ROOT / ".github" / "workflows").iterdir())
    return {
        "lint": _module("ruff", "check", "."),
        "format": _module("ruff", "format", "--check", "."),
        "types": _module("mypy", *sources),
        "contracts, generated code": _module("dev.proto", "check"),
        "manifests": _module("dev.k8s", "check"),
        "compose.yaml": _module("dev.compose", "check"),
        "Dockerfile": _program("hadolint", "Dockerfile"),
        "workflows": _module("check_jsonschema", "--builtin-schema", "vendor.github-workflows", *workflows),
        "shell scripts": _program("shellcheck", "dev/bootstrap.sh", ".ci/run", "scripts/posix/dev", "scripts/posix/clean"),
    }


def _module(name: str, *arguments: str) -> list[str]:
    return [sys.executable, "-m", name, *arguments]


def _program(name: str, *arguments: str) -> list[str]:
    """Of the virtual environment, which holds more than modules."""
    return [str(Path(sys.executable).with_name(name)), *arguments]


async def _run(name: str, command: list[str]) -> bool:
    begin = time.monotonic()
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    passed = process.returncode == 0
    print(f"{'ok    ' if passed else 'FAILED'} {name} ({time.monotonic() - begin:.1f} s)", flush=True)
    if not passed:
        print(output.decode(errors="replace"), flush=True)
    return passed


async def _run_all() -> bool:
    return all(await asyncio.gather(*(_run(name, command) for name, command in _checks().items())))


def main() -> int:
    return 0 if asyncio.run(_run_all()) else 1


if __name__ == "__main__":
    sys.exit(main())
