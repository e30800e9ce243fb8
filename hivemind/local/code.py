"""Which code a local cloud runs: after an upgrade, a daemon that was started before goes on with the old one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from hivemind.machine.memory import code
from hivemind.values.version import __version__


def present() -> Mapping[str, str]:
    """What this process would run, for the record of a daemon that starts. Costs under a millisecond: no file is
    read, only looked at.

    version: of HiveMind. package: folder of its code. files: digest over names, sizes and times of the files.
    """
    package = Path(__file__).parent
    whole = sha256()
    for line in sorted((*code(package), *_emulator())):
        whole.update(f"{line}\n".encode())
    return {"version": __version__, "package": str(package), "files": whole.hexdigest()}


def outdated(recorded: Mapping[str, Any] | None) -> str | None:
    """Why a daemon with this record runs other code than this process would; None where it does not.

    Of another installation with the same version nothing is said: that its files differ in their times means nothing.
    """
    if recorded is None:
        return "an earlier version of HiveMind started it"
    if recorded.get("version") != __version__:
        return f"HiveMind {recorded.get('version')} started it, but this is {__version__}"
    now = present()
    if recorded.get("package") == now["package"] and recorded.get("files") != now["files"]:
        return "the code of HiveMind or its emulator has changed since it started"
    return None


def _emulator() -> Iterator[str]:
    """The emulator's package; installers give it new times."""
    found = find_spec("ministack")
    if found is not None and found.origin is not None:
        yield f"{found.origin} {Path(found.origin).stat().st_mtime_ns}"
