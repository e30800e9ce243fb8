"""One call of one plugin's hook: what it must answer, and who is named when it does not."""

from __future__ import annotations

import importlib
import traceback
import types
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from hivemind.errors import HiveMindError
from hivemind.exits import ExitCode
from hivemind.findings import Finding, Place, Severity

RESULTS: Mapping[str, tuple[bool, str | None]] = types.MappingProxyType(
    {
        "hivemind_schema": (False, "hivemind.schemaparts:SchemaPart"),
        "hivemind_detect": (True, "hivemind.detection:Detection"),
        "hivemind_build": (False, "hivemind.artifact:Artifact"),
        "hivemind_fragments": (True, "hivemind.template.fragment:Fragment"),
        "hivemind_lint": (True, "hivemind.findings:Finding"),
        "hivemind_checks": (True, None),
    }
)
"""Hook -> whether it answers with a tuple, and the class of the answer or of the tuple's members.
Checks are known by what they can do, not by their class."""


DEFECT = "It comes with HiveMind: this is a defect, please report it."


@dataclass(frozen=True)
class Source:
    """Where a plugin comes from. kind: `builtin`, `entry point`, `-p` or `project`. distribution, version:
    of the installed package, None for a plugin that belongs to none. module: dotted name or file."""

    name: str
    kind: str
    module: str
    distribution: str | None = None
    version: str | None = None

    def __str__(self) -> str:
        if self.distribution:
            return f'"{self.name}" ({self.distribution} {self.version})'
        return f'"{self.name}" ({self.module})'


class PluginError(HiveMindError):
    """A plugin did something wrong; names it, its distribution and version, and the hook.

    source: the plugin. hook: which hook, None where it could not be loaded. summary: what happened, one line. place:
    where in the plugin's file, if that is known.
    """

    exit_code = ExitCode.INVALID

    def __init__(
        self,
        source: Source,
        summary: str,
        *,
        hook: str | None = None,
        hint: str | None = None,
        place: Place | None = None,
    ) -> None:
        where = f" in {hook}" if hook else ""
        super().__init__(f"plugin {source}{where}: {summary}", hint=hint or _way_out(source))
        self.source = source
        self.hook = hook
        self.summary = summary
        self.place = place

    def as_finding(self, severity: Severity = Severity.ERROR) -> Finding:
        """The same as a finding, for the hooks whose failure does not stop the run by itself."""
        return Finding(
            "H603", severity, self.message, hint=self.hint, plugin=self.source.name, path=f"plugins.{self.source.name}"
        )


def _way_out(source: Source) -> str:
    # The rest stands on the built-in ones: leaving one out helps nobody.
    return DEFECT if source.kind == "builtin" else f"-p no:{source.name} runs without it."


def ask(source: Source, hook: str, function: Callable[..., object], arguments: Mapping[str, Any]) -> object:
    """Calls one hook implementation and checks what it answers. Raises PluginError for whatever goes wrong in it.

    A HiveMindError is the plugin's own word to the user, and passes.
    """
    try:
        result = function(**arguments)
    except HiveMindError:
        raise
    except (Exception, SystemExit) as error:  # whatever a plugin raises gets its name
        raise PluginError(source, summary_of(error), hook=hook) from error
    if result is not None:
        problem = wrong_result(hook, result)
        if problem:
            raise PluginError(source, problem, hook=hook)
    return result


def summary_of(error: BaseException) -> str:
    """An exception on one line, with the innermost place in it: `KeyError: 'size' (slack.py:41)`."""
    text = " ".join((error.msg if isinstance(error, SyntaxError) else str(error)).split())
    line = f"{type(error).__name__}: {text}" if text else type(error).__name__
    if isinstance(error, SyntaxError) and error.filename:
        return f"{line} ({error.filename.rsplit('/', 1)[-1]}:{error.lineno})"
    frames = traceback.extract_tb(error.__traceback__)
    # The first frame is our own call; a plugin that failed inside it has at least one more.
    if len(frames) > 1:
        line += f" ({frames[-1].filename.rsplit('/', 1)[-1]}:{frames[-1].lineno})"
    return line


def place_of(error: BaseException, file: str) -> Place | None:
    """The line of `file` that an exception came from: of a SyntaxError, or of the innermost call in it."""
    if isinstance(error, SyntaxError) and error.filename == file:
        excerpt = (error.text or "").rstrip("\r\n") or None
        return Place(file, error.lineno, error.offset or None, excerpt)
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == file]
    return Place(file, lines[-1]) if lines else None


def wrong_result(hook: str, result: object) -> str | None:
    """What is wrong with a hook's answer, or None."""
    if isinstance(result, types.GeneratorType | types.CoroutineType | types.AsyncGeneratorType):
        return f"it answered with a {type(result).__name__}; hooks return their answer: no yield, no async"
    if hook not in RESULTS:
        return None
    several, reference = RESULTS[hook]
    expected = _class(reference) if reference else None
    name = expected.__name__ if expected else "Check"
    if several and not isinstance(result, tuple):
        return f"it answered with {_kind(result)}, expected a tuple of {name}"
    members = result if isinstance(result, tuple) and several else (result,)
    for member in members:
        if not (isinstance(member, expected) if expected else _is_check(member)):
            inside = "a tuple with " if several else ""
            return f"it answered with {inside}{_kind(member)}, expected {'a tuple of ' if several else ''}{name}"
    return None


def _is_check(member: object) -> bool:
    return isinstance(getattr(member, "name", None), str) and callable(getattr(member, "run", None))


def _class(reference: str) -> type:
    module, _, name = reference.partition(":")
    found: type = getattr(importlib.import_module(module), name)
    return found


def _kind(value: object) -> str:
    name = type(value).__name__
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"
