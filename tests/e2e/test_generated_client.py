"""A client that a generator makes of the served document, and that knows nothing of us otherwise."""

import asyncio
import secrets
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.rest import PASSWORD
from tests.platform import Platform

# Files are bytes to the generator, whatever is in them; it runs no formatters.
CONFIGURATION = """
package_name_override: generated_client
content_type_overrides:
  text/csv: application/octet-stream
  application/x-ndjson: application/octet-stream
  application/jsonl: application/octet-stream
post_hooks: []
"""


async def generate(document_url: str, folder: Path) -> None:
    """Write the package `generated_client` into the folder; a warning is a failure."""
    configuration = folder / "configuration.yaml"
    configuration.write_text(CONFIGURATION)
    options = ["--url", document_url, "--meta", "none", "--output-path", folder / "generated_client", "--config", configuration]
    command = [sys.executable, "-m", "openapi_python_client", "generate", "--fail-on-warning", *map(str, options)]
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT, cwd=folder
    )
    output, _ = await process.communicate()
    assert (process.returncode, b"WARNING" in output) == (0, False), output.decode()


async def test_a_generated_client_registers_logs_in_and_finds_the_task_that_it_made(
    shared_platform: Platform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await generate(f"{shared_platform.base_url}/openapi.json", tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    clients, models = import_module("generated_client"), import_module("generated_client.models")
    account = {"email": f"ada.{secrets.token_hex(6)}@example.com", "password": PASSWORD}

    async def call(name: str, **options: Any) -> Any:
        return await import_module(f"generated_client.api.{name}").asyncio(client=client, **options)

    async with clients.Client(shared_platform.base_url) as client:
        user = await call("user.register", body=models.RegisterRequest(**account, name="Ada"))
        login = await call("user.login", body=models.LoginRequest(**account))
        assert login.user == user
    async with clients.AuthenticatedClient(shared_platform.base_url, login.token) as client:
        task = await call("task.create_task", body=models.TaskInput(title="Ship it", priority=models.Priority.HIGH))
        assert (task.title, task.status, task.owner_id) == ("Ship it", models.Status.TODO, user.id)
        listed = await call("task.list_tasks", page_size=20, status=[models.Status.TODO])
        assert listed.tasks == [task]
        refused = await call("task.create_task", body=models.TaskInput(title=""))
        assert (refused.status, refused.code) == (400, "invalid_argument")
