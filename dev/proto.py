"""Makes `generated/` from `protos/`, and checks that the contracts are clean, compatible and freshly generated."""

import argparse
import filecmp
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
GENERATED = ROOT / "generated"
BASELINE = ROOT / "protos" / "baseline.binpb"
IMAGE_NAME = "unified.binpb"
PACKAGE = "unified"


def run(*command: str | Path) -> None:
    """Run a tool of the virtual environment in the checkout; its failure is ours."""
    tools = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    subprocess.run(command, cwd=ROOT, check=True, env={**os.environ, "PATH": tools})


def compile_image(image: Path) -> None:
    """Write the descriptor set of all contracts and what they import, comments included."""
    sources = sorted(str(path.relative_to(ROOT / "protos")) for path in (ROOT / "protos").rglob("*.proto"))
    includes: list[str | Path] = ["-I", ROOT / "protos", "-I", sysconfig.get_paths()["purelib"]]
    options = ["--fatal_warnings", "--include_imports", "--include_source_info", f"--descriptor_set_out={image}"]
    run(sys.executable, "-m", "grpc_tools.protoc", *includes, *options, *sources)


def generate(folder: Path) -> None:
    """Fill `folder` with stubs, their types and the descriptor set."""
    shutil.rmtree(folder / PACKAGE, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    image = folder / IMAGE_NAME
    compile_image(image)
    run("buf", "generate", image, "--path", PACKAGE, "--template", "buf.gen.yaml", "-o", folder)


def differing(left: Path, right: Path) -> list[str]:
    """Names of the files, relative to the folders, that are not the same in both."""
    names = {
        str(path.relative_to(folder))
        for folder in (left, right)
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    same, _, _ = filecmp.cmpfiles(left, right, names, shallow=False)
    return sorted(names - set(same))


def check() -> int:
    """Lint the contracts, compare them with the last release's, and the generated code with what they make today."""
    with tempfile.TemporaryDirectory() as folder:
        fresh = Path(folder, "generated")
        generate(fresh)
        image = fresh / IMAGE_NAME
        run("buf", "lint", image, "--config", "buf.yaml", "--path", PACKAGE)
        run("buf", "breaking", image, "--against", BASELINE, "--config", "buf.yaml", "--path", PACKAGE)
        stale = differing(fresh, GENERATED)
    if stale:
        print(f"generated code is stale (run `make proto` and commit): {', '.join(stale)}", file=sys.stderr)
    return 1 if stale else 0


def write_baseline() -> None:
    """Take today's contracts as the release that later ones must stay compatible with."""
    run("buf", "build", GENERATED / IMAGE_NAME, "-o", BASELINE, "--exclude-source-info")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m dev.proto", description=__doc__)
    parser.add_argument("command", choices=["generate", "check", "baseline"])
    match parser.parse_args().command:
        case "generate":
            generate(GENERATED)
        case "check":
            return check()
        case "baseline":
            write_baseline()
    return 0


if __name__ == "__main__":
    sys.exit(main())
