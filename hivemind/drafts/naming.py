"""Names for an application and its services, out of names of folders."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from hivemind.values.errors import HiveMindError
from hivemind.values.exits import ExitCode

if TYPE_CHECKING:
    from hivemind.detections.answer import Answer

LONGEST = 28
"""Letters in the name of an application: the environment and a suffix must find room beside it."""

_NAME = re.compile(r"[a-z]([a-z0-9-]*[a-z0-9])?")


def application(folder: str) -> str:
    """A name for an application, made from that of its folder."""
    plain = re.sub(r"[^a-z0-9]+", "-", folder.lower()).strip("-")
    return re.sub(r"^[^a-z]+", "", plain)[:LONGEST].strip("-") or "app"


def checked(name: str) -> str:
    """The name, if it can be one. Raises HiveMindError."""
    if not _NAME.fullmatch(name) or len(name) > LONGEST:
        raise HiveMindError(
            f'"{name}" is not a valid name',
            hint=f"Use lowercase letters, digits and `-`, start with a letter, and stay within {LONGEST} characters.",
            exit_code=ExitCode.USAGE,
        )
    return name


def services(found: Mapping[str, Answer]) -> dict[str, tuple[str, Answer]]:
    """Service name -> (folder, what was found in it). The root is `web`."""
    named: dict[str, tuple[str, Answer]] = {}
    for folder, seen in found.items():
        plain = re.sub(r"[^a-z0-9]+", "-", folder.rpartition("/")[2].lower()).strip("-")[:24].strip("-")
        name = plain if folder != "." and _NAME.fullmatch(plain) and plain not in named else "web"
        if name in named:
            name = f"service-{len(named) + 1}"
        named[name] = (folder, seen)
    return named
