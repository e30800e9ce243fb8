"""Completes what an artifact leaves open: the link from its virtual environment to the instance's Python."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from hivemind.hosts.onhost.layout import ALONE, Release
from hivemind.hosts.onhost.report import InstallError

PROBE = (
    "import os, sys; print('%d.%d' % sys.version_info[:2]); print('%d.%d.%d' % sys.version_info[:3]);"
    "print(os.path.realpath(getattr(sys, '_base_executable', None) or sys.executable))"
)
DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def complete_environment(release: Release, wanted: str | None, candidates: Iterable[str] = ()) -> str | None:
    """Writes pyvenv.cfg and the interpreter's links into a release's `venv`.

    wanted: minor version such as `3.11`. candidates: commands to try first. Returns the interpreter's
    version, None where the release has no `venv`. Raises InstallError where no interpreter fits.
    """
    if not release.venv.is_dir():
        return None
    if wanted is None:
        libraries = sorted((release.venv / "lib").glob("python3.*"))
        wanted = libraries[0].name[len("python") :] if libraries else f"{sys.version_info[0]}.{sys.version_info[1]}"
    version, executable = _interpreter(wanted, candidates)
    binaries = release.venv / "bin"
    binaries.mkdir(exist_ok=True)
    for name, target in (("python", executable), ("python3", "python"), (f"python{wanted}", "python")):
        link = binaries / name
        if link.is_symlink() or link.exists():
            link.unlink()
        link.symlink_to(target)
    (release.venv / "pyvenv.cfg").write_text(
        f"home = {Path(executable).parent}\ninclude-system-site-packages = false\nversion = {version}\n"
    )
    return version


def _interpreter(wanted: str, candidates: Iterable[str]) -> tuple[str, str]:
    seen = []
    for command in (*candidates, f"python{wanted}", "python3", sys.executable):
        answer = _ask(command)
        if answer is None:
            continue
        minor, version, executable = answer
        if minor == wanted:
            return version, executable
        seen.append(minor)
    found = ", ".join(dict.fromkeys(seen)) or "none"
    raise InstallError(f"the application needs Python {wanted}, but this instance has {found}")


def _ask(command: str) -> tuple[str, str, str] | None:
    """Minor version, version and path of the interpreter that a command is; None where it is none."""
    own = Path(sys.executable).resolve()
    if Path(shutil.which(command) or os.devnull).resolve() == own:
        return f"{sys.version_info[0]}.{sys.version_info[1]}", ".".join(map(str, sys.version_info[:3])), str(own)
    try:
        answer = subprocess.run([command, *ALONE, "-c", PROBE], capture_output=True, text=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    lines = answer.stdout.split("\n")
    if answer.returncode != 0 or len(lines) < 3 or not re.fullmatch(r"3\.\d+", lines[0]):
        return None
    return lines[0], lines[1], lines[2]


def search_path(release: Release, given: str | None = None) -> str:
    """The application's PATH: its own programs, then the given or the system's."""
    own = (release.venv / "bin", release.app / "node_modules/.bin", release.path / "runtime/bin")
    return ":".join([*(str(path) for path in own if path.is_dir()), given or DEFAULT_PATH])
