"""What a repository is looked at for, before a draft: its services, or the sentence that says why there are none."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from hivemind.detections.answer import Answer, answer
from hivemind.detections.services import services
from hivemind.drafts.doubtful import Doubt, doubts
from hivemind.values.defaults import BLUEPRINT_FILE
from hivemind.values.errors import HiveMindError
from hivemind.values.exits import ExitCode

if TYPE_CHECKING:
    from hivemind.detections.detection import Detection
    from hivemind.repositories.repository import Repository

_WHAT = {"library": "a library", "cli": "a command-line tool", "script": "a program without a server"}
_COULD = {
    "library": "You can deploy an example or a documentation site in it: `hivemind init FOLDER`.",
    "cli": f"If it has a server mode, write {BLUEPRINT_FILE} with `services.web.start` and `services.web.port`.",
    "script": f"If it runs all the time, write {BLUEPRINT_FILE} with "
    "`services: {worker: {kind: worker, start: COMMAND}}`.",
}


def services_of(repository: Repository, detect: Callable[[str], Sequence[Detection]]) -> dict[str, Answer]:
    """Folder -> what serves there.

    Raises HiveMindError where nothing does: with what was seen instead, and what can be done about it.
    """
    if not repository.files:
        raise HiveMindError(
            f"{repository.root} is empty: nothing to deploy",
            hint="HiveMind ignores files that .gitignore names.",
            exit_code=ExitCode.NOT_FOUND,
        )
    found = services(repository, detect)
    if found:
        return found
    root = answer(detect("."))
    kind = str(root.value("kind"))
    if kind in _WHAT:
        raise HiveMindError(
            f"this looks like {_WHAT[kind]} in {root.value('language')} "
            f"({root.one['kind'].evidence}): nothing to serve",
            hint=_COULD[kind],
            exit_code=ExitCode.NOT_FOUND,
        )
    if root.value("language") is None:
        doubt = next(doubts(root), None)
        said = nothing(repository, root)
        raise HiveMindError(
            f"no application recognized in {repository.root}: {doubt.sentence if doubt else said.sentence}",
            hint=f"Write {BLUEPRINT_FILE}: `{_whole(root)}`.",
            exit_code=ExitCode.NOT_FOUND,
        )
    return {".": root}


def nothing(repository: Repository, root: Answer) -> Doubt:
    """What is there where nothing was recognised that runs. root: what was told about the repository's own folder."""
    if language := root.value("language"):
        seen = f"{root.one['language'].evidence}: this is {language}, but nothing says how it starts"
        return Doubt(seen, f"Write {BLUEPRINT_FILE}: `{_whole(root)}`.")
    only = [file for file in repository.files if not file.lower().startswith(("readme", "license", "licence", ".git"))]
    readme = next((file for file in repository.files if file.lower().startswith("readme")), None)
    if only:
        seen = f"{only[0]}:1: none of the {len(only)} files says how to run anything" if len(only) > 1 else (
            f"{only[0]}:1: the only file does not say how to run anything"
        )  # fmt: skip
    else:
        seen = f"{readme}:1: the repository only has a README" if readme else "the repository has no files"
    return Doubt(seen, f"Write {BLUEPRINT_FILE}: `{_whole(root)}`.")


def _whole(root: Answer) -> str:
    """The least that a blueprint must say of an application that was not recognised."""
    runtime, port = root.value("language") or "python", root.value("port") or "NUMBER"
    return f"services: {{web: {{runtime: {runtime}, start: COMMAND, port: {port}}}}}"
