"""A certificate authority of the local cloud's own, for HTTPS listeners."""

from __future__ import annotations

import datetime as dt
import ipaddress
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

CA_DAYS = 3650
LEAF_DAYS = 397


def authority(directory: Path) -> Path:
    """The file of the authority's certificate (PEM), made at the first call; its key lies beside it, 0600."""
    certificate, key_file = directory / "ca.pem", directory / "ca.key"
    if certificate.exists() and key_file.exists():
        return certificate
    key = ec.generate_private_key(ec.SECP256R1())
    name = _name("HiveMind local cloud")
    built = (
        _builder(name, name, key.public_key(), CA_DAYS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    directory.mkdir(parents=True, exist_ok=True)
    _write_key(key_file, key)
    certificate.write_bytes(built.public_bytes(Encoding.PEM))
    return certificate


def issue(directory: Path, dns_name: str, stem: str) -> tuple[Path, Path]:
    """Certificate chain and key files for a load balancer's name, localhost and 127.0.0.1; kept until they near
    their end. stem: of the file names."""
    certificate, key_file = directory / f"{stem}.pem", directory / f"{stem}.key"
    now = dt.datetime.now(dt.UTC)
    if certificate.exists() and key_file.exists():
        kept = x509.load_pem_x509_certificate(certificate.read_bytes())
        if kept.not_valid_after_utc - now > dt.timedelta(days=30):
            return certificate, key_file
    authority_file = authority(directory)
    ca = x509.load_pem_x509_certificate(authority_file.read_bytes())
    ca_key = load_pem_private_key((directory / "ca.key").read_bytes(), None)
    assert isinstance(ca_key, ec.EllipticCurvePrivateKey)
    key = ec.generate_private_key(ec.SECP256R1())
    names: list[x509.GeneralName] = [x509.DNSName(name) for name in (dns_name, "localhost", "*.localhost")]
    names.append(x509.IPAddress(ipaddress.ip_address("127.0.0.1")))
    built = (
        _builder(_name(dns_name[:64]), ca.subject, key.public_key(), LEAF_DAYS)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(ca_key, hashes.SHA256())
    )
    _write_key(key_file, key)
    certificate.write_bytes(built.public_bytes(Encoding.PEM) + authority_file.read_bytes())
    return certificate, key_file


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, days: int
) -> x509.CertificateBuilder:
    now = dt.datetime.now(dt.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(days=days))
    )


def _write_key(path: Path, key: ec.EllipticCurvePrivateKey) -> None:
    path.unlink(missing_ok=True)
    path.touch(mode=0o600)
    path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
