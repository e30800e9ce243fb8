"""Errors that are meant for people. Everything else that escapes is a defect of ours.

HiveMindError
  FindingsError          findings of severity error
    PluginFindingsError  those that a plugin raised (plugins/calling)
  StageError             a stage of a run failed: exit code, evidence, what is left
    Canceled             somebody took back what the stage was doing
    ChecksFailed         checks of what is live failed (checks/verifying)
    HostUnreachable      no SSH to an instance (hosts/ssh)
      KeyRefused         it does not let the deployment's key in (hosts/ssh)
    CommandTimeout       a command on an instance took too long (hosts/ssh)
    HostKeyMismatch      an instance answers with another key than before (hosts/connecting)
    PluginStageError     what a plugin raised as one (plugins/calling)
  PluginError            a plugin did something wrong: names it and its line (plugins/calling)
    PluginOverdue        it did not answer before its deadline
    PluginStageError     what it raised as a StageError
    PluginFindingsError  what it raised as a FindingsError
  CloudUnreachable       no credentials, no network, no local cloud
  CloudCallFailed        AWS refused a call (values/calls)
  DeploymentNotFound     nothing of that name is deployed
  DeploymentLocked       another run holds the deployment
  StateUnreadable        the file of a deployment's state is broken, or newer than this HiveMind (deploy/state)
  PlanChanged            what was reviewed is not what would happen now
  Refused                a person or a policy said no
  ModelFailed            a language model did not answer, or not usably (reasoning/model)
StepCancelled            a step ends because its run is being ended; the run's own error says why
Interrupted              Ctrl-C in the midst of a run: a KeyboardInterrupt that says what goes on
"""

from __future__ import annotations

import enum
from collections.abc import Iterable

from hivemind.values.exits import ExitCode
from hivemind.values.findings import Finding, in_order


class HiveMindError(Exception):
    """An error with a message for the user, shown without a traceback.

    message: what happened. hint: what to do next, one line or several.
    """

    exit_code: ExitCode = ExitCode.INTERNAL

    def __init__(self, message: str, *, hint: str | None = None, exit_code: ExitCode | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        if exit_code is not None:
            self.exit_code = exit_code


class FindingsError(HiveMindError):
    """Stops the run because of findings. Carries all of them, errors and others."""

    exit_code = ExitCode.INVALID

    def __init__(self, findings: Iterable[Finding]) -> None:
        self.findings = in_order(findings)
        errors = sum(finding.is_error for finding in self.findings)
        super().__init__(f"{errors} error{'s' if errors != 1 else ''}")


class Stage(enum.StrEnum):
    """The stages of a run in their order: the one vocabulary of events, journal, screen, exit codes and documents.

    A stage consists of steps with names of their own: `stack` is a step of provision, `release web` one of deploy,
    `traffic web` one of register.
    """

    VALIDATE = "validate"
    BUILD = "build"
    PROVISION = "provision"
    DEPLOY = "deploy"
    REGISTER = "register"
    HARDEN = "harden"
    VERIFY = "verify"
    OBSERVE = "observe"
    ROLLBACK = "rollback"
    CLEANUP = "cleanup"

    @property
    def exit_code(self) -> ExitCode:
        return ExitCode.INVALID if self is Stage.VALIDATE else ExitCode[self.name]


class StageError(HiveMindError):
    """A stage failed.

    stage: which one. subject: what failed first (a logical id, a service, a check). lines: verbatim evidence (log
    lines, event reasons), already redacted. left: what the failure leaves behind. path: the blueprint part that it
    comes from (`resources.db`); place: where that is written (`hivemind.yaml:14`).
    """

    def __init__(
        self,
        stage: Stage,
        message: str,
        *,
        subject: str | None = None,
        lines: Iterable[str] = (),
        hint: str | None = None,
        left: str | None = None,
        path: str | None = None,
        place: str | None = None,
    ) -> None:
        super().__init__(message, hint=hint, exit_code=stage.exit_code)
        self.stage = stage
        self.subject = subject
        self.lines = tuple(lines)
        self.left = left
        self.path = path
        self.place = place


class Canceled(StageError):
    """Somebody took back what the stage was doing. Ends as Ctrl-C does."""

    def __init__(self, stage: Stage, message: str, *, hint: str | None = None, left: str | None = None) -> None:
        super().__init__(stage, message, hint=hint, left=left)
        self.exit_code = ExitCode.INTERRUPTED


class CloudUnreachable(HiveMindError):
    exit_code = ExitCode.UNREACHABLE


class DeploymentNotFound(HiveMindError):
    exit_code = ExitCode.NOT_FOUND


class DeploymentLocked(HiveMindError):
    exit_code = ExitCode.LOCKED


class PlanChanged(HiveMindError):
    exit_code = ExitCode.CHANGED


class Refused(HiveMindError):
    exit_code = ExitCode.REFUSED


class StepCancelled(Exception):
    """Raised by a step that ended early because it was asked to (`Context.check`)."""


class Interrupted(KeyboardInterrupt):
    """Ctrl-C in the midst of a run. Its text says what goes on all the same, and how to go on."""
