"""Processes on a machine that has no OpenTelemetry."""

import subprocess
import sys

WITHOUT_PACKAGES = """
import sys
sys.modules["opentelemetry"] = None
import gateway.app, user_svc.app, task_svc.app, notify_svc.app
from mesh.settings import Settings, load
load(Settings)
print("loaded", flush=True)
"""


def run_without_packages(**environment: str) -> subprocess.CompletedProcess[str]:
    environment["PYTHONPATH"] = ":".join(sys.path)
    return subprocess.run([sys.executable, "-c", WITHOUT_PACKAGES], env=environment, capture_output=True, text=True, check=False)


def test_processes_start_without_the_packages_of_tracing() -> None:
    assert run_without_packages().stdout == "loaded\n"


def test_without_its_packages_tracing_is_refused_before_anything_starts() -> None:
    process = run_without_packages(OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:4317")

    assert (process.returncode, process.stdout) == (1, "")
    assert "OTEL_EXPORTER_OTLP_ENDPOINT needs the packages of requirements-tracing.lock" in process.stderr
