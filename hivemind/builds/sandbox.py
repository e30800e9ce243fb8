"""Keeps a build's programs in their place with bubblewrap: they read the system, and write into the build alone."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

VARIABLE = "HIVEMIND_SANDBOX"
"""`off` runs builds without."""
_CACHES = (
    ".cache", ".npm", ".cargo", ".rustup", ".m2", ".gradle", ".bundle", ".gem", ".composer", ".yarn", ".bun", ".ivy2",
    ".sbt", "go",
)  # fmt: skip
"""Folders of the home that package managers write into."""
_HIDDEN = (
    ".ssh", ".aws", ".gnupg", ".kube", ".docker", ".azure", ".config/gcloud", ".config/gh", ".config/google-chrome",
    ".mozilla", ".password-store", ".local/share/keyrings", ".local/share/hivemind/deployments",
)  # fmt: skip
"""Folders of the home that no build has business with."""
_CAPABILITIES = ("CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER")
"""What root keeps: archives are unpacked with owners."""


@dataclass(frozen=True)
class Sandbox:
    """writable: folders of the build."""

    program: str
    writable: tuple[Path, ...]

    def around(self, words: Sequence[str], cwd: Path, env: Mapping[str, str]) -> list[str]:
        """The command that runs these words inside."""
        home = Path(env.get("HOME") or Path.home())
        arguments = ["--ro-bind", "/", "/", "--dev-bind", "/dev", "/dev", "--proc", "/proc", "--bind", "/tmp", "/tmp"]  # noqa: S108
        for folder in dict.fromkeys((*_caches(home, env), *self.writable)):
            arguments += ["--bind-try", str(folder), str(folder)]
        for name in _HIDDEN:
            if (home / name).is_dir():
                arguments += ["--tmpfs", str(home / name)]
        if os.geteuid() == 0:
            arguments += [word for name in _CAPABILITIES for word in ("--cap-add", name)]
        alone = ["--unshare-pid", "--unshare-ipc", "--die-with-parent", "--chdir", str(cwd)]
        return [self.program, *arguments, *alone, "--", *words]


def sandbox(*writable: Path) -> tuple[Sandbox | None, str]:
    """The sandbox for a build that writes into these folders, or None; and what to say about it."""
    if os.environ.get(VARIABLE) == "off":
        return None, f"not sandboxed: {VARIABLE}=off"
    program = shutil.which("bwrap")
    if program is None:
        return None, "not sandboxed: bubblewrap is not installed (apt install bubblewrap)"
    problem = _problem(program)
    if problem:
        return None, f"not sandboxed: bubblewrap does not work here ({problem})"
    return Sandbox(program, writable), "sandboxed with bubblewrap"


@functools.cache
def _problem(program: str) -> str | None:
    """Why it can't be used: some systems forbid ordinary users what it needs."""
    trial = [program, "--ro-bind", "/", "/", "--proc", "/proc", "--unshare-pid", "--unshare-ipc", "--", "true"]
    try:
        done = subprocess.run(trial, capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.SubprocessError) as error:
        return str(error)
    return None if done.returncode == 0 else (done.stderr.strip().splitlines() or ["no reason given"])[-1]


def _caches(home: Path, env: Mapping[str, str]) -> Iterator[Path]:
    for name in _CACHES:
        if (home / name).is_dir():
            yield home / name
    for name, value in env.items():
        named = name.upper().endswith(("CACHE", "CACHE_DIR", "CACHE_HOME", "CACHE_FOLDER", "CARGO_HOME", "RUSTUP_HOME"))
        if named and os.path.isabs(value):  # noqa: PTH117 - a text
            Path(value).mkdir(parents=True, exist_ok=True)
            yield Path(value)
