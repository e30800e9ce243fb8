"""pip (or uv) as this machine has it, for the interpreter of the target."""

from __future__ import annotations

import importlib.util
import shutil
import sys
from dataclasses import dataclass

from hivemind.agents.compiler.python.interpreters import Chosen, find
from hivemind.values.artifact import Platform
from hivemind.values.errors import Stage, StageError

_OLDEST_GLIBC = 17


@dataclass(frozen=True)
class Installer:
    """command: words before requirements and `--target FOLDER`. binary: whether only wheels can be used."""

    command: tuple[str, ...]
    binary: bool


def installer(service: str, chosen: Chosen, platform: Platform) -> Installer:
    """How to install for a platform's Python from here.

    For the local cloud, and on a build instance, the interpreter itself installs, so source distributions work; for
    others only wheels
    that fit the platform do. Raises StageError(BUILD) where this machine has neither pip nor uv.
    """
    native = find(chosen.minor, chosen.command) if platform.native else None
    binary = [] if native else ["--only-binary=:all:"]
    if importlib.util.find_spec("pip") is not None:
        words = [sys.executable, "-m", "pip"]
        quiet = ["--disable-pip-version-check", "--no-input"]
        # pip would look through HiveMind's own packages for what does not fit: most of its time, and beside the point.
        without = ["--no-compile", "--no-warn-script-location", "--no-warn-conflicts"]
        if native and native != sys.executable:
            words += ["--python", native]
        target = (
            [] if native else ["--implementation", "cp", "--python-version", chosen.minor, *platform_tags(platform)]
        )
        return Installer((*words, *quiet, "install", *without, *binary, *target), not native)
    if uv := shutil.which("uv"):
        target = (
            ["--python", native] if native else ["--python-version", chosen.minor, "--python-platform", _uv(platform)]
        )
        return Installer((uv, "pip", "install", "--no-progress", "--link-mode", "copy", *binary, *target), not native)
    raise StageError(
        Stage.BUILD,
        f"installing the dependencies of {service} needs pip or uv on this machine",
        subject=service,
        hint=f"Install pip with `{sys.executable} -m ensurepip`.",
    )


def platform_tags(platform: Platform) -> list[str]:
    """The wheel tags that a glibc accepts (PEP 600), newest first."""
    newest = platform.glibc[1] if platform.glibc else _OLDEST_GLIBC
    tags = [f"manylinux_2_{minor}_{platform.machine}" for minor in range(newest, _OLDEST_GLIBC - 1, -1)]
    tags.append(f"manylinux2014_{platform.machine}")
    if platform.machine == "x86_64":
        older = ("manylinux_2_12", "manylinux2010", "manylinux_2_5", "manylinux1")
        tags += [f"{tag}_{platform.machine}" for tag in older]
    return [word for tag in tags for word in ("--platform", tag)]


def _uv(platform: Platform) -> str:
    minor = max(_OLDEST_GLIBC, platform.glibc[1] if platform.glibc else _OLDEST_GLIBC)
    known = [each for each in (17, 28, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40) if each <= minor]
    return f"{platform.machine}-manylinux_2_{known[-1]}"
