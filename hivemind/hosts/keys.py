"""The SSH key pair of a deployment."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from hivemind.values.errors import HiveMindError

NAME = "id_ed25519"
FIRST = "id_ed25519.first"
"""The key that the deployment's key pair has, where another one took its place."""
_BEGIN = "-----BEGIN"


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

    path = folder / NAME
    if not path.exists():
        _write_once(path, fresh().encode())
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


def stored(folder: Path) -> str | None:
    """The private keys in a deployment's state folder: the one that is used, and the first one where it is another.
    None where there is none."""
    try:
        first = folder / FIRST
        return _read(folder / NAME) + (_read(first) if first.exists() else "")
    except FileNotFoundError:
        return None


def store(folder: Path, private: str) -> None:
    """Makes private keys (as `stored` has them) those in a deployment's state folder.

    Raises HiveMindError for a text that is no key.
    """
    if stored(folder) == private:
        return
    used, *others = each(private) or (private,)
    for one in (used, *others):
        public_half(one)
    if others:
        _replace(folder / FIRST, others[0])
    _replace(folder / NAME, used)


def public_half(private: str) -> str:
    """`ssh-ed25519 AAAA...` of a private key. Raises HiveMindError for a text that is no key."""
    from cryptography.hazmat.primitives import serialization

    try:
        key = serialization.load_ssh_private_key(private.encode(), password=None)
    except ValueError as error:
        raise HiveMindError(f"the deployment's stored key is not an SSH key: {error}") from error
    public = key.public_key().public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
    return public.decode()


def followed_by(private: str, new: str) -> str:
    """What `store` takes where a new key takes the place of the one that is used. The first one stays: instances that
    the stack makes later know that one alone."""
    return new + each(private)[-1]


def each(private: str) -> tuple[str, ...]:
    """The keys in a text as `stored` has it."""
    return tuple(f"{_BEGIN}{part}" for part in private.split(_BEGIN)[1:])


def _read(path: Path) -> str:
    return path.read_text(encoding="ascii")


def fresh() -> str:
    """A new private key in OpenSSH form."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    return (
        Ed25519PrivateKey.generate()
        .private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption())
        .decode("ascii")
    )


def _replace(path: Path, private: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)  # made with mode 0600
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(private)
        file.flush()
        os.fsync(file.fileno())
    Path(temporary).replace(path)


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
