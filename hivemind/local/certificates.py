"""A certificate authority of the local cloud's own, for HTTPS listeners and databases."""

from __future__ import annotations

import datetime as dt
import fcntl
import ipaddress
import re
from collections.abc import Sequence
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from hivemind.local.authority import CERTIFICATE, KEY

CA_DAYS = 3650
LEAF_DAYS = 397
LOCAL = ("localhost",)
_NAME = re.compile(r"(\*\.)?[a-z0-9_]([a-z0-9_.-]{0,251}[a-z0-9])?", re.IGNORECASE)


def authority(folder: Path) -> Path:
    """The file of the authority's certificate (PEM), made at the first call; its key lies beside it, 0600."""
    certificate, key_file = folder / CERTIFICATE, folder / KEY
    if certificate.exists() and key_file.exists():
        return certificate
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if certificate.exists() and key_file.exists():  # another process was first
            return certificate
        key = ec.generate_private_key(ec.SECP256R1())
        name = _name("HiveMind local cloud")
        built = (
            _builder(name, name, key.public_key(), CA_DAYS)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(signs_certificates=True), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .sign(key, hashes.SHA256())
        )
        _write_key(key_file, key)
        certificate.write_bytes(built.public_bytes(Encoding.PEM))
    return certificate


def issue(authority_folder: Path, folder: Path, names: Sequence[str], stem: str) -> tuple[Path, Path]:
    """Certificate chain and key files for these names, localhost and 127.0.0.1; kept until they near their end or are
    for other names. folder, stem: of the files. Names that no certificate can be for, such as `shop*`, are left out."""
    certificate, key_file = folder / f"{stem}.pem", folder / f"{stem}.key"
    wanted = tuple(dict.fromkeys((*(name.lower() for name in names if _NAME.fullmatch(name)), *LOCAL)))
    authority_file = authority(authority_folder)
    if certificate.exists() and key_file.exists() and _lasts(certificate, wanted, authority_file):
        return certificate, key_file
    ca = x509.load_pem_x509_certificate(authority_file.read_bytes())
    ca_key = load_pem_private_key((authority_folder / KEY).read_bytes(), None)
    assert isinstance(ca_key, ec.EllipticCurvePrivateKey)
    key = ec.generate_private_key(ec.SECP256R1())
    alternatives: list[x509.GeneralName] = [x509.DNSName(name) for name in wanted]
    alternatives.append(x509.IPAddress(ipaddress.ip_address("127.0.0.1")))
    issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key())
    built = (
        _builder(_name(wanted[0][:64]), ca.subject, key.public_key(), LEAF_DAYS)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(issuer, critical=False)
        .sign(ca_key, hashes.SHA256())
    )
    _write_key(key_file, key)
    certificate.write_bytes(built.public_bytes(Encoding.PEM) + authority_file.read_bytes())
    return certificate, key_file


def _lasts(certificate: Path, names: Sequence[str], authority_file: Path) -> bool:
    """Whether a kept certificate is for these names, of this authority, and good for another month."""
    content = certificate.read_bytes()
    kept = x509.load_pem_x509_certificate(content)
    told = kept.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    same = tuple(told.get_values_for_type(x509.DNSName)) == tuple(names)
    left = kept.not_valid_after_utc - dt.datetime.now(dt.UTC)
    return same and content.endswith(authority_file.read_bytes()) and left > dt.timedelta(days=30)


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


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
