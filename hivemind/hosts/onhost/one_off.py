"""One command of a person's, beside the application: in its folder, with its environment, as its user."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import NoReturn

from hivemind.hosts.onhost import accounts, environment_file
from hivemind.hosts.onhost.layout import Layout
from hivemind.hosts.onhost.report import InstallError

_USER = re.compile(r"^User=(\S+)$", re.MULTILINE)
_SHELLS = ("/bin/bash", "/bin/sh")


def become(layout: Layout, command: str | None) -> NoReturn:
    """Becomes the command; without one, a shell. Raises InstallError where nothing is released."""
    current = layout.current_id()
    if current is None:
        raise InstallError("nothing is released on this instance")
    release = layout.release(current)
    try:
        variables = environment_file.parse(release.environment.read_text())
        user = _USER.search(release.unit.read_text())
    except OSError as error:
        raise InstallError(f"cannot read the environment of {current}: {error.strerror}") from None
    account = accounts.find(user[1]) if user else None
    shell = next(one for one in _SHELLS if Path(one).exists())
    own = {name: os.environ[name] for name in ("TERM", "COLUMNS", "LINES") if name in os.environ}
    os.chdir(release.app)
    os.umask(0o027)
    if account is not None:
        os.setgroups([])
        os.setgid(account.gid)
        os.setuid(account.uid)
    words = [shell] if command is None else ["/bin/sh", "-c", command]
    os.execve(words[0], words, {**own, **variables})  # noqa: S606 - the command is the person's own
