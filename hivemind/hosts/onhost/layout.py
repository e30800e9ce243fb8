"""Where things lie on an instance."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any, NamedTuple

ROOT_VARIABLE = "HIVEMIND_ROOT"
ALONE = ("-I", "-S")
"""How Python runs the installer, which needs the standard library only: whatever packages, variables and path files
the instance has, they change nothing and cost no time."""
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")
DIGEST = re.compile(r"[0-9a-f]{64}")


def system_root() -> Path:
    """The folder that all paths are under: `/` unless HIVEMIND_ROOT says otherwise."""
    return Path(os.environ.get(ROOT_VARIABLE) or "/")


def is_prefixed() -> bool:
    """Whether HIVEMIND_ROOT moves everything elsewhere, so that nothing of the system may be changed."""
    return system_root() != Path("/")


def has_systemd() -> bool:
    """Whether systemd runs this system and may be used."""
    return not is_prefixed() and Path("/run/systemd/system").is_dir()


class Layout(NamedTuple):
    """Paths of one service. root: see `system_root`."""

    root: Path
    service: str

    @property
    def product(self) -> Path:
        return self.root / "opt/hivemind"

    @property
    def installer(self) -> Path:
        return self.product / "installer.pyz"

    @property
    def home(self) -> Path:
        return self.product / self.service

    @property
    def releases(self) -> Path:
        return self.home / "releases"

    @property
    def layers(self) -> Path:
        """Parts that releases share, each in a folder named by its digest."""
        return self.home / "layers"

    @property
    def current(self) -> Path:
        return self.home / "current"

    @property
    def activated(self) -> Path:
        """Holds when the current release became it, in seconds of the Unix epoch."""
        return self.home / "activated"

    @property
    def unclocked(self) -> Path:
        """Exists while the service's jobs run on another instance."""
        return self.home / "unclocked"

    def activated_at(self) -> float | None:
        """When the current release was started first; None where nobody knows."""
        try:
            return float(self.activated.read_text())
        except (OSError, ValueError):
            return None

    @property
    def lock(self) -> Path:
        return self.home / "lock"

    @property
    def release_command(self) -> Path:
        """Says which release command runs."""
        return self.home / "release-command.json"

    @property
    def release_lock(self) -> Path:
        """Held by a running release command itself."""
        return self.home / "release-command.lock"

    @property
    def data(self) -> Path:
        """Kept over releases, writable by the application, its HOME."""
        return self.root / "var/lib/hivemind" / self.service

    @property
    def kept(self) -> Path:
        """What lasts of the application's own folder (`data:` in the blueprint)."""
        return self.root / "var/lib/hivemind-data" / self.service

    @property
    def log(self) -> Path:
        return self.root / "var/log/hivemind" / f"{self.service}.log"

    @property
    def environment_link(self) -> Path:
        return self.root / "etc/hivemind" / f"{self.service}.env"

    @property
    def boot(self) -> Path:
        return self.root / "etc/hivemind/boot.d" / self.service

    @property
    def unit_name(self) -> str:
        return f"hivemind-{self.service}.service"

    @property
    def unit(self) -> Path:
        return self.root / "etc/systemd/system" / self.unit_name

    @property
    def timer(self) -> Path:
        """Of a job: the timer that starts its unit."""
        return self.unit.with_suffix(".timer")

    @property
    def jobs(self) -> Path:
        """What is known of the jobs of all services, outside of what goes with a release."""
        return self.root / "var/lib/hivemind-jobs"

    @property
    def run(self) -> Path:
        return self.root / "run/hivemind"

    def release(self, release_id: str) -> Release:
        return Release(self.releases / release_id)

    def current_id(self) -> str | None:
        """The id of the current release; None before the first."""
        try:
            return self.current.readlink().name
        except OSError:
            return None

    def complete(self) -> list[Release]:
        """The complete releases, oldest first."""
        if not self.releases.is_dir():
            return []
        found = [Release(path) for path in self.releases.iterdir() if Release(path).record.is_file()]
        return sorted(found, key=lambda release: (release.record.stat().st_mtime_ns, release.path.name))

    def point_current(self, release: Release) -> None:
        """Makes a release the current one, atomically."""
        fresh = self.home / f".current-{os.getpid()}"
        fresh.unlink(missing_ok=True)
        fresh.symlink_to(Path("releases") / release.path.name)
        fresh.replace(self.current)


class Release(NamedTuple):
    """A release's folder. record: written last into a release, so its presence says complete."""

    path: Path

    @property
    def id(self) -> str:
        return self.path.name

    @property
    def app(self) -> Path:
        return self.path / "app"

    @property
    def venv(self) -> Path:
        return self.path / "venv"

    @property
    def environment(self) -> Path:
        return self.path / "environment"

    @property
    def unit(self) -> Path:
        return self.path / "unit"

    @property
    def jobs(self) -> Path:
        """What runs by the clock while this release is current; absent where nothing does."""
        return self.path / "jobs.json"

    @property
    def record(self) -> Path:
        return self.path / "release.json"

    @property
    def ports(self) -> tuple[int, ...]:
        """Ports of which one must be bound for it to count as up; none for a worker."""
        ports = self.recorded().get("ports")
        return tuple(port for port in ports if isinstance(port, int)) if isinstance(ports, list) else ()

    def recorded(self) -> dict[str, Any]:
        """What the record says; empty when there is none or it can't be read."""
        try:
            content = json.loads(self.record.read_text())
        except (OSError, ValueError):
            return {}
        return content if isinstance(content, dict) else {}


def write_atomically(path: Path, content: str, mode: int = 0o644) -> None:
    """Replaces a file's content; a reader or a power cut sees the old or the new, never a part.

    mode: permission bits, in force before the first byte is written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}-{os.getpid()}")
    temporary.unlink(missing_ok=True)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            os.fchmod(file.fileno(), mode)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
