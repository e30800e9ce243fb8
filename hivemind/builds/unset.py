"""What a build stops for that another line of the blueprint would bring: a setting that is empty, a folder that another
command makes, a driver too old for this Python."""

from __future__ import annotations

import re
from collections.abc import Sequence

_NAME = r"(?P<name>[A-Z][A-Z0-9_]{2,60})"
_PATTERNS = tuple(
    re.compile(pattern)
    for pattern in (
        # django.core.exceptions.ImproperlyConfigured, as applications of Django word it
        rf"\bImproperlyConfigured: .{{0,120}}\bsettings\.{_NAME}\b",
        # Django itself, of SECRET_KEY; django-environ and python-decouple of any variable
        rf"\bImproperlyConfigured: The {_NAME} setting must not be empty",
        rf"\bImproperlyConfigured: Set the {_NAME} environment variable",
        rf"\bUndefinedValueError: {_NAME} not found",
        # os.environ
        rf"\bKeyError: '{_NAME}'",
    )
)


def unset(lines: Sequence[str], service: str) -> str | None:
    """What to write for the setting that the last of these lines to name one misses; None where none does."""
    for line in reversed(lines):
        text = line[:2000]
        if found := next((match["name"] for pattern in _PATTERNS if (match := pattern.search(text))), None):
            return (
                f"The application stops without {found}, which nothing sets during a build. If its settings read it "
                f"from a variable, write `services.{service}.env: {{{found}: VALUE}}`; if it is secret and not used "
                f"to build, set it in the command alone: `services.{service}.build: {found}=none COMMAND`."
            )
    return None


_ABSENT = re.compile(
    r"(?:FileNotFoundError: \[Errno 2\] No such file or directory: |ENOENT: no such file or directory, \w+ )"
    r"[\"'][^\"']{1,300}/tree/app/(?P<path>[^\"']{1,200})[\"']"
)
_OLD_DRIVER = re.compile(r"psycopgmodule\.c:\d+:\d+: error: |psycopg/\w+\.c:\d+:\d+: error: ")
_NOT_COMPILED = re.compile(r"\.(?:c|cc|cpp|cxx|h|hpp):\d+:\d+: error: ")
_WHEEL = re.compile(r"^\s*ERROR: Failed building wheel for (?P<package>[\w.-]{1,100})\s*$")


def absent(lines: Sequence[str], service: str) -> str | None:
    """What to write for a file or folder of the application that does not exist while it is built, and for a package
    that does not compile with this Python; None where the lines name neither."""
    for line in reversed(lines):
        if found := _ABSENT.search(line[:2000]):
            return (
                f"{found['path']} is not in the repository. If another command makes it, run that first: "
                f"`services.{service}.build: COMMAND && ...`, with the build command as `hivemind show` prints it. If "
                f"an empty one will do: `mkdir -p {found['path']} && ...`."
            )
    if any(_OLD_DRIVER.search(line[:2000]) for line in lines):
        return (
            "This psycopg2 is too old for the Python that is used, and has no wheel for it. Write "
            "`psycopg2-binary>=2.9` in its place in the requirements, or name an older Python that this machine has: "
            f"`services.{service}.runtime: python VERSION`."
        )
    package = next((match["package"] for line in lines if (match := _WHEEL.match(line[:2000]))), None)
    if package and any(_NOT_COMPILED.search(line[:2000]) for line in lines):
        return (
            f"The version of {package} that is asked for has no wheel for the Python that is used, and does not "
            f"compile with it. Ask for a newer {package}, and lock it if there is a lock file; or name the Python that "
            f"it was made for, if this machine has it: `services.{service}.runtime: python VERSION`."
        )
    return None
