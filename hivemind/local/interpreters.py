"""Interpreters of this machine that the local cloud's instances can use. Nothing is run to find a Python."""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

OLDEST, NEWEST = 9, 14
"""Minor versions of Python 3 that are looked for."""


def pythons() -> Mapping[str, str]:
    """Version (`3.12`) -> resolved path of an interpreter: the one that runs us first, then the newest.

    Looked for on the PATH, in the system's folders, and where pyenv and uv keep theirs.
    """
    own = f"{sys.version_info.major}.{sys.version_info.minor}"
    found = {own: str(Path(sys.executable).resolve())}
    for minor in range(NEWEST, OLDEST - 1, -1):
        version = f"3.{minor}"
        path = next(_candidates(version), None) if version not in found else None
        if path:
            found[version] = path
    return found


def node() -> str | None:
    """Resolved path of Node, if there is one."""
    path = shutil.which("node")
    return str(Path(path).resolve()) if path else None


def program(name: str) -> str | None:
    """Resolved path of a program on the PATH, if there is one."""
    path = shutil.which(name)
    return str(Path(path).resolve()) if path else None


def folders() -> Iterator[str]:
    """The folders that an instance must see for these interpreters to work."""
    for command in (*pythons().values(), *filter(None, [node()])):
        folder = Path(command).parent
        # Somebody's ~/bin or ~/.local/bin is no installation: only the folder itself is shown.
        personal = folder.parent in {Path.home(), Path.home() / ".local"}
        yield str(folder if personal else folder.parent)


def _candidates(version: str) -> Iterator[str]:
    name = f"python{version}"
    for folder in (*os.environ.get("PATH", "").split(os.pathsep), "/usr/local/bin", "/usr/bin"):
        path = Path(folder, name)
        if folder and os.access(path, os.X_OK) and _is_interpreter(path.resolve(), version):
            yield str(path.resolve())
    for root, pattern in (
        (Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv", "versions"), f"{version}.*"),
        (Path.home() / ".local/share/uv/python", f"cpython-{version}.*"),
    ):
        if not os.access(root, os.R_OK | os.X_OK):  # another user's, when the environment is
            continue
        installed = [path for path in root.glob(f"{pattern}/bin/{name}") if os.access(path, os.X_OK)]
        yield from (str(path.resolve()) for path in sorted(installed, key=_by_number, reverse=True))


def _is_interpreter(path: Path, version: str) -> bool:
    """Whether it is the program itself; a version manager's shim is a script that may choose another one."""
    return path.name == f"python{version}" and path.parent.name != "shims"


def _by_number(path: Path) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", path.parts[-3]))
