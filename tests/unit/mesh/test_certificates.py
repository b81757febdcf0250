"""Certificates from files: what stops the start, and what a process goes on with while they are being changed."""

import time
from datetime import timedelta
from pathlib import Path

import pytest

from dev.authority import CA_FILE, Authority, certificate_settings, issue_all, write
from mesh.certificates import FreshCertificates
from mesh.settings import Settings, load
from tests.metrics import counted
from tests.platform import files_of

CERTIFICATE, KEY, CA = "MESH_CERTIFICATE_FILE", "MESH_KEY_FILE", "MESH_CA_FILE"
DAY_S = 24 * 3600
TOGETHER = f"  {CA} must be set together with {CERTIFICATE} and {KEY}: all three, or none"


@pytest.fixture
def authority() -> Authority:
    return Authority()


@pytest.fixture
def folder(tmp_path: Path, authority: Authority) -> Path:
    write(tmp_path / CA_FILE, authority.pem)
    issue_all(authority, tmp_path, ["task_svc", "gateway"])
    return tmp_path


@pytest.fixture
def settings(folder: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    settings = certificate_settings(folder, "task_svc")
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    return settings


def complaints() -> list[str]:
    with pytest.raises(SystemExit) as raised:
        load(Settings)
    return str(raised.value).splitlines()[1:]


def test_three_files_that_fit_together_are_taken(settings: dict[str, str]) -> None:
    files = load(Settings).mesh_certificates
    assert files
    assert [str(file) for file in (files.certificate, files.key, files.ca)] == list(settings.values())


def test_without_any_nothing_is_encrypted() -> None:
    assert load(Settings).mesh_certificates is None


@pytest.mark.parametrize("missing", [[CERTIFICATE], [KEY], [CA], [CERTIFICATE, KEY], [CERTIFICATE, CA], [KEY, CA]])
def test_they_are_set_together_or_not_at_all(
    settings: dict[str, str], missing: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in missing:
        monkeypatch.delenv(name)
    assert complaints() == [TOGETHER]


def test_every_file_is_looked_at(settings: dict[str, str], folder: Path) -> None:
    for file in settings.values():
        write(Path(file), b"not PEM")
    assert complaints() == [
        f"  {CERTIFICATE} must hold a certificate in PEM",
        f"  {KEY} must hold a private key in PEM, not encrypted",
        f"  {CA} must hold a certificate in PEM",
    ]


def test_a_file_must_be_there(settings: dict[str, str]) -> None:
    Path(settings[KEY]).unlink()
    assert complaints() == [f"  {KEY} must name a file that exists"]


def test_a_certificate_must_not_have_expired(settings: dict[str, str], authority: Authority) -> None:
    certificate, key = authority.issue("task_svc", life=timedelta(0))
    write(Path(settings[CERTIFICATE]), certificate)
    write(Path(settings[KEY]), key)
    (complaint,) = complaints()
    assert complaint.startswith(f"  {CERTIFICATE} has expired, at ")


def test_the_key_and_the_ca_must_be_those_of_the_certificate(
    settings: dict[str, str], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(KEY, certificate_settings(folder, "gateway")[KEY])
    write(Path(settings[CA]), Authority().pem)
    assert complaints() == [f"  {KEY} is not the key of the certificate", f"  {CA} does not hold the CA of the certificate"]


def test_several_cas_may_be_taken(settings: dict[str, str], authority: Authority) -> None:
    write(Path(settings[CA]), Authority().pem + authority.pem)
    assert load(Settings).mesh_certificates


def test_what_changes_is_read_once_it_fits_together(folder: Path, authority: Authority, caplog: pytest.LogCaptureFixture) -> None:
    fresh = FreshCertificates(files_of(folder, "task_svc"))
    before = fresh.current()
    certificate, key = authority.issue("task_svc")
    write(folder / "task-svc.key", key)
    assert [fresh.current() for _ in range(3)] == [before] * 3
    assert len(caplog.records) == 1
    # In its place, as a copy does.
    (folder / "task-svc.pem").write_bytes(certificate)
    assert fresh.current().certificate == certificate


def test_when_the_certificate_in_use_expires_is_measured(folder: Path, authority: Authority) -> None:
    def days_left() -> float:
        return (counted("unified_certificate_expiry_timestamp_seconds") - time.time()) / DAY_S

    fresh = FreshCertificates(files_of(folder, "task_svc"))
    assert days_left() == pytest.approx(365, abs=0.1)
    certificate, key = authority.issue("task_svc", life=timedelta(days=7))
    write(folder / "task-svc.pem", certificate)
    fresh.current()
    assert days_left() == pytest.approx(365, abs=0.1)
    write(folder / "task-svc.key", key)
    fresh.current()
    assert days_left() == pytest.approx(7, abs=0.1)


def test_what_vanishes_is_remembered(folder: Path) -> None:
    fresh = FreshCertificates(files_of(folder, "task_svc"))
    before = fresh.current()
    (folder / CA_FILE).unlink()
    assert fresh.current() == before


def test_links_that_lead_elsewhere_are_followed(folder: Path, authority: Authority, tmp_path: Path) -> None:
    """As Kubernetes exchanges the files of a secret: all of them by one link."""
    mounted, data = tmp_path / "mounted", tmp_path / "mounted" / "..data"
    for version in ("1", "2"):
        write(mounted / version / CA_FILE, authority.pem)
        issue_all(authority, mounted / version, ["task_svc"])
    data.symlink_to("1")
    fresh = FreshCertificates(files_of(data, "task_svc"))
    assert fresh.current().key == (mounted / "1" / "task-svc.key").read_bytes()
    (mounted / "new").symlink_to("2")
    (mounted / "new").replace(data)
    assert fresh.current().key == (mounted / "2" / "task-svc.key").read_bytes()
