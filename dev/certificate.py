"""A server's key, and a certificate that vouches for itself: for trying, and for tests."""

import secrets
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


def write_certificate(folder: Path, host_names: Sequence[str], *, days: int) -> None:
    """`server.pem` and `server.key`, for these names and 127.0.0.1."""
    folder.mkdir(parents=True, exist_ok=True)
    key = ec.generate_private_key(ec.SECP256R1())
    (folder / "server.pem").write_bytes(_certificate(key, host_names, days).public_bytes(serialization.Encoding.PEM))
    pem, plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    (folder / "server.key").write_bytes(key.private_bytes(serialization.Encoding.PEM, pem, plain))


def _certificate(key: ec.EllipticCurvePrivateKey, host_names: Sequence[str], days: int) -> x509.Certificate:
    # Of each its own, so that who trusts several finds the right one.
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"{host_names[0]} {secrets.token_hex(6)}")])
    hosts = [*(x509.DNSName(each) for each in host_names), x509.IPAddress(IPv4Address("127.0.0.1"))]
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName(hosts), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
