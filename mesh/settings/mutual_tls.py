"""The settings of mutual TLS."""

from pathlib import Path
from typing import Annotated

from pydantic import Field, ValidationInfo, field_validator

from mesh.certificates import CertificateFiles, check_ca, check_certificate, check_key
from mesh.settings.variables import ReadableFile, Variables


class MutualTlsSettings(Variables):
    """The process's certificate and its key, and the CA whose certificates it takes, as PEM files; without them, no TLS."""

    mesh_certificate_file: ReadableFile | None = None
    mesh_key_file: ReadableFile | None = None
    mesh_ca_file: Annotated[ReadableFile | None, Field(validate_default=True)] = None
    mesh_reload_interval_seconds: Annotated[float, Field(gt=0, le=300)] = 10

    @field_validator("mesh_certificate_file")
    @classmethod
    def _is_valid(cls, file: Path | None) -> Path | None:
        if file:
            check_certificate(_content(file))
        return file

    @field_validator("mesh_key_file")
    @classmethod
    def _fits(cls, file: Path | None, info: ValidationInfo) -> Path | None:
        if file:
            certificate = info.data.get("mesh_certificate_file")
            check_key(_content(file), check_certificate(_content(certificate)) if certificate else None)
        return file

    @field_validator("mesh_ca_file")
    @classmethod
    def _is_of_all(cls, file: Path | None, info: ValidationInfo) -> Path | None:
        # A field that is itself wrong is not among the data, but was set.
        others = [info.data.get(name, "wrong") for name in ("mesh_certificate_file", "mesh_key_file")]
        if len({bool(each) for each in (file, *others)}) > 1:
            raise ValueError("must be set together with MESH_CERTIFICATE_FILE and MESH_KEY_FILE: all three, or none")
        if file:
            certificate = info.data.get("mesh_certificate_file")
            check_ca(_content(file), _content(certificate) if certificate else None)
        return file

    @property
    def mesh_certificates(self) -> CertificateFiles | None:
        """None where calls are not encrypted."""
        if not (self.mesh_certificate_file and self.mesh_key_file and self.mesh_ca_file):
            return None
        files = self.mesh_certificate_file, self.mesh_key_file, self.mesh_ca_file
        return CertificateFiles(*files, self.mesh_reload_interval_seconds)


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise ValueError(f"cannot be read: {error.strerror}") from error
