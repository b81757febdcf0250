"""A process's certificate and key, and the CA whose certificates it takes: in files, and read again when these change."""

import logging
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.x509 import Certificate, load_pem_x509_certificates
from prometheus_client import Gauge

log = logging.getLogger(__name__)

EXPIRY = Gauge("unified_certificate_expiry_timestamp_seconds", "When the certificate in use expires; 0 without mutual TLS.")


def dns_name(process: str) -> str:
    """The name of a process in its certificate, where DNS wants no underscore: task_svc is called task-svc."""
    return process.replace("_", "-")


@dataclass(frozen=True, slots=True)
class Certificates:
    """PEM: the process's own certificate with what leads from it to its CA, its key, and the certificates of the CAs it takes."""

    certificate: bytes
    key: bytes
    ca: bytes

    @property
    def expires_at(self) -> float:
        """When the process's own certificate does, in Unix seconds."""
        return _certificates(self.certificate)[0].not_valid_after_utc.timestamp()

    def check(self) -> None:
        """Raises ValueError when they have expired, or are not of each other."""
        check_key(self.key, check_certificate(self.certificate))
        check_ca(self.ca, self.certificate)


def check_certificate(pem: bytes) -> Certificate:
    """The first certificate, which is the process's own. Raises ValueError when it has expired."""
    own = _certificates(pem)[0]
    if own.not_valid_after_utc <= datetime.now(UTC):
        raise ValueError(f"has expired, at {own.not_valid_after_utc:%Y-%m-%d %H:%M} UTC")
    return own


def check_key(pem: bytes, certificate: Certificate | None) -> None:
    """Raises ValueError unless it is a private key, and the certificate's where one is given."""
    try:
        public: CertificatePublicKeyTypes = load_pem_private_key(pem, password=None).public_key()  # type: ignore[assignment]
    except (TypeError, ValueError, UnsupportedAlgorithm):
        raise ValueError("must hold a private key in PEM, not encrypted") from None
    if certificate is not None and public != certificate.public_key():
        raise ValueError("is not the key of the certificate")


def check_ca(pem: bytes, certificate: bytes | None) -> None:
    """Raises ValueError unless it holds certificates, and one that issued the process's own or one after it in its file."""
    trusted = _certificates(pem)
    if certificate and not any(_issued(each, ca) for each in _certificates(certificate) for ca in trusted):
        raise ValueError("does not hold the CA of the certificate")


def _certificates(pem: bytes) -> list[Certificate]:
    try:
        return load_pem_x509_certificates(pem)
    except ValueError:
        raise ValueError("must hold a certificate in PEM") from None


def _issued(certificate: Certificate, ca: Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(ca)
    except (InvalidSignature, TypeError, ValueError):
        return False
    return True


@dataclass(frozen=True, slots=True)
class CertificateFiles:
    """Where they are."""

    certificate: Path
    key: Path
    ca: Path
    reload_interval_s: float

    def read(self) -> Certificates:
        """Raises OSError, or ValueError when they do not fit together: one is written before the other."""
        found = Certificates(self.certificate.read_bytes(), self.key.read_bytes(), self.ca.read_bytes())
        found.check()
        return found

    def stamps(self) -> list[tuple[int, int]]:
        """Others than before when something was written, or a link leads elsewhere."""
        return [(stat.st_ino, stat.st_mtime_ns) for stat in (each.stat() for each in (self.certificate, self.key, self.ca))]


class FreshCertificates:
    """What the files hold, or, while they hold nothing that fits together, held before."""

    def __init__(self, files: CertificateFiles) -> None:
        self._files, self._failing = files, ""
        self._stamps = files.stamps()
        self._current = self._read()

    def current(self) -> Certificates:
        """Looks at the files, and reads them when they have changed."""
        try:
            if (stamps := self._files.stamps()) != self._stamps:
                self._current = self._read()
                self._stamps, self._failing = stamps, ""
        except (OSError, ValueError) as error:
            if self._failing != repr(error):
                self._failing = repr(error)
                log.warning("certificates cannot be used, those before go on", extra={"error": self._failing})
        return self._current

    def _read(self) -> Certificates:
        current = self._files.read()
        EXPIRY.set(current.expires_at)
        return current
