"""One TLS handshake, and in words what is wrong with the certificate."""

from __future__ import annotations

import socket
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ssl

HANDSHAKE_SECONDS = 10.0
_EXPIRED, _NOT_YET, _SELF_SIGNED, _SELF_SIGNED_IN_CHAIN, _NO_ISSUER, _NO_FIRST = 10, 9, 18, 19, 20, 21
_HOSTNAME, _ADDRESS = 62, 64


class TlsError(Exception):
    """The handshake failed; the message is for people."""


def inspect(host: str, connect: tuple[str, int], *, authorities: str | None = None, timeout: float) -> datetime:
    """The time until which the certificate shown for a host is valid.

    connect: where to. authorities: PEM file of the authorities to trust instead of the system's. timeout: seconds.
    Raises TlsError when chain, host name or validity are wrong, OSError when nothing answers.
    """
    import ssl

    context = ssl.create_default_context(cafile=authorities)
    try:
        with (
            socket.create_connection(connect, timeout=timeout) as plain,
            context.wrap_socket(plain, server_hostname=host) as secured,
        ):
            certificate = secured.getpeercert()
    except ssl.SSLCertVerificationError as error:
        raise TlsError(_in_words(error, host)) from error
    except ssl.SSLError as error:
        raise TlsError(f"the TLS handshake failed: {error.reason or error}") from error
    not_after = str((certificate or {})["notAfter"])
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(not_after), UTC)


def _in_words(error: ssl.SSLCertVerificationError, host: str) -> str:
    words = {
        _EXPIRED: "the certificate has expired",
        _NOT_YET: "the certificate is not valid yet",
        _SELF_SIGNED: "the certificate is self-signed: no trusted authority signed it",
        _SELF_SIGNED_IN_CHAIN: "the certificate chain ends at an authority that is not trusted",
        _NO_ISSUER: "unknown issuer of the certificate: its chain is incomplete or not trusted",
        _NO_FIRST: "unknown issuer of the certificate: its chain is incomplete or not trusted",
        _HOSTNAME: f"the certificate is not valid for {host}",
        _ADDRESS: f"the certificate is not valid for {host}",
    }
    return words.get(error.verify_code, f"the certificate is not valid: {error.verify_message}")
