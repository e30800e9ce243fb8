"""TLS checks against a server with certificates of our own making."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from hivemind.checks.kinds import TlsCheck
from hivemind.releases.release import CheckFailed
from hivemind.testing import FakeProbe

pytestmark = pytest.mark.slow
NOW = datetime.now(UTC)


@dataclass
class Authority:
    folder: Path
    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @property
    def pem(self) -> str:
        path = self.folder / "authority.pem"
        path.write_bytes(self.certificate.public_bytes(serialization.Encoding.PEM))
        return str(path)

    def issue(self, host: str, *, days: float, begins: float = -1) -> tuple[Path, Path]:
        """Certificate and key files for a host, valid from and for so many days."""
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = (
            _builder(host, self.certificate.subject, key, begins, days)
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
            .sign(self.key, hashes.SHA256())
        )
        files = (self.folder / f"{host}.pem", self.folder / f"{host}.key")
        files[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        files[1].write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        return files


def _builder(
    name: str, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, begins: float, days: float
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW + timedelta(days=begins))
        .not_valid_after(NOW + timedelta(days=days))
    )


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test authority")])
    certificate = (
        _builder("test authority", name, key, -400, 400)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    return Authority(tmp_path_factory.mktemp("tls"), key, certificate)


@contextmanager
def serving(files: tuple[Path, Path]) -> Iterator[tuple[str, int]]:
    """A TLS server that shakes hands with one client."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*files)

    def accept(listener: socket.socket) -> None:
        with suppress(OSError):
            connection, _ = listener.accept()
            with connection, suppress(OSError), context.wrap_socket(connection, server_side=True) as secured:
                secured.recv(1)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=accept, args=(listener,))
        thread.start()
        yield listener.getsockname()
        thread.join(10)


Check = Callable[..., str]


@pytest.fixture
def check(authority: Authority) -> Check:
    def run(host: str, issued: str, *, days: float, begins: float = -1, trusted: bool = True) -> str:
        with serving(authority.issue(issued, days=days, begins=begins)) as address:
            authorities = authority.pem if trusted else None
            return TlsCheck(host, connect=address, authorities=authorities).run(FakeProbe())

    return run


def test_a_good_certificate(check: Check) -> None:
    assert check("shop.test", "shop.test", days=90.5) == "valid for 90 days"


@pytest.mark.parametrize(
    ("host", "issued", "options", "message"),
    [
        ("shop.test", "other.test", {"days": 90}, "the certificate is not valid for shop.test"),
        ("shop.test", "shop.test", {"days": -2, "begins": -30}, "the certificate has expired"),
        ("shop.test", "shop.test", {"days": 60, "begins": 30}, "the certificate is not valid yet"),
        ("shop.test", "shop.test", {"days": 90, "trusted": False}, "unknown issuer of the certificate"),
        ("shop.test", "shop.test", {"days": 3.5}, "the certificate expires in 3 days"),
    ],
)
def test_a_bad_certificate(check: Check, host: str, issued: str, options: dict[str, float], message: str) -> None:
    with pytest.raises(CheckFailed, match=message):
        check(host, issued, **options)


def test_no_server_is_no_answer() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = listener.getsockname()
    with pytest.raises(OSError, match="refused"):
        TlsCheck("shop.test", connect=address).run(FakeProbe())


def test_a_server_without_tls() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
                connection.recv(4096)

        thread = threading.Thread(target=answer)
        thread.start()
        with pytest.raises(CheckFailed, match="the TLS handshake failed"):
            TlsCheck("shop.test", connect=listener.getsockname()).run(FakeProbe())
        thread.join(10)
