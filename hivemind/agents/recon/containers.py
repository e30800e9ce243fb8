"""The image that a Dockerfile makes: what its last stage says, and where in the repository its files come from."""

from __future__ import annotations

import io
import json
import posixpath
import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase

from hivemind.agents.recon import heredocs

_VARIABLE = re.compile(r"\$\{(\w+)(?::?[-+]([^}$]*))?\}|\$(\w+)")
_DEVELOPMENT = re.compile(r"dev|test|debug|lint|ci\b|e2e|local", re.IGNORECASE)
_DEEPEST = 6
_MOST_STAGES = 60
_ASIDE = frozenset({22, 443, 5005, 5678, 9229, 35729})
"""Ports of debuggers, live reload and the like, which images expose beside their own."""


@dataclass(frozen=True)
class Instruction:
    """The text of an instruction. line: 1-based."""

    text: str
    line: int


@dataclass(frozen=True)
class _Copy:
    """folder: whether the target is said to be a folder."""

    sources: tuple[str, ...]
    target: str
    stage: str | None
    folder: bool


@dataclass(frozen=True)
class ImageStage:
    """said: the last one of each instruction, those of the stage it builds on included. env: ARG and ENV.
    kept: ENV alone, which is there when a container runs ("Dockerfile reference", ENV). exposed: ports in order, with
    their lines. written: text of files that it writes itself, by their path in it, with the line that their text
    follows."""

    name: str
    image: str
    said: Mapping[str, Instruction] = field(default_factory=dict)
    env: Mapping[str, str] = field(default_factory=dict)
    kept: Mapping[str, str] = field(default_factory=dict)
    workdir: str = "/"
    exposed: tuple[tuple[int, int], ...] = ()
    copies: tuple[_Copy, ...] = ()
    written: Mapping[str, Instruction] = field(default_factory=dict)

    @property
    def port(self) -> tuple[int, int] | None:
        """The port that it exposes, and the line: the one that its environment names, else the first."""
        own = [each for each in self.exposed if each[0] not in _ASIDE] or list(self.exposed)
        named = [each for each in own if str(each[0]) == self.env.get("PORT")]
        return next(iter([*named, *own]), None)

    def command(self) -> tuple[list[str] | str, int] | None:
        """What is run, as words or as a shell's text, and its line: ENTRYPOINT with CMD as its arguments."""
        command, entry = self.said.get("CMD"), self.said.get("ENTRYPOINT")
        if entry is None:
            return (_words(command.text), command.line) if command else None
        first = _words(entry.text)
        rest = _words(command.text) if command else []
        if isinstance(first, str):
            return first, entry.line
        rest = ["/bin/sh", "-c", rest] if isinstance(rest, str) else rest
        return [*first, *rest], entry.line


def read(text: str) -> tuple[ImageStage, ...]:
    """The stages of a Dockerfile in order; none where it is none."""
    from dockerfile_parse import DockerfileParser

    plain, texts = heredocs.taken_out(text)
    try:
        structure = DockerfileParser(fileobj=io.BytesIO(plain.encode()), env_replace=False).structure
    except (ValueError, KeyError, IndexError, AttributeError, RecursionError):
        return ()
    stages: list[ImageStage] = []
    given: dict[str, str] = {}
    for each in structure:
        instruction, said = str(each["instruction"]), Instruction(str(each["value"]), int(each["startline"]) + 1)
        if instruction == "FROM":
            if len(stages) >= _MOST_STAGES:
                break
            stages.append(_from(said, stages, given))
        elif not stages:
            given |= _assigned(said.text) if instruction == "ARG" else {}
        else:
            stages[-1] = _with(stages[-1], instruction, said)
            if said.line in texts:
                path = posixpath.normpath(posixpath.join(stages[-1].workdir, texts[said.line].path))
                stages[-1] = replace(
                    stages[-1], written={**stages[-1].written, path: Instruction(texts[said.line].text, said.line)}
                )
    return tuple(stages)


def shipped(stages: Sequence[ImageStage]) -> ImageStage | None:
    """The stage that is meant for production: the last, unless its name says that it is for developers."""
    named = [stage for stage in stages if not _DEVELOPMENT.search(stage.name)]
    return next(reversed(named or list(stages)), None)


def origin(
    path: str, stage: ImageStage, stages: Sequence[ImageStage], files: frozenset[str], depth: int = 0
) -> str | None:
    """The path in the repository of a path in a stage; None where nothing copied it there.

    Of what was built in an earlier stage: the path that it has below the repository's root there.
    """
    whole = posixpath.normpath(posixpath.join(stage.workdir, path))
    for copy in reversed(stage.copies):
        inside = _relative(whole, copy.target)
        if inside is None:
            continue
        earlier = next((each for each in stages if copy.stage and each.name == copy.stage), None)
        if copy.stage and (earlier is None or depth > _DEEPEST):
            return None
        for source in copy.sources:
            found = _below(source, inside, files, folder=copy.folder)
            if found is None:
                continue
            return origin(found, earlier, stages, files, depth + 1) if earlier else cleaned(found)
    if depth and (inside := _relative(whole, stage.workdir)) and stage.workdir != "/":
        return cleaned(inside)  # what a stage builds in its own folder
    return None


def _from(said: Instruction, stages: Sequence[ImageStage], given: Mapping[str, str]) -> ImageStage:
    words = [word for word in _resolved(said.text, given).split() if not word.startswith("--")]
    image = words[0] if words else ""
    name = words[2] if len(words) > 2 and words[1].lower() == "as" else str(len(stages))
    base = next((each for each in stages if each.name == image), None)
    if base is not None:
        return replace(base, name=name)
    return ImageStage(name, image, {"FROM": said}, dict(given))


def _with(stage: ImageStage, instruction: str, said: Instruction) -> ImageStage:
    stage = replace(stage, said={**stage.said, instruction: said})
    if instruction in {"ENV", "ARG"}:
        values = {name: _resolved(value, stage.env) for name, value in _assigned(said.text).items()}
        lasting = {**stage.kept, **values} if instruction == "ENV" else stage.kept
        return replace(stage, env={**stage.env, **values}, kept=lasting)
    if instruction == "WORKDIR":
        return replace(
            stage, workdir=posixpath.normpath(posixpath.join(stage.workdir, _resolved(said.text, stage.env)))
        )
    if instruction == "ENTRYPOINT":  # it takes the place of an inherited CMD, too
        kept = {name: each for name, each in stage.said.items() if name != "CMD"}
        return replace(stage, said=kept)
    if instruction == "EXPOSE":
        found = re.findall(r"(?:^|[\s=])(\d{2,5})(?:/tcp)?(?=\s|$|-)", _resolved(said.text, stage.env))
        ports = tuple((int(each), said.line) for each in found if int(each) <= 65535)
        return replace(stage, exposed=(*stage.exposed, *ports))
    if instruction in {"COPY", "ADD"} and (copy := _copied(said, stage)):
        return replace(stage, copies=(*stage.copies, copy))
    return stage


def _copied(said: Instruction, stage: ImageStage) -> _Copy | None:
    origin_ = re.search(r"--from=(\S+)", said.text)
    words = _words(re.sub(r"--[\w-]+(?:=\S+)?\s+", "", _resolved(said.text, stage.env)))
    words = words.split() if isinstance(words, str) else words
    if len(words) < 2:
        return None
    target = posixpath.join(stage.workdir, words[-1])
    folder = words[-1].endswith(("/", ".")) or len(words) > 2
    return _Copy(tuple(words[:-1]), posixpath.normpath(target), origin_[1] if origin_ else None, folder)


def _below(source: str, inside: str, files: frozenset[str], *, folder: bool) -> str | None:
    """The path of what a copied source brings to `inside` of the target."""
    plain = source.rstrip("/") or "/"
    if not inside:
        return None if folder and (cleaned(plain) in files or plain not in {".", "/"}) else plain
    name = posixpath.basename(plain)
    if name not in {".", ".."} and (inside == name or fnmatchcase(inside, name)):
        return plain
    return None if cleaned(plain) in files or "*" in name else posixpath.join(plain, inside)


def _relative(path: str, folder: str) -> str | None:
    if path == folder:
        return ""
    prefix = folder.rstrip("/") + "/"
    return path.removeprefix(prefix) if path.startswith(prefix) else None


def cleaned(path: str) -> str | None:
    """A source or target of COPY as a path of the repository; None for one outside of it."""
    clean = posixpath.normpath(path).lstrip("/")
    return None if clean.startswith("..") else clean


def _resolved(text: str, env: Mapping[str, str]) -> str:
    """A text with its variables put in; those that nobody sets stay as they are. At most 4000 characters: a variable
    may hold itself twice."""
    return _VARIABLE.sub(lambda match: env.get(match[1] or match[3], match[2] or match[0])[:200], text[:4000])[:4000]


def _assigned(text: str) -> dict[str, str]:
    pairs = re.findall(r"(?<!\w)(\w{1,100})=(\"[^\"]*\"|'[^']*'|\S*)", text[:8000])
    if not pairs and len(words := text.split(maxsplit=1)) == 2:
        pairs = [(words[0], words[1])]
    return {name: value.strip("\"'") for name, value in pairs}


def _words(text: str) -> list[str] | str:
    """The words of an instruction in its exec form, else its text on one line."""
    if text.startswith("["):
        try:
            words = json.loads(text)
        except (ValueError, RecursionError):
            return text
        if isinstance(words, list) and all(isinstance(word, str) for word in words):
            return [str(word) for word in words]
    return " ".join(text.split())


def joined(words: Sequence[str]) -> str:
    """Words as a command, variables left to the shell."""
    return " ".join(word if re.fullmatch(r"[\w./:=@%+,${}*-]+", word) else shlex.quote(word) for word in words)
