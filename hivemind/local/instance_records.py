"""What an instance keeps for its life in its folder: number, host key, console."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import shutil
import socket
import stat
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from hivemind.local.files import read_json, write_json


@dataclass(frozen=True)
class Kept:
    """What is handed out to an instance. number: unique among instances. port: for PORT in shared mode."""

    number: int
    port: int


class Numbers:
    """Hands out numbers and ports to instances and remembers them in their folders."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._known: dict[str, Kept] = {}
        # Instances are laid out in threads, several at a time.
        self._handing_out = threading.Lock()

    def load(self, instance_id: str) -> Kept:
        """What the instance has; handed out at the first call."""
        with self._handing_out:
            if instance_id not in self._known:
                self._known[instance_id] = self._read(instance_id) or self._make(instance_id)
            return self._known[instance_id]

    def _read(self, instance_id: str) -> Kept | None:
        try:
            stored: dict[str, Any] = json.loads((self._directory / instance_id / "kept.json").read_text())
            return Kept(int(stored["number"]), int(stored["port"]))
        except (OSError, ValueError, KeyError):
            return None

    def _make(self, instance_id: str) -> Kept:
        others = [kept for path in self._directory.glob("*/kept.json") if (kept := self._read(path.parent.name))]
        taken = {kept.number for kept in (*others, *self._known.values())}
        kept = Kept(next(number for number in range(1, len(taken) + 2) if number not in taken), free_port())
        folder = self._directory / instance_id
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        (folder / "kept.json").write_text(json.dumps({"number": kept.number, "port": kept.port}))
        return kept

    def forget(self, instance_id: str) -> None:
        """The instance is gone, its number free."""
        self._known.pop(instance_id, None)


class HostKeys:
    """The public host keys of the instances, in one file. Threads that start instances keep them at once."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._known: dict[str, str] = read_json(path, {})
        self._keeping = threading.Lock()

    def of(self, instance_id: str) -> str | None:
        """The key as OpenSSH writes it; None for an instance that has never started."""
        return self._known.get(instance_id)

    def keep(self, instance_id: str, key: str) -> None:
        """Remembers the key, also after a restart of the local cloud."""
        with self._keeping:
            self._known[instance_id] = key
            write_json(self._path, self._known)


def free_port() -> int:
    """A loopback port that nobody listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as made:
        return int(made.getsockname()[1])


def make_host_key(home: Path, hostname: str) -> None:
    """An ed25519 key; its public part goes to the console as cloud-init prints it, which is where EC2 users read it."""
    key = Ed25519PrivateKey.generate()
    public = key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
    digest = base64.b64encode(hashlib.sha256(base64.b64decode(public.split()[1])).digest()).decode().rstrip("=")
    (home / "host_key.pub").write_text(public + "\n")
    with (home / "console.log").open("a") as console:
        console.write(
            "-----BEGIN SSH HOST KEY FINGERPRINTS-----\n"
            f"256 SHA256:{digest} root@{hostname} (ED25519)\n"
            "-----END SSH HOST KEY FINGERPRINTS-----\n"
            "-----BEGIN SSH HOST KEY KEYS-----\n"
            f"{public} root@{hostname}\n"
            "-----END SSH HOST KEY KEYS-----\n"
        )
    private = home / "host_key.new"
    private.touch(mode=0o600)
    private.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()))
    private.replace(home / "host_key")


def remove(path: Path) -> None:
    """Removes a tree, directories that forbid it to their owner included."""

    def permit(_function: Callable[..., Any], name: str, _error: object) -> None:
        for place in (Path(name).parent, Path(name)):
            with contextlib.suppress(OSError):
                place.chmod(stat.S_IRWXU)
        with contextlib.suppress(OSError):
            if Path(name).is_dir() and not Path(name).is_symlink():
                shutil.rmtree(name, ignore_errors=True)
            else:
                Path(name).unlink()

    shutil.rmtree(path, onerror=permit)
