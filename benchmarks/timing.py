"""Running commands in turn and timing them."""

from __future__ import annotations

import os
import statistics
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Runs:
    """Times of one command, in seconds."""

    seconds: list[float] = field(default_factory=list)

    @property
    def least(self) -> float:
        return min(self.seconds)

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)


class CommandFailed(RuntimeError):
    """A measured command ended with an unexpected code."""


def run(
    command: Sequence[str | Path],
    *,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    codes: Sequence[int] = (0,),
) -> tuple[float, str]:
    """Seconds that a command took, and its standard output. Raises CommandFailed for an exit code not in `codes`."""
    start = time.perf_counter()
    done = subprocess.run(
        [str(part) for part in command], env=environment(env), cwd=cwd, capture_output=True, text=True, check=False
    )
    seconds = time.perf_counter() - start
    if done.returncode not in codes:
        shown = " ".join(str(part) for part in command)
        said = (done.stdout + done.stderr).splitlines()
        telling = [line for line in said if "FAILED" in line] or said[-20:]
        raise CommandFailed("\n".join([f"{shown}: exit {done.returncode}", *telling[:20]]))
    return seconds, done.stdout


def interleaved(repeat: int, *calls: Callable[[], float]) -> tuple[Runs, ...]:
    """Makes the calls in turn, `repeat` times each after one that does not count, so that what else the machine does
    meets all alike."""
    runs = tuple(Runs() for _ in calls)
    for number in range(repeat + 1):
        for call, result in zip(calls, runs, strict=True):
            seconds = call()
            if number:
                result.seconds.append(seconds)
    return runs


def environment(more: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment of measured commands: nothing of the user's AWS account, no telemetry, no update checks, and
    Python as it is installed: it may keep what it compiled (`PYTHONDONTWRITEBYTECODE` would have ours compiled anew
    in each run, but not the peers', which pip compiled)."""
    ours = ("AWS_", "HIVEMIND_", "SAM_", "PYTHON")
    env = {name: value for name, value in os.environ.items() if not name.startswith(ours) and name != "CI"}
    env |= {"SAM_CLI_TELEMETRY": "0", "AWS_EC2_METADATA_DISABLED": "true", "NO_COLOR": "1", "AWS_PAGER": ""}
    return env | dict(more or {})
