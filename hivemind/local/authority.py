"""Where the certificate authority of the local cloud lies: one for each HIVEMIND_HOME, beside the local cloud, so that
a reset of that leaves what a browser was told to trust."""

from __future__ import annotations

from pathlib import Path

CERTIFICATE, KEY = "ca.pem", "ca.key"


def folder(local: Path) -> Path:
    """The folder of the authority. local: that of the local cloud."""
    return local.parent / "authority"


def certificate(local: Path) -> Path:
    """The file with its certificate (PEM), made with the first HTTPS listener or by `hivemind local ca`."""
    return folder(local) / CERTIFICATE
