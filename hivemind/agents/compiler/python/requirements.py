"""From an install command and manifests to what pip is asked for."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from hivemind.agents.compiler.python import projects
from hivemind.agents.compiler.sources import Sources
from hivemind.blueprint.model import Service
from hivemind.errors import Stage, StageError

_PIP = re.compile(r"^(?:python[\d.]*\s+-m\s+pip|pip[\d.]*|uv\s+pip)\s+install\s+(.*)$")
_PROJECT = re.compile(r"^(?:uv\s+sync|poetry\s+install|pdm\s+(?:install|sync)|pipenv\s+(?:install|sync))\b(.*)$")
_DEEPEST = 10


@dataclass
class Asked:
    """What to install.

    lines: requirement lines, local paths left out. constraints: lines that pin them. locals: folders
    of local projects, relative to the service, to install without dependencies. whole: local projects (with
    `[extras]`) whose dependencies are known only to their build. options: pip's own. commands: install
    commands that are not pip's, run as they are.
    """

    lines: list[str] = field(default_factory=list)
    constraints: list[str] = field(default_factory=list)
    locals: list[str] = field(default_factory=list)
    whole: list[str] = field(default_factory=list)
    options: list[str] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)


def plan(service: Service, sources: Sources) -> Asked:
    """What a service's install command asks for; without one, what its manifests do.

    Raises StageError(BUILD) for a requirements file that is not there.
    """
    asked = Asked()
    reader = _Reader(service, sources, asked)
    command = service.install or _default(sources)
    for part in re.split(r"\s*(?:&&|;)\s*", command.strip()) if command else ():
        if match := _PIP.match(part):
            reader.arguments(shlex.split(match[1]))
        elif match := _PROJECT.match(part):
            projects.managed(sources, asked, shlex.split(match[1]))
        elif part:
            asked.commands.append(part)
    return asked


def _default(sources: Sources) -> str | None:
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
        """Arguments of `pip install`."""
        rest = iter(words)
        for word in rest:
            name, equals, value = word.partition("=")
            if name in {"-r", "--requirement"}:
                self._file(value if equals else next(rest, ""), 0)
            elif name in {"-c", "--constraint"}:
                self._constraints(value if equals else next(rest, ""))
            elif name in {"-e", "--editable"}:
                self._requirement(value if equals else next(rest, ""))
            elif name in {
                "-i",
                "--index-url",
                "--extra-index-url",
                "-f",
                "--find-links",
                "--no-binary",
                "--only-binary",
                "--trusted-host",
            }:
                self.asked.options += [name, value if equals else next(rest, "")]
            elif word in {"--pre", "--require-hashes", "--no-deps", "--prefer-binary", "--no-index"}:
                self.asked.options.append(word)
            elif not word.startswith("-"):
                self._requirement(word)

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
                hint="is it ignored by .gitignore or .hivemindignore, or outside of the service's `path`?",
            )
        joined = re.sub(r"\\\r?\n", " ", text)
        for raw in joined.splitlines():
            line = re.sub(r"(^|\s+)#.*$", "", raw).strip()
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
