"""The unprivileged user that an application runs as."""

from __future__ import annotations

import os
import pwd
from pathlib import Path
from typing import Any, NamedTuple

from hivemind.hosts.onhost.layout import Layout, has_systemd, is_prefixed
from hivemind.hosts.onhost.report import InstallError


class Account(NamedTuple):
    """A user to switch to. None of it where the installer can't switch: then everything runs as it does."""

    name: str
    uid: int
    gid: int

    def spawn_arguments(self) -> dict[str, Any]:
        """What subprocess.Popen needs to run as this user."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def own(self, path: Path) -> None:
        """Gives a file, folder or link itself to the user."""
        os.chown(path, self.uid, self.gid, follow_symlinks=False)


def find(name: str) -> Account | None:
    """The account, where there is one and this process may switch to it."""
    if is_prefixed() or os.geteuid() != 0:
        return None
    try:
        entry = pwd.getpwnam(name)
    except KeyError:
        return None
    if entry.pw_uid == 0 or not (_mapped("uid", entry.pw_uid) and _mapped("gid", entry.pw_gid)):
        return None
    return Account(name, entry.pw_uid, entry.pw_gid)


def ensure(name: str, home: Path, *, real_system: bool) -> Account | None:
    """The account, made as a system user where that may be done.

    real_system: whether this is a machine of its own; elsewhere users are never made.
    """
    account = find(name)
    if account or not real_system or is_prefixed() or os.geteuid() != 0:
        return account
    import shutil
    import subprocess

    command = shutil.which("useradd", path="/usr/sbin:/sbin:/usr/bin:/bin")
    if command is None:
        raise InstallError(f"user {name} does not exist, and the instance has no useradd to create it")
    shell = next((path for path in ("/usr/sbin/nologin", "/sbin/nologin") if Path(path).exists()), "/bin/false")
    made = subprocess.run(
        [command, "--system", "--user-group", "--no-create-home", "--home-dir", str(home), "--shell", shell, name],
        capture_output=True,
        text=True,
        check=False,
    )
    account = find(name)
    if account is None:
        raise InstallError(f"could not create user {name}", made.stderr.splitlines()[-3:])
    return account


def prepare(layout: Layout, user: str) -> Account | None:
    """Makes folders and user. Returns the account that the application will run as, None for this one."""
    account = ensure(user, layout.data, real_system=has_systemd())
    for folder in (layout.releases, layout.log.parent, layout.data, layout.environment_link.parent):
        folder.mkdir(parents=True, exist_ok=True)
    layout.data.chmod(0o750)
    if account:
        account.own(layout.data)
    return account


def _mapped(kind: str, number: int) -> bool:
    """Whether the id exists in this user namespace (one of a single id maps root alone)."""
    try:
        ranges = Path(f"/proc/self/{kind}_map").read_text().split()
    except OSError:
        return True
    starts, lengths = ranges[0::3], ranges[2::3]
    return any(int(start) <= number < int(start) + int(length) for start, length in zip(starts, lengths, strict=False))
