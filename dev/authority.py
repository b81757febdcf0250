"""A CA of one's own, and of it a certificate for each process: what `make certs` makes, for trying mutual TLS."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from mesh.certificates import dns_name

PROCESSES = ("gateway", "user_svc", "task_svc", "notify_svc", "nginx", "client")
CA_FILE, CA_KEY_FILE = "ca.pem", "ca.key"
CA_LIFE, LIFE = timedelta(days=3650), timedelta(days=365)
USES = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH])


class Authority:
    """Issues certificates. Without a key and certificate given, it is new."""

    def __init__(self, key: ec.EllipticCurvePrivateKey | None = None, certificate: x509.Certificate | None = None) -> None:
        self._key = key or ec.generate_private_key(ec.SECP256R1())
        # With the moment it was made, so that who takes several finds the right one.
        self._name = certificate.subject if certificate else _named(f"unified {datetime.now(UTC).isoformat()}")
        is_ca: list[tuple[x509.ExtensionType, bool]] = [(x509.BasicConstraints(ca=True, path_length=None), True)]
        self.pem = _pem(certificate or self._sign(self._name, self._key, CA_LIFE, is_ca))

    @property
    def key_pem(self) -> bytes:
        return _key_pem(self._key)

    def issue(self, process: str, *, life: timedelta = LIFE) -> tuple[bytes, bytes]:
        """A certificate with the process's name, for both ends of a call, and its key. On this machine it is that, too."""
        key = ec.generate_private_key(ec.SECP256R1())
        names = [x509.DNSName(dns_name(process)), x509.DNSName("localhost"), x509.IPAddress(IPv4Address("127.0.0.1"))]
        extensions: list[tuple[x509.ExtensionType, bool]] = [(x509.SubjectAlternativeName(names), False), (USES, False)]
        return _pem(self._sign(_named(dns_name(process)), key, life, extensions)), _key_pem(key)

    def _sign(
        self,
        name: x509.Name,
        key: ec.EllipticCurvePrivateKey,
        life: timedelta,
        extensions: Iterable[tuple[x509.ExtensionType, bool]],
    ) -> x509.Certificate:
        end = datetime.now(UTC) + life
        builder = x509.CertificateBuilder().subject_name(name).issuer_name(self._name).public_key(key.public_key())
        builder = builder.serial_number(x509.random_serial_number()).not_valid_before(end - life - timedelta(hours=1))
        builder = builder.not_valid_after(end)
        for extension, critical in extensions:
            builder = builder.add_extension(extension, critical)
        return builder.sign(self._key, hashes.SHA256())


def make_certificates(folder: Path) -> None:
    """New certificates for all processes, of the CA in the folder, which is made where it is missing."""
    if not (folder / CA_FILE).exists():
        new = Authority()
        write(folder / CA_KEY_FILE, new.key_pem)
        write(folder / CA_FILE, new.pem)
    issue_all(_read_authority(folder), folder)


def issue_all(authority: Authority, folder: Path, processes: Iterable[str] = PROCESSES) -> None:
    for process in processes:
        certificate, key = authority.issue(process)
        write(folder / f"{dns_name(process)}.key", key)
        write(folder / f"{dns_name(process)}.pem", certificate)


def certificate_settings(folder: Path, process: str) -> dict[str, str]:
    """What makes the process use its files in the folder."""
    own = folder / dns_name(process)
    return {
        "MESH_CERTIFICATE_FILE": f"{own}.pem",
        "MESH_KEY_FILE": f"{own}.key",
        "MESH_CA_FILE": str(folder / CA_FILE),
    }


def write(file: Path, content: bytes) -> None:
    """Complete or not there, and for nobody else to read."""
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_suffix(".draft")
    draft.touch(mode=0o600)
    draft.write_bytes(content)
    draft.replace(file)


def _read_authority(folder: Path) -> Authority:
    key = serialization.load_pem_private_key((folder / CA_KEY_FILE).read_bytes(), password=None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    return Authority(key, x509.load_pem_x509_certificate((folder / CA_FILE).read_bytes()))


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    pem, plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, pem, plain)
