"""From an install command and manifests to what pip is asked for."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath

from hivemind.agents.compiler.python import pip_options, projects
from hivemind.agents.compiler.python.asked import Asked
from hivemind.agents.compiler.python.locks import LockError
from hivemind.blueprint.model import Service
from hivemind.builds.sources import Sources
from hivemind.text.file_formats import table
from hivemind.values.errors import Stage, StageError

_PIP = re.compile(r"^(?:python[\d.]*\s+-m\s+pip|pip[\d.]*|uv\s+pip)\s+install\s+(.*)$")
_PROJECT = re.compile(
    r"^(?:python[\d.]*\s+-m\s+)?(?:(uv)\s+sync|(poetry)\s+(?:install|sync)|(pdm)\s+(?:install|sync)|"
    r"(pipenv)\s+(?:install|sync))\b(.*)$"
)
_LOCKED = {
    "uv.lock": "uv sync",
    "poetry.lock": "poetry install",
    "pdm.lock": "pdm sync",
    "Pipfile.lock": "pipenv sync",
}
_DEEPEST = 10
_NOT_DROPPED = (
    "HiveMind does not guess which words are values of options: they would become packages to install. "
    "Remove the option, or write it into a requirements file."
)
_WITH_PKG_RESOURCES = "setuptools<81"
"""Where a dependency asks for any setuptools, it is an old one that means pkg_resources, which setuptools 82 dropped
(deprecated since 2023; pinned applications with gunicorn before 20.1 are the usual case)."""


def plan(service: Service, sources: Sources, target: Mapping[str, str]) -> Asked:
    """What a service's install command asks for; without one, what its manifests do.

    target: marker variables of the interpreter that it is for. Raises StageError(BUILD) for a requirements file that
    is not there, and for a lock file that can't be read or contradicts its manifest.
    """
    asked = Asked()
    reader = _Reader(service, sources, asked)
    for part in parts(service, sources):
        if match := _PIP.match(part):
            reader.arguments(shlex.split(match[1]))
        elif (wanted := project_command(part)) is not None:
            try:
                projects.managed(sources, asked, wanted, target)
            except LockError as error:
                raise StageError(Stage.BUILD, f"{service.name}: {error}", subject=service.name) from error
        elif part:
            asked.commands.append(part)
    if asked.contradictions:
        raise StageError(
            Stage.BUILD,
            f"{service.name}: {asked.contradictions[0]}",
            subject=service.name,
            lines=asked.contradictions,
            hint="Update the lock file with its tool: `uv lock`, `poetry lock`, `pdm lock` or `pipenv lock`.",
        )
    if _resolves_freely(asked):
        asked.constraints.append(_WITH_PKG_RESOURCES)
    return asked


def _resolves_freely(asked: Asked) -> bool:
    """Whether pip chooses versions, and nobody has said which setuptools."""
    hashed = "--require-hashes" in asked.options or any("--hash" in line for line in asked.lines)
    named = any(re.match(r"setuptools\b", line, re.IGNORECASE) for line in (*asked.lines, *asked.constraints))
    return bool(asked.lines) and not asked.pinned and not hashed and not named


def parts(service: Service, sources: Sources) -> list[str]:
    """The commands that install what a service depends on."""
    command = service.install or _default(sources)
    if (
        sources.workspace
        and sources.workspace.lock
        and re.fullmatch(r"(?:python -m )?pip install (?:-e )?\.", command or "")
    ):
        command = "uv sync"  # what the workspace's lock holds
    return re.split(r"(?<!\s)\s*(?:&&|;)\s*", command.strip()) if command else []


def project_command(part: str) -> projects.Wanted | None:
    """What `uv sync`, `poetry install`, `pdm sync` or `pipenv install` ask for; None for another command."""
    match = _PROJECT.match(part)
    if match is None:
        return None
    tool = next(filter(None, match.groups()[:4]))
    return projects.wanted_by(shlex.split(match[5]), tool)


def _default(sources: Sources) -> str | None:
    if sources.workspace and sources.workspace.lock:
        return "uv sync"
    for lock, command in _LOCKED.items():
        if lock in sources.files:
            return command
    if "requirements.txt" in sources.files:
        return "pip install -r requirements.txt"
    if "pyproject.toml" in sources.files:
        return "uv sync"
    if "Pipfile" in sources.files:
        return "pipenv install"
    return "pip install ." if "setup.py" in sources.files else None


class _Reader:
    def __init__(self, service: Service, sources: Sources, asked: Asked) -> None:
        self.service = service
        self.sources = sources
        self.asked = asked

    def arguments(self, words: list[str]) -> None:
        """Arguments of `pip install`. Raises StageError for an option that is not known."""
        try:
            for word in pip_options.read(words):
                self._argument(word.option, word.value)
        except pip_options.UnknownOption as error:
            raise self._refused(f"{error} (pip install {error.option})", _NOT_DROPPED) from None

    def _argument(self, option: str, value: str) -> None:
        if option in pip_options.FILE:
            self._file(value, 0)
        elif option in pip_options.CONSTRAINTS:
            self._constraints(value)
        elif option == pip_options.GROUP:
            self._group(value)
        elif option in pip_options.PASSED:
            self.asked.options += [option, value]
        elif option in pip_options.PASSED_FLAGS:
            self.asked.options.append(option)
        else:
            self._requirement(value)

    def _group(self, named: str) -> None:
        """A dependency group (PEP 735), `group` or `path/pyproject.toml:group`."""
        path, _, name = named.rpartition(":")
        file = PurePosixPath(path or "pyproject.toml").as_posix()
        groups = table(projects.toml(self.sources, file), "dependency-groups")
        if name not in groups:
            raise self._refused(
                f"{file} has no dependency group {name}",
                f"Groups: {', '.join(groups)}" if groups else "Add it under [dependency-groups].",
            )
        for line in projects.group(groups, name):
            self._requirement(line)

    def _refused(self, message: str, hint: str) -> StageError:
        name = self.service.name
        return StageError(Stage.BUILD, f"{name}: {message}", subject=name, path=f"services.{name}.install", hint=hint)

    def _file(self, name: str, depth: int) -> None:
        for line in self._lines(name, depth):
            if match := re.match(r"(?:-r|--requirement)[= ]?\s*(\S+)$", line):
                self._file(_beside(name, match[1]), depth + 1)
            elif match := re.match(r"(?:-c|--constraint)[= ]?\s*(\S+)$", line):
                self._constraints(_beside(name, match[1]))
            elif match := re.match(r"(?:-e|--editable)[= ]?\s*(.+)$", line):
                self._requirement(match[1])
            elif line.startswith("-"):
                self.asked.options += shlex.split(line)
            else:
                self._requirement(line)

    def _constraints(self, name: str) -> None:
        self.asked.constraints += self._lines(name, 0)

    def _requirement(self, text: str) -> None:
        path, _, _ = text.partition("[")
        if re.match(r"^(\.{1,2}(/|$)|file:\.)", path):
            projects.local(self.sources, self.asked, text)
        elif text:
            self.asked.lines.append(text)

    def _lines(self, name: str, depth: int) -> Iterator[str]:
        if name.startswith(("http://", "https://")):
            self.asked.options += ["-r", name]
            return
        text = self.sources.text(PurePosixPath(name).as_posix())
        if text is None or depth > _DEEPEST:
            raise StageError(
                Stage.BUILD,
                f"{self.service.name}: {name} is not among the packed files",
                subject=self.service.name,
                path=f"services.{self.service.name}.install",
                hint="Does .gitignore or .hivemindignore ignore it, or is it outside of the service's `path`?",
            )
        joined = re.sub(r"\\\r?\n", " ", text)
        for raw in joined.splitlines():
            line = re.sub(r"(^|(?<!\s)\s+)#.*$", "", raw).strip()
            if line:
                yield line


def _beside(file: str, other: str) -> str:
    parts = list(PurePosixPath(file).parent.parts)
    for part in PurePosixPath(other).parts:
        if part == ".." and parts:
            parts.pop()
        else:
            parts.append(part)
    return "/".join(parts)
