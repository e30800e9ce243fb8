"""The SSH key pair of a deployment."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from hivemind.values.errors import HiveMindError

NAME = "id_ed25519"


@dataclass(frozen=True)
class KeyPair:
    """private: file with mode 0600. public: one line in OpenSSH form, as the template's parameter takes it."""

    private: Path
    public: str


def deployment_key(folder: Path, *, comment: str = "hivemind") -> KeyPair:
    """The key pair in a deployment's state folder, made at the first call. Kill-safe: it is there whole or not.

    comment: goes into the public key. Raises HiveMindError when the file can't be used as a key.
    """
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    path = folder / NAME
    if not path.exists():
        fresh = Ed25519PrivateKey.generate().private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption()
        )
        _write_once(path, fresh)
    path.chmod(0o600)
    try:
        key = serialization.load_ssh_private_key(path.read_bytes(), password=None)
    except ValueError as error:
        raise HiveMindError(
            f"{path} is not an SSH key: {error}",
            hint="Restore the deployment's key. HiveMind cannot reach the instances without it.",
        ) from error
    public = key.public_key().public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
    return KeyPair(path, f"{public.decode()} {comment}")


def _write_once(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        # A link fails where the name is taken: whoever comes first wins, and nobody's key is replaced.
        os.link(temporary, path)
    except FileExistsError:
        pass
    finally:
        Path(temporary).unlink(missing_ok=True)
