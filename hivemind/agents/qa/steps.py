"""QA's step: the checks of all plugins, run on what was released."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from hivemind.plugins.patience import WAITING
from hivemind.releases.release import CheckResult, CheckStatus, Verdict
from hivemind.steps.milestones import RECORD, VERIFY
from hivemind.steps.run import Apply, Destroy
from hivemind.steps.step import Step
from hivemind.values.errors import Stage

if TYPE_CHECKING:
    from hivemind.steps.step import Context


def steps(run: Apply | Destroy) -> Iterator[Step]:
    """Of an apply: the checks, once the release is recorded and receives traffic."""
    if isinstance(run, Apply):
        yield Step(VERIFY, Stage.VERIFY, _verify, needs=(RECORD,), message="checks", outcome=_words)


def _verify(context: Context) -> Verdict:
    from hivemind.checks.verifying import refuse_bad, verify

    def show(result: CheckResult) -> None:
        said = context.progress if result.status is CheckStatus.PASSED else context.note
        said(
            f"{result.name}: {result.message}",
            check=result.name,
            status=result.status.value,
            milliseconds=round(result.milliseconds, 1),
        )
        context.check()  # the checks that are left need not run where the run is being ended

    waiting = WAITING.set(context.note)
    try:
        verdict = verify(context[RECORD], show)
    finally:
        WAITING.reset(waiting)
    refuse_bad(verdict, context[RECORD])
    return verdict


def _words(verdict: Verdict) -> str:
    count = len(verdict.results)
    return f"{count} check{'s' if count != 1 else ''} passed"
