"""Runs checks: bounded retries, every outcome collected, a Verdict at the end."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hivemind.plugins.calling import PluginError, PluginSource, call
from hivemind.releases.release import Check, CheckFailed, CheckResult, CheckStatus, Verdict
from hivemind.text.redact import redact
from hivemind.values.clock import SYSTEM_CLOCK, Clock

if TYPE_CHECKING:
    from hivemind.releases.release import Probe

PAUSE = 1.0
"""Seconds before the second attempt; doubled before each one after."""


@dataclass(frozen=True)
class OwnedCheck:
    """A check with the plugin that it comes from."""

    check: Check
    source: PluginSource

    @property
    def plugin(self) -> str:
        return self.source.name


def run_checks(
    checks: Sequence[OwnedCheck],
    probe: Probe,
    *,
    attempts: int = 3,
    deadline: float = 120.0,
    clock: Clock = SYSTEM_CLOCK,
    on_result: Callable[[CheckResult], None] | None = None,
) -> Verdict:
    """Runs every check, each up to `attempts` times, and says what all of them saw.

    deadline: seconds for all. A check that runs at their end fails; what was not begun by then is skipped, and a
    skipped check is never counted as good: the last result then is a failure that says so. on_result: gets each result
    as it comes.
    """
    end = clock.monotonic() + deadline
    results: list[CheckResult] = []
    for owned in checks:
        if clock.monotonic() >= end:
            results.append(
                CheckResult(
                    owned.check.name, CheckStatus.SKIPPED, "not enough time left", attempts=0, plugin=owned.plugin
                )
            )
        else:
            results.append(_run(owned, probe, attempts, end, clock))
        if on_result is not None:
            on_result(results[-1])
    skipped = sum(result.status is CheckStatus.SKIPPED for result in results)
    if skipped:
        message = f"{skipped} of {len(results)} checks did not run within {deadline:g} s"
        results.append(CheckResult("time", CheckStatus.FAILED, message))
    return Verdict(tuple(results))


def _run(owned: OwnedCheck, probe: Probe, attempts: int, end: float, clock: Clock) -> CheckResult:
    pause = PAUSE
    attempt = 1
    while True:
        began = clock.monotonic()
        status, message, final = _try(owned, probe, max(0.0, end - began))
        took = (clock.monotonic() - began) * 1000
        over = clock.monotonic() + pause >= end
        if status is CheckStatus.PASSED or final or attempt >= attempts or over:
            return CheckResult(owned.check.name, status, redact(message), took, attempt, owned.plugin)
        clock.sleep(pause)
        pause *= 2
        attempt += 1


def _try(owned: OwnedCheck, probe: Probe, seconds: float) -> tuple[CheckStatus, str, bool]:
    """Status, message, and whether another attempt would be pointless. seconds: that the check may take."""
    check = owned.check
    try:
        seen = call(
            owned.source,
            "hivemind_checks",
            lambda: str(check.run(probe) or "good"),
            code=getattr(type(check), "run", check),
            seconds=seconds,
            about=check.name,
            passes=(CheckFailed, OSError),
        )
    except CheckFailed as error:
        return CheckStatus.FAILED, str(error), False
    except OSError as error:
        return CheckStatus.FAILED, f"no response: {error}", False
    except PluginError as error:
        return CheckStatus.FAILED, error.message, True
    return CheckStatus.PASSED, seen, True


def owned(contributions: Iterable[tuple[PluginSource, Iterable[Check]]]) -> tuple[OwnedCheck, ...]:
    """Checks of several plugins, (plugin, its checks) each, sorted by plugin and name."""
    found = [OwnedCheck(check, source) for source, checks in contributions for check in checks]
    return tuple(sorted(found, key=lambda one: (one.plugin, one.check.name)))


def unasked(failures: Iterable[PluginError]) -> tuple[CheckResult, ...]:
    """A failed check for each plugin that could not say what to check."""
    return tuple(
        CheckResult(f"checks of {failure.source.name}", CheckStatus.FAILED, redact(failure.message), attempts=1,
                    plugin=failure.source.name)
        for failure in failures
    )  # fmt: skip
