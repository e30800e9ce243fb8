"""A Step: one piece of work of a run, contributed by a plugin."""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hivemind.values.errors import Stage

if TYPE_CHECKING:
    from hivemind.steps.context import Context

DEADLINE = 3600.0
"""Seconds that a third party's step may take, where it names no others."""


class Failure(enum.StrEnum):
    """What a step's failure means: `stop` ends the run as failed, `warn` is reported and the run goes on."""

    STOP = "stop"
    WARN = "warn"


class End(enum.StrEnum):
    """How a run ended, for steps that have something to take away then."""

    DONE = "done"
    FAILED = "failed"
    INTERRUPTED = "interrupted"


@dataclass(frozen=True)
class Step:
    """One idempotent piece of work.

    name: unique in the run; it is a milestone that other steps can name. stage: the stage that it belongs to; a failure
    of the step is a failure of that stage. run: gets a Context; what it returns is the step's result. needs: milestones
    that come first. before: milestones that wait for this step. failure: what a failure means. approval: a question
    that a person answers with yes before the step starts; empty: nobody is asked. message: what the step is about, as
    shown when it starts. outcome: what it came to, in words, made of its result. deadline: seconds that it may take;
    not enforced for built-in agents, which bound each wait of their own. estimate: seconds it should take, None where
    nobody knows.

    For steps with more to them: provides: events that the step fulfils while it still runs. check: whether the result
    of an interrupted attempt still holds (asked of the cloud or the host, never assumed); without it the step always
    runs. lasting: whether the result goes into the journal, and so must be JSON data. at_end: called once after the
    run, if the step was started, whatever came of it, with the context and how the run ended. owner: the plugin, filled
    in by the flow.
    """

    name: str
    stage: Stage
    run: Callable[[Context], Any]
    needs: tuple[str, ...] = ()
    before: tuple[str, ...] = ()
    failure: Failure = Failure.STOP
    approval: str = ""
    message: str = ""
    outcome: Callable[[Any], str] | None = None
    deadline: float = DEADLINE
    estimate: float | None = None
    provides: tuple[str, ...] = ()
    check: Callable[[Any], bool] | None = None
    lasting: bool = False
    at_end: Callable[[Context, End], None] | None = None
    owner: str = ""
