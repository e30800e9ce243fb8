"""Go: one static binary beside the application's files."""

from __future__ import annotations

import os
import re
import shutil
from typing import TYPE_CHECKING

from hivemind.agents.compiler.languages import tools
from hivemind.builds.custom import run_build, run_install

if TYPE_CHECKING:
    from hivemind.builds.work import Work

_MACHINES = {"x86_64": "amd64", "aarch64": "arm64"}


def build(work: Work) -> None:
    """Runs the build command, `go build` without one, for Linux on the target's processor and without C."""
    tools.require(work.service, work.sources)
    environment = {
        # Without C the binary is static: it runs whatever the instance's C library is.
        "CGO_ENABLED": "0",
        "GOOS": "linux",
        "GOARCH": _MACHINES.get(work.platform.machine, work.platform.machine),
        "GOFLAGS": "-trimpath -buildvcs=false",
        "GOCACHE": os.environ.get("GOCACHE") or str(work.store.cache("go-build")),
        "GOTOOLCHAIN": "local",
    }
    vendored = "vendor/modules.txt" in work.sources.files
    if work.service.install and not vendored:
        run_install(work, work.service.install, **environment)
    run_build(work, command=work.service.build or "go build -o bin/app .", **environment)
    if vendored:
        shutil.rmtree(work.app / "vendor")
    work.runtime = "go"
    work.start = work.service.start or _built(work.service.build)


def _built(command: str | None) -> str:
    """The program that the build command makes."""
    named = re.search(r"\s-o[= ](\S+)", command or "")
    return f"./{(named[1] if named else 'bin/app').removeprefix('./')}"
