"""The commit a work tree stands on, read with git without running anything that the repository says."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

_SAFE = (
    "core.fsmonitor=false",
    "core.hooksPath=/dev/null",
    "core.pager=cat",
    "core.sshCommand=false",
    "core.untrackedCache=false",
    "diff.external=",
    "submodule.recurse=false",
    "protocol.allow=never",
)
_SECONDS = 30


@dataclass(frozen=True)
class Head:
    """commit: full id. dirty: whether tracked or untracked files differ from it. subject: its first line."""

    commit: str
    dirty: bool
    subject: str


def head(root: Path) -> Head | None:
    """The commit that the work tree around `root` stands on; None without git, a repository or a commit."""
    shown = _git(root, "log", "-1", "--no-show-signature", "--format=%H%n%s")
    if not shown:
        return None
    commit, _, subject = shown.strip().partition("\n")
    status = _git(root, "status", "--porcelain", "--ignore-submodules=all", "--", ".")
    return Head(commit, dirty=status is None or bool(status.strip()), subject=subject)


def _git(root: Path, *arguments: str) -> str | None:
    settings = [part for setting in _SAFE for part in ("-c", setting)]
    # `status` runs a filter's command on changed files; an unknown state counts as dirty
    if arguments[0] == "status" and _has_filters(root):
        return None
    environment = {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": os.environ.get("HOME", "/nonexistent"),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_TERMINAL_PROMPT": "0",
        "LC_ALL": "C.UTF-8",
    }
    try:
        done = subprocess.run(
            ["git", *settings, "-c", f"safe.directory={root}", *arguments],
            cwd=root,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.decode("utf-8", errors="replace") if done.returncode == 0 else None


def _has_filters(root: Path) -> bool:
    """Whether the repository's own configuration names filter programs, which git would start."""
    for folder in (root, *root.parents):
        config = folder / ".git" / "config"
        if config.is_file():
            try:
                text = config.read_text(encoding="utf-8", errors="replace").lower()
            except OSError:
                return True
            return "[filter" in text or "[include" in text
    return False
