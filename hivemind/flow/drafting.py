"""Drafts the blueprint of a folder that has none, and writes it: the whole of `hivemind init`."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Protocol

from hivemind.blueprint.data_rules import SQLITE
from hivemind.blueprint.resolve import PROVIDED
from hivemind.descriptions import Wish, Wishes
from hivemind.detections.services import applications
from hivemind.drafts import ignoring, naming
from hivemind.drafts.doubtful import of_draft
from hivemind.drafts.draft import draft, types_needed
from hivemind.drafts.found import services_of
from hivemind.drafts.text import applications_beside, left_out, text
from hivemind.flow.detecting import detector
from hivemind.flow.schemas import schema_of, write_ignored_schema
from hivemind.repositories.data_beside import Beside, beside, kept_out_of_git
from hivemind.values.defaults import BLUEPRINT_FILE, IGNORE_FILE
from hivemind.values.errors import HiveMindError, Refused
from hivemind.values.exits import ExitCode

if TYPE_CHECKING:
    from hivemind.detections.answer import Answer
    from hivemind.drafts.draft import Draft
    from hivemind.drafts.ignoring import Ignorable
    from hivemind.plugins.loading import Plugins
    from hivemind.repositories.repository import Repository

_MOST_PLACES = 4
"""Places for data that a service's first file names."""
_OF_BUILDS = frozenset({"bin", "build", "dist", "lib", "node_modules", "out", "output", "public", "static", "target"})
"""Folders that builds make: what lasts would hide what the next build puts there."""
_DATABASES = frozenset({"postgres", "mysql", "mariadb"})


class Questions(Protocol):
    """Asks a person what a folder does not say with certainty."""

    def name(self, default: str) -> str:
        """What the application is called."""

    def deploys(self, service: str, folder: str, found: Answer) -> bool:
        """Whether one of several services is deployed."""

    def needs(self, kind: str, evidence: str) -> bool:
        """Whether the application needs a database or cache that it mentions."""


@dataclass(frozen=True)
class Initial:
    """A blueprint that could be written.

    text: of hivemind.yaml. ignorable: for .hivemindignore. left_out: processes that the repository has beside its
    services, each with the line that would run it. doubts: what contradicts itself in the code, with what to write.
    """

    draft: Draft
    text: str
    ignorable: tuple[Ignorable, ...]
    left_out: tuple[tuple[str, str], ...]
    doubts: tuple[str, ...]


def initial(
    folder: Path,
    plugins: Plugins,
    say: Callable[[str], None],
    name: str | None = None,
    *,
    questions: Questions | None = None,
    wishes: Wishes | None = None,
    environment: str | None = None,
    stage: str | None = None,
) -> Initial:
    """What the repository in a folder needs to be written down.

    say: told a line of each plugin that fails. name: of the application; None: after the folder. questions: None
    where nobody is asked what is not certain. Raises HiveMindError where nothing serves, or the name can't be one.
    """
    default = naming.application(folder.resolve().name)
    name = naming.checked(name or (questions.name(default) if questions else default))
    repository, detect = detector(folder, plugins, say)
    named = naming.services(services_of(repository, detect))
    wishes = wishes or Wishes()
    if questions is not None:
        named = _chosen(named, questions)
        wishes = _with_answers(named, wishes, questions)
    parts = plugins.collect("hivemind_schema")
    types = {type_name for part in parts for type_name in part.result.resource_types}
    made = draft(name, named, wishes, resource_types=types, environment=environment, stage=stage)
    taken = {folder for folder, _ in named.values()}
    if taken == {"."}:
        others = {folder: seen for folder, seen in applications(repository, detect).items() if folder not in taken}
        made.beside = applications_beside(named, others)
    _keep(made, repository)
    return Initial(
        made,
        text(made),
        ignoring.ignorable(repository),
        (*(each for part in made.services.values() for each in left_out(part)), *made.beside),
        tuple(str(doubt) for doubt in of_draft(made)),
    )


def _keep(made: Draft, repository: Repository) -> None:
    """What a service of one instance keeps beside its code lasts over releases, until a person says otherwise."""
    for part in made.services.values():
        if not part.runs_code or part.keys.get("instances", 1) > 1:
            continue
        said = [Beside(str(each.value), each.file, each.line or 1) for each in part.seen.several["data"]]
        ignored = kept_out_of_git(repository, part.folder)
        apart_from = [each for each in ignored if all(not _lie_in_each_other(each.name, one.name) for one in said)]
        chosen: list[Beside] = [*said, *apart_from][:_MOST_PLACES]
        for each in beside(repository, part.folder, with_database=bool(_DATABASES.intersection(types_needed(part)))):
            place = replace(each, name=_whole(repository, part.folder, each.name))
            apart = all(not _lie_in_each_other(place.name, other.name) for other in chosen)
            if apart and not _holds_code(repository, part.folder, place) and len(chosen) < _MOST_PLACES:
                chosen.append(place)
        if chosen:
            part.keys["data"] = [place.name for place in chosen]
            where = ", ".join(f"{place.file}:{place.line}" for place in chosen)
            part.reasons["data"] = f"every release keeps it, on one instance ({where})"


def _whole(repository: Repository, folder: str, name: str) -> str:
    """The folder of a SQLite file, if it is none of the repository's: the application keeps all that is there."""
    above = [str(each) for each in reversed(PurePosixPath(name).parents)][1:] if name.endswith(SQLITE) else []
    files = [file for file in repository.under(folder) if not file.rpartition("/")[2].startswith(".")]
    own = (each for each in above if PurePosixPath(each).name not in _OF_BUILDS)
    return next((each for each in own if not any(file.startswith(f"{each}/") for file in files)), name)


def _lie_in_each_other(one: str, other: str) -> bool:
    return PurePosixPath(one).is_relative_to(other) or PurePosixPath(other).is_relative_to(one)


def _holds_code(repository: Repository, folder: str, place: Beside) -> bool:
    """Whether the repository itself has something at a place for uploads: of what lasts, only the first release's
    counts, and what comes with the code must not."""
    return any(
        file.startswith(f"{place.name}/") and not file.rpartition("/")[2].startswith(".")
        for file in repository.under(folder)
    )


def write(folder: Path, plugins: Plugins, drafted: Initial) -> Path:
    """Writes hivemind.yaml, .hivemindignore where there is something for it, and the schema; returns the latter's path.

    Raises Refused where a link stands in the place of one of them: it may lead anywhere.
    """
    try:
        schema = write_ignored_schema(folder, schema_of(plugins))
        if drafted.ignorable:
            with (folder / IGNORE_FILE).open("x", encoding="utf-8") as file:
                file.write(ignoring.text(drafted.ignorable))
        with (folder / BLUEPRINT_FILE).open("x", encoding="utf-8") as file:
            file.write(drafted.text)
    except OSError as error:
        raise HiveMindError(f"cannot write {error.filename}: {error.strerror}", exit_code=ExitCode.REFUSED) from None
    return schema


def written_before(folder: Path) -> str | None:
    """The text of the blueprint that is there already. Raises Refused for one that can't be compared with."""
    target = folder / BLUEPRINT_FILE
    if target.is_symlink() or (target.exists() and not target.is_file()):
        raise Refused(f"{target} already exists and is not a plain file", hint="`hivemind show` prints its values.")
    if not target.exists():
        return None
    try:
        return target.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise Refused(f"cannot read the existing {target}: {error.strerror}") from None


def named_in(blueprint: str | None) -> str | None:
    """The application's name in a blueprint's text: a person chose it."""
    found = re.search(r"^name:\s*([a-z][a-z0-9-]*[a-z0-9]|[a-z])\s*(?:#.*)?$", blueprint or "", re.MULTILINE)
    return found[1] if found and len(found[1]) <= naming.LONGEST else None


def _chosen(named: dict[str, tuple[str, Answer]], questions: Questions) -> dict[str, tuple[str, Answer]]:
    """The services that a person wants, where there are several."""
    if len(named) < 2:
        return named
    kept = {name: each for name, each in named.items() if questions.deploys(name, *each)}
    if not kept:
        raise Refused("No service chosen. Nothing was written.")
    return kept


def _with_answers(named: dict[str, tuple[str, Answer]], wishes: Wishes, questions: Questions) -> Wishes:
    """Asks about databases and caches that have something for them, and not enough."""
    unsure = {
        str(need.value): need.evidence
        for _, seen in named.values()
        for need in seen.unlikely
        if str(need.value) in PROVIDED and not wishes.values("need")
    }
    wanted = [
        Wish("need", kind, "a database or cache, as answered to init")
        for kind, evidence in unsure.items()
        if questions.needs(kind, evidence)
    ]
    return replace(wishes, understood=(*wishes.understood, *wanted))
