"""One call into a plugin: bounded in time, its prints set aside, its answer checked, and the plugin named for whatever
goes wrong in it.

Everything of a plugin that runs goes through `call`: its hooks (`ask`), the checks and steps that a hook answered
with, and the import of its module.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from hivemind import hookspecs
from hivemind.plugins import frames
from hivemind.plugins.answers import first_wrong
from hivemind.plugins.kinds import expected, found
from hivemind.plugins.patience import Overdue, within
from hivemind.plugins.streams import aside
from hivemind.values.annotations import answer_of
from hivemind.values.errors import FindingsError, HiveMindError, StageError
from hivemind.values.exits import ExitCode
from hivemind.values.findings import Finding, Place, Severity

T = TypeVar("T")
DEFECT = "It comes with HiveMind: this is a defect, please report it."
_RESERVED = re.compile(r"H\d{3,4}|[EWI]\d{4}")
NO_FAILURES = {ExitCode.OK, ExitCode.INTERNAL, ExitCode.USAGE, ExitCode.INTERRUPTED, ExitCode.PIPE}
"""Exit codes that say nothing of a plugin: one that ends with them has failed as any other does."""


@dataclass(frozen=True)
class PluginSource:
    """Where a plugin comes from. kind: `builtin`, `entry point`, `-p` or `project`. distribution, version:
    of the installed package, None for a plugin that belongs to none. module: dotted name or file."""

    name: str
    kind: str
    module: str
    distribution: str | None = None
    version: str | None = None

    @property
    def label(self) -> str:
        """Name and version, as short as can be: `hivemind-gate 1.0`, or the plugin's name."""
        return f"{self.distribution} {self.version}" if self.distribution else self.name

    def __str__(self) -> str:
        if self.distribution:
            return f'"{self.name}" ({self.distribution} {self.version})'
        return f'"{self.name}" ({self.module})'


class PluginError(HiveMindError):
    """A plugin did something wrong; names it, its distribution and version, the hook, and the line of its code.

    source: the plugin. hook: which hook, None where it could not be loaded. summary: what happened, one line. at:
    where in the plugin's files, if that is known.
    """

    exit_code = ExitCode.INVALID

    def __init__(
        self,
        source: PluginSource,
        summary: str,
        *,
        hook: str | None = None,
        hint: str | None = None,
        at: Place | None = None,
        exit_code: ExitCode | None = None,
    ) -> None:
        where = f" in {hook}" if hook else ""
        HiveMindError.__init__(
            self, f"plugin {source}{where}: {summary}", hint=hint or _way_out(source), exit_code=exit_code
        )
        self.source = source
        self.hook = hook
        self.summary = summary
        self.at = at

    def as_finding(self, severity: Severity = Severity.ERROR) -> Finding:
        """The same as a finding, for the hooks whose failure does not stop the run by itself."""
        path = f"plugins.{self.source.name}"
        return Finding("H603", severity, self.message, self.at, self.hint, plugin=self.source.name, path=path)


class PluginOverdue(PluginError):
    """A plugin did not answer before its deadline. Its thread goes on, and can't be ended."""


class PluginStageError(PluginError, StageError):
    """A plugin raised StageError: a stage failed by its word, with its evidence and the stage's exit code."""

    def __init__(self, error: StageError, source: PluginSource, summary: str, *, hook: str, at: Place | None) -> None:
        PluginError.__init__(
            self, source, summary, hook=hook, hint=error.hint, at=at, exit_code=_exit_code(error.exit_code)
        )
        self.stage = error.stage
        self.subject = error.subject
        self.lines = error.lines
        self.left = error.left
        self.path = error.path
        self.place = error.place


class PluginFindingsError(PluginError, FindingsError):
    """A plugin raised FindingsError: its findings, and one that says which plugin raised them."""

    def __init__(
        self, findings: tuple[Finding, ...], source: PluginSource, summary: str, *, hook: str, at: Place | None
    ):
        PluginError.__init__(self, source, summary, hook=hook, at=at)
        self.findings = (*findings, self.as_finding())


def _way_out(source: PluginSource) -> str:
    # The rest stands on the built-in ones: leaving one out helps nobody.
    return DEFECT if source.kind == "builtin" else f"To run without it: hivemind -p no:{source.name} ..."


def ask(source: PluginSource, hook: str, function: Callable[..., object], arguments: Mapping[str, Any]) -> object:
    """Calls one hook implementation and checks what it answers. Raises PluginError for whatever goes wrong in it."""
    code = frames.origin(source.module, function)
    result = call(
        source,
        hook,
        lambda: function(**arguments),
        code=function,
        seconds=hookspecs.DEADLINES.get(hook, hookspecs.USUAL),
    )
    problem = None if result is None else wrong_result(source, hook, result)
    if problem:
        at = code.definition
        raise PluginError(source, _located(problem, code, at), hook=hook, at=at)
    return result


def call(
    source: PluginSource,
    hook: str | None,
    work: Callable[[], T],
    *,
    code: object = None,
    seconds: float = hookspecs.USUAL,
    about: str = "",
    passes: tuple[type[BaseException], ...] = (),
    announced: bool = True,
) -> T:
    """Runs a plugin's code, for at most so many seconds, and returns what it returns.

    hook: the hook that it belongs to, None while the plugin is loaded. code: a function or object of the plugin, by
    which its files are known. about: which of several things of the hook this is, such as a check's name. passes:
    exceptions that are an answer, and go through. announced: whether it is said after 2 seconds who is waited for; of
    built-in agents it never is, since what they do is shown. Raises PluginError, or one of its kinds, for every other
    exception, whatever it is, and at the deadline. What a built-in agent says with a HiveMindError passes: HiveMind
    itself says it.
    """
    own = frames.origin(source.module, code)

    def run() -> T:
        with aside():
            try:
                return work()
            except passes:
                raise
            except BaseException as error:
                # Also KeyboardInterrupt: a real Ctrl-C reaches the main thread, and this is another.
                if source.kind == "builtin" and isinstance(error, HiveMindError):
                    raise
                if os.environ.get("HIVEMIND_DEBUG"):
                    frames.show(error, own, sys.stderr)
                raise blamed(error, source, hook, own) from error

    what = (hook or "its import") + (f" ({about})" if about else "")
    try:
        return within(
            seconds, run, whom=f"plugin {source} in {what}" if announced and source.kind != "builtin" else None
        )
    except Overdue as error:
        at = own.innermost(error.stack) or own.definition
        raise PluginOverdue(
            source, _located(f"it did not return within {seconds:g} s", own, at), hook=hook, at=at
        ) from None


def blamed(error: BaseException, source: PluginSource, hook: str | None, code: frames.PluginCode) -> PluginError:
    """What a plugin raised, as an error that names it."""
    at = code.place_of(error)
    if not isinstance(error, HiveMindError):
        return PluginError(source, _located(frames.text_of(error), code, at), hook=hook, at=at)
    said = error.message if isinstance(error.message, str) else frames.text_of(error)
    summary = _located(said, code, at)
    if isinstance(error, StageError):
        return PluginStageError(error, source, summary, hook=hook or "", at=at)
    if isinstance(error, FindingsError) and first_wrong(error.findings, tuple[Finding, ...]) is None:
        findings = tuple(_stamped(finding, source) for finding in error.findings)
        return PluginFindingsError(findings, source, summary, hook=hook or "", at=at)
    hint = error.hint if isinstance(error.hint, str) else None
    return PluginError(source, summary, hook=hook, hint=hint, at=at, exit_code=_exit_code(error.exit_code))


def wrong_result(source: PluginSource, hook: str, result: object) -> str | None:
    """What is wrong with a hook's answer, or None."""
    kind = answer_of(getattr(hookspecs, hook))
    try:
        wrong = first_wrong(result, kind)
    except Exception as error:  # noqa: BLE001 - an object of a plugin's own can fail at being looked at
        return f"its result cannot be read: {frames.text_of(error)}"
    if wrong is None:
        return _taken(source, result)
    if not wrong.where and type(result).__name__ in {"generator", "coroutine", "async_generator"}:
        return f"it returned {found(result)}; return a plain result, without yield or async"
    if not wrong.where:
        return f"it returned {found(result)}; return {expected(kind)}"
    return f"its result{wrong}"


def _taken(source: PluginSource, result: object) -> str | None:
    """Findings of a plugin have ids of its own: people look up the others, and find something else."""
    if source.kind == "builtin" or not isinstance(result, tuple):
        return None
    for at, member in enumerate(result):
        if isinstance(member, Finding) and _RESERVED.fullmatch(member.id):
            whose = "HiveMind" if member.id.startswith("H") else "cfn-lint"
            return f"its result[{at}].id is {member.id!r}, an id of {whose}; use an id of your own, such as ACME1"
    return None


def _located(said: str, code: frames.PluginCode, at: Place | None) -> str:
    return f"{said} ({code.short(at)})" if at else said


def _stamped(finding: Finding, source: PluginSource) -> Finding:
    return replace(finding, plugin=source.name) if finding.plugin == "hivemind" else finding


def _exit_code(code: object) -> ExitCode:
    return code if isinstance(code, ExitCode) and code not in NO_FAILURES else ExitCode.INVALID
