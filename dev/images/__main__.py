"""`python -m dev.images`: builds the four images from the Dockerfile and runs the platform from them, in some ten minutes."""

import asyncio
import os
import shutil
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from dev.images.building import Builder
from dev.images.checks import problems_of, problems_together
from dev.service import ROOT

SERVICES = ("gateway", "user_svc", "task_svc", "notify_svc")
# Some 3 GB while it runs, and nothing afterwards.
FOLDER = ROOT / ".local" / "images"


def missing() -> list[str]:
    """What it needs that is not there."""
    programs = [program for program in ("buildah", "mmdebstrap") if shutil.which(program) is None]
    return [*programs, *(["the rights of root"] if os.geteuid() else [])]


def check(folder: Path) -> list[str]:
    builder = Builder(folder)
    _timed("base", builder.make_base)
    for service in SERVICES:
        _timed(service, partial(builder.build, service))
    with ExitStack() as stack:
        images = {service: stack.enter_context(builder.mounted(service)) for service in SERVICES}
        print("of    ", ", ".join(f"{service} {image.megabytes} MB" for service, image in images.items()), flush=True)
        found = [problem for service, image in images.items() for problem in problems_of(service, image)]
        return found or asyncio.run(problems_together(images, folder / "platform"))


def _timed(what: str, build: Callable[[], None]) -> None:
    begin = time.monotonic()
    build()
    print(f"built  {what} ({time.monotonic() - begin:.0f} s)", flush=True)


def main() -> int:
    if lacking := missing():
        print(f"The images were not built: that needs {' and '.join(lacking)}.")
        return 0
    shutil.rmtree(FOLDER, ignore_errors=True)
    try:
        found = check(FOLDER)
    finally:
        shutil.rmtree(FOLDER, ignore_errors=True)
    print(f"{'ok    ' if not found else 'FAILED'} images", *found, sep="\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
