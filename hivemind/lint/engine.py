"""cfn-lint itself, with its rules kept. Importing this module imports cfn-lint: over half a second."""

from __future__ import annotations

import gc
import json
import logging
import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields
from functools import lru_cache
from pathlib import Path
from types import FrameType

from cfnlint.config import ConfigMixIn  # type: ignore[import-untyped]
from cfnlint.context import context  # type: ignore[import-untyped]
from cfnlint.jsonschema import _filter, validators  # type: ignore[import-untyped]
from cfnlint.runner import Runner, run_template_by_data  # type: ignore[import-untyped]

from hivemind.lint.matches import DeadlineError, Match, shortened
from hivemind.values.defaults import DEFAULT_REGION

CONFIGURATION = str(Path(__file__).with_name("cfnlintrc.yaml"))
_ONE_AT_A_TIME = threading.Lock()


# cfn-lint asks for the fields of the same few dataclasses 40,000 times a template: a tenth of its time.
for _module in (context, _filter, validators):
    _module.fields = lru_cache(maxsize=64)(fields)


@lru_cache(maxsize=1)
def _rules() -> Runner:
    logging.getLogger("cfnlint").setLevel(logging.CRITICAL)
    return Runner(_configuration((DEFAULT_REGION,)))


def load() -> None:
    """Reads the rules, so that the first template does not wait for it."""
    _rules()
    # What is loaded stays; looking through it at every collection would cost a tenth of each run.
    gc.freeze()


def run(template: str, regions: Sequence[str], *, deadline: float) -> tuple[Match, ...]:
    """Lints a template. One at a time: cfn-lint's rules keep state while they run.

    template: JSON. regions: at least one that cfn-lint knows. deadline: seconds (kept where this is the main
    thread). Raises DeadlineError.
    """
    with _ONE_AT_A_TIME, _alarm(deadline), _garbage_kept():
        found = run_template_by_data(json.loads(template), _configuration(regions), _rules().rules)
        matches = [
            Match(
                match.rule.id,
                shortened(match.message),
                tuple(str(part) for part in getattr(match, "path", None) or ()),
                match.rule.source_url or "",
            )
            for match in found
        ]
    return tuple(sorted(dict.fromkeys(matches), key=lambda match: (match.path, match.rule, match.message)))


def _configuration(regions: Sequence[str]) -> ConfigMixIn:
    return ConfigMixIn(regions=list(regions), config_file=CONFIGURATION)


@contextmanager
def _garbage_kept() -> Iterator[None]:
    """Looking for garbage among what a template makes takes a tenth of the time and finds little."""
    kept = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if kept:
            gc.enable()


class _RingError(BaseException):
    """Not an Exception: cfn-lint takes those for a defect of the rule that was running, and goes on."""


@contextmanager
def _alarm(seconds: float) -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "setitimer"):
        yield
        return

    def ring(_signal: int, _frame: FrameType | None) -> None:
        raise _RingError

    handler = signal.signal(signal.SIGALRM, ring)
    timer = signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    except _RingError:
        raise DeadlineError from None
    finally:
        signal.setitimer(signal.ITIMER_REAL, *timer)
        signal.signal(signal.SIGALRM, handler)
