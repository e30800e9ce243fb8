"""A folder and what all plugins can tell about it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hivemind.detections.answer import Answer
    from hivemind.detections.detection import Detection
    from hivemind.plugins.loading import Plugins
    from hivemind.repositories.repository import Repository


@dataclass(frozen=True)
class Seen:
    """What a folder is.

    folder, answer: the application that the repository is: its top, or the only one below it. applications: folder ->
    answer, for everything in it that runs or is served. doubts: what contradicts itself in `answer`, each with what
    to write. clashes: sentences about ports that two applications name. nothing: what is there instead, where
    nothing was recognised that runs. truncated: whether files were skipped, for the repository's size.
    """

    folder: str
    answer: Answer
    applications: Mapping[str, Answer]
    doubts: tuple[str, ...]
    clashes: tuple[str, ...]
    nothing: str | None
    truncated: bool


_SERVES_NOTHING = {"library", "cli", "worker", "static"}


def seen(path: Path, plugins: Plugins, say: Callable[[str], None]) -> Seen:
    """What a folder is, by all plugins. Runs nothing of it.

    say: told a line of each plugin that fails. Raises HiveMindError for a folder that can't be read.
    """
    from hivemind.detections.answer import answer
    from hivemind.detections.services import applications, clashes, meant
    from hivemind.drafts.doubtful import doubts
    from hivemind.drafts.found import nothing

    repository, detect = detector(path, plugins, say)
    root = answer(detect("."))
    found = applications(repository, detect)
    folder, root = meant(root, found)
    unknown = not found and root.value("kind") not in _SERVES_NOTHING and not root.several["doubts"]
    return Seen(
        folder,
        root,
        found,
        tuple(str(each) for each in doubts(root)),
        tuple(
            f"{sentence}\n  Each gets its own instance. To change the port, "
            f"set services.{each.rpartition('/')[2]}.port: NUMBER"
            for each, sentence in clashes(found)
        ),
        str(nothing(repository, root)) if unknown else None,
        repository.truncated,
    )


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
