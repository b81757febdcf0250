"""`make check`: every static check, side by side, each told in one line, and in full where it fails."""

import asyncio
import sys
import time

from dev.service import ROOT

_SOURCES = ("gateway", "user_svc", "task_svc", "notify_svc", "mesh", "dev", "tests", "bench", "clients")


def _checks() -> dict[str, list[str]]:
    sources = [name for name in _SOURCES if (ROOT / name).exists()]
    return {
        "lint": ["ruff", "check", "."],
        "format": ["ruff", "format", "--check", "."],
        "types": ["mypy", *sources],
        "contracts, generated code": ["dev.proto", "check"],
        "manifests": ["dev.k8s", "check"],
    }


async def _run(name: str, module_and_arguments: list[str]) -> bool:
    begin = time.monotonic()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", *module_and_arguments),
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
