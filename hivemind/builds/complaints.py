"""The line of a failed program's output that says what is wrong: causes before headlines, headlines before wrappers."""

# ruff: noqa: E501 - expressions read best in one piece

from __future__ import annotations

import re
from collections.abc import Sequence

_PLAIN = re.compile(
    r"^\s*(?:WARN(?:ING)?\b|\[WARN(?:ING)?\]|warning\b|npm (?:warn|notice)\b|INFO\b|\[INFO\]|info\b|notice\b|DEPRECATION\b|"
    r"\[DEPRECATED\]|note:|help:|hint:|➤ YN0000: (?:┌|└|·)|.*\bwarning: |.*DeprecationWarning)",
    re.IGNORECASE,
)
"""What is no error, whatever words are in it."""
_PLACE = r"[\w@./\\+()\[\] -]*?[\w\])]\.\w{1,6}"
_CAUSES = tuple(
    re.compile(pattern)
    for pattern in (
        # compilers: a file, a line, and what is wrong there
        rf"^\s*(?:\[ERROR\] )?{_PLACE}(?::\[?\d+(?:[:,]\d+)?\]?:?|\(\d+,\d+\):|:\d+:\d+ -) (?!\s*(?:note|info|warning)\b)\S",
        rf"^{_PLACE} \(\d+:\d+\): ",
        r"^error\[E\d+\]: ",
        r"^e: ",
        r"^PHP (?:Fatal|Parse) error: ",
        r"^Type error: ",
        r"^✘ \[ERROR\] ",
        r"^\s*(?:SyntaxError|IndentationError|ModuleNotFoundError|ImportError): ",
        r"(?:Module not found|Cannot find module|Could not resolve|Failed to resolve import)\b",
        r"fatal error: ",
        # Node: an error that another one was thrown for
        r"^\s*\[cause\]: \S",
        # package managers: what can't be had
        r"^ERROR: No matching distribution found",
        r"^ERROR: Cannot install .* conflicting",
        r"^ERROR: Package .* requires a different Python",
        r"^ERROR: Invalid requirement",
        r"^ERROR: THESE PACKAGES DO NOT MATCH THE HASHES",
        r"^npm (?:ERR!|error) (?:notarget No matching|404 Not Found|ERESOLVE |notsup Required|JSON\.parse Invalid)",
        r"^npm (?:ERR!|error) (?:Missing|Invalid:|request to|network request)",
        r"^\s*ERR_PNPM_\w+",
        r"^➤ YN0028: │ The lockfile",
        r"^➤ YN00(?!00|02|13|19|28|60|85|86)\d\d: │ ",
        r"^error (?:Your lockfile|Couldn't find|An unexpected error|.*incompatible)",
        r"^\s*- (?:Root composer\.json|.* is not present|.*but (?:your|it is|these))",
        r"^\s*- Required package .* is not (?:present|in the lock)",
        r"^\s*The \"[^\"]+\" file could not be downloaded",
        r"^(?:Could not find gem|Could not reach host|Could not find compatible versions)",
        r"^You are trying to install in deployment mode after changing",
        r"^\s*An error occurred while installing",
        r"^error: \[Errno \d+\]",
        r"^\s*(?:pyproject\.toml|Pipfile\.lock) .*(?:changed significantly|out of date)",
        r"^\[ERROR\] .*(?:Could not (?:resolve|transfer)|compilation problem)",
        # the system: what is not there
        r": (?:\d+: )?\S+: not found$|command not found|: Read-only file system$|No space left on device",
        r"Cannot allocate memory|heap out of memory|Permission denied",
    )
)
_ERRORS = re.compile(
    r"^\s*(?:error\b[: ]|fatal: |npm (?:err!|error) |\S*(?:Error|Exception)\b[^:]{0,40}: |E: |\[ERROR\] (?!COMPILATION ERROR)|"
    r"FAILURE: |\* What went wrong|Caused by: |Unhandled |panic: |Uncaught )",
    re.IGNORECASE,
)
_WRAPPERS = re.compile(
    r"^npm (?:err!|error)(?:\s*$| (?:code|errno|path|command|signal|A complete log|Lifecycle|workspace|location)\b)|"
    r"subprocess-exited-with-error|ERROR: Ignored the following|Failed building wheel|"
    r"Could not build wheels|error: could not compile|error: Command '|ELIFECYCLE|make(?:\[\d+\])?: \*\*\*|gyp ERR!|"
    r"^\s*error during build:?$|exit code|failed with (?:exit )?code|"
    r"rror: failed to (?:solve|run)|ERROR in \S+ \d+:\d+|error Command failed|"
    r"^\[ERROR\] *(?:$|To see the full|Re-run Maven|For more information|-> \[Help|\[Help|Failed to execute goal .*Compilation failure)",
    re.IGNORECASE,
)
"""What says that something failed, and not what."""
_WHERE = re.compile(
    r"^\s*(?:--> )?[\w@./\\+()\[\]-]*[\w\])]\.\w{1,6}(?::\d+(?::\d+)?:?)?$|^\s*File \"[^\"]+\", line \d+$|^ERROR in \S+ \d+:\d+"
)
"""A line that is a place alone: before what is wrong there, or after it."""
_NEXT = (
    (re.compile(r"^npm (?:ERR!|error) ERESOLVE"), re.compile(r"^npm (?:ERR!|error) (?:peer \S+ from .*)")),
    (re.compile(r"ERR_PNPM_OUTDATED_LOCKFILE"), re.compile(r"^\s*(?:- \S+ \(lockfile: .*|specifiers in the lockfile \(.*)$")),
    (re.compile(r"^error: lockfile had changes"), re.compile(r"^note: .*")),
    (re.compile(r"deployment mode after changing$"), re.compile(r"^\* .*")),
    (re.compile(r"^\* What went wrong"), re.compile(r"^\S.*")),
    (re.compile(r"^npm (?:ERR!|error) notsup Required"), re.compile(r"^npm (?:ERR!|error) notsup Actual.*")),
    (re.compile(r"DO NOT MATCH THE HASHES"), re.compile(r"^\s+\S+==\S+ from ")),
)  # fmt: skip
"""A cause whose point stands further down, and the line that has it."""
_PREFIX = re.compile(
    r"^(?:npm (?:ERR!|error) (?:notarget |notsup |404 |JSON\.parse )?|➤ YN\d+: │ |✘ \[ERROR\] |\[ERROR\] |\[cause\]: )"
)
_FAR = 40
"""Lines within which what belongs to a cause is looked for."""


def first_error(lines: Sequence[str]) -> str | None:
    """What went wrong, in one line, with its place where the output has one; None where nothing tells.

    lines: of the output, without what steers a terminal. The first line that names a cause is taken; without one the
    first that tells of an error, and last what only says that a step failed.
    """
    ranked = ((rank, number) for number, line in enumerate(lines) if (rank := _rank(line)) is not None)
    _, number = min(ranked, default=(None, None))
    return None if number is None else _told(lines, number)


def _rank(line: str) -> int | None:
    if not line.strip() or _PLAIN.match(line):
        return None
    if _WRAPPERS.search(line):
        return 2
    if any(cause.search(line) for cause in _CAUSES):
        return 0
    return 1 if _ERRORS.match(line) else None


def _told(lines: Sequence[str], number: int) -> str:
    """The line with what belongs to it."""
    line = lines[number]
    text = " ".join(_PREFIX.sub("", line.strip()).split())
    for cause, point in _NEXT:
        if cause.search(line):
            found = next((each for each in lines[number + 1 : number + _FAR] if point.match(each)), None)
            return f"{text}: {' '.join(_PREFIX.sub('', found.strip()).split())}" if found else text
    if re.match(rf"\s*{_PLACE}[:(]\d+", line):
        return text
    after = next((each for each in lines[number + 1 : number + 3] if each.strip()), "")
    before = next((each for each in reversed(lines[max(0, number - 4) : number]) if _WHERE.match(each)), "")
    for place in (after, before):
        if _WHERE.match(place) and not place.startswith(" " * 12):
            where = re.sub(r"^(?:--> |ERROR in )", "", place.strip()).rstrip(":")
            return f"{where}: {text}"
    return text
