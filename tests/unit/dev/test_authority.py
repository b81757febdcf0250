"""The certificates that `make certs` makes, and what `make up` does with them."""

from pathlib import Path

import pytest
from cryptography.x509 import DNSName, SubjectAlternativeName, load_pem_x509_certificate

from dev.authority import CA_FILE, PROCESSES, certificate_settings, make_certificates
from dev.certs import certs
from dev.configuration import prepare_secrets
from dev.process import StartError
from dev.service import PlatformProcess
from dev.settings_check import checked_ports
from dev.stack import build
from mesh.certificates import dns_name
from tests.platform import files_of


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    make_certificates(tmp_path / "certs")
    return tmp_path / "certs"


@pytest.mark.parametrize("process", PROCESSES)
def test_each_process_has_a_certificate_with_its_name(folder: Path, process: str) -> None:
    made = load_pem_x509_certificate(files_of(folder, process).read().certificate)
    names = made.extensions.get_extension_for_class(SubjectAlternativeName).value.get_values_for_type(DNSName)
    assert names == [dns_name(process), "localhost"]


def test_keys_are_for_nobody_else_to_read(folder: Path) -> None:
    assert {key.stat().st_mode & 0o077 for key in folder.glob("*.key")} == {0}
    assert len(list(folder.glob("*.key"))) == len(PROCESSES) + 1


def test_made_again_they_are_others_of_the_same_ca(folder: Path) -> None:
    before = files_of(folder, "gateway").read()
    make_certificates(folder)
    after = files_of(folder, "gateway").read()
    assert after.ca == before.ca
    assert after.certificate != before.certificate


async def test_the_command_says_what_turns_them_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("UNIFIED_HOME", str(tmp_path))
    assert await certs() == 0
    folder = tmp_path / "certs"
    assert f"LOCAL_CERTIFICATES={folder} in .env" in capsys.readouterr().out
    monkeypatch.setenv("LOCAL_CERTIFICATES", str(folder))
    assert await certs() == 0
    assert "take up the new ones by themselves" in capsys.readouterr().out


def settings_of(process: PlatformProcess) -> dict[str, str]:
    return {name: value for name, value in process.command().environment.items() if name.startswith("MESH_")}


def test_turned_on_each_process_gets_its_own(tmp_path: Path, folder: Path) -> None:
    configuration = prepare_secrets({"UNIFIED_HOME": str(tmp_path), "LOCAL_CERTIFICATES": str(folder)})
    stack = build(configuration, checked_ports(configuration))
    for process in (*stack.services, stack.gateway):
        assert settings_of(process) == certificate_settings(folder, process.name)
    asked = [port for service in stack.services for name, port in service.ports.items() if name.endswith("_HEALTH_PORT")]
    assert asked == [3201, 3202, 3203]


def test_left_off_nobody_gets_any(tmp_path: Path) -> None:
    configuration = prepare_secrets({"UNIFIED_HOME": str(tmp_path)})
    stack = build(configuration, checked_ports(configuration))
    assert [settings_of(process) for process in (*stack.services, stack.gateway)] == [{}] * 4


def test_what_is_missing_is_said_before_anything_starts(tmp_path: Path, folder: Path) -> None:
    (folder / "task-svc.key").unlink()
    (folder / CA_FILE).write_text("not PEM")
    configuration = prepare_secrets({"UNIFIED_HOME": str(tmp_path), "LOCAL_CERTIFICATES": str(folder)})
    with pytest.raises(StartError) as raised:
        checked_ports(configuration)
    assert str(raised.value).splitlines()[1:] == [
        "  MESH_CA_FILE must hold a certificate in PEM",
        "  MESH_KEY_FILE must name a file that exists",
    ]
    nowhere = prepare_secrets({"UNIFIED_HOME": str(tmp_path), "LOCAL_CERTIFICATES": str(tmp_path / "nowhere")})
    with pytest.raises(StartError, match="LOCAL_CERTIFICATES"):
        checked_ports(nowhere)
