"""A folder and what all plugins can tell about it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hivemind.detections.detection import Detection
    from hivemind.plugins.loading import Plugins
    from hivemind.repositories.repository import Repository


def detector(
    path: Path, plugins: Plugins, say: Callable[[str], None]
) -> tuple[Repository, Callable[[str], Sequence[Detection]]]:
    """The repository in a folder, and a function that gives all detections of a folder in it, asked once each.

    say: told a line of each plugin that fails. Raises HiveMindError for a folder that can't be read.
    """
    from hivemind.repositories.repository import read
    from hivemind.values.errors import HiveMindError
    from hivemind.values.exits import ExitCode

    try:
        repository = read(path)
    except OSError as error:
        raise HiveMindError(f"cannot read {path}: {error.strerror}", exit_code=ExitCode.NOT_FOUND) from None
    known: dict[str, Sequence[Detection]] = {}

    def detect(folder: str) -> Sequence[Detection]:
        if folder not in known:
            answers, failures = plugins.gather("hivemind_detect", repository=repository, path=folder)
            for failure in failures:
                say(f"warning: {failure.message}")
            known[folder] = tuple(detection for one in answers for detection in one.result)
        return known[folder]

    return repository, detect
