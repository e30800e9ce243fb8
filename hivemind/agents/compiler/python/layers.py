"""Installed dependencies as layers: made once for an input, laid under as many builds as have it."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from hivemind.agents.compiler.python import relocation, variables
from hivemind.agents.compiler.python.asked import Asked
from hivemind.agents.compiler.python.interpreters import Chosen
from hivemind.agents.compiler.python.pip import installer
from hivemind.builds.clean_environment import clean

if TYPE_CHECKING:
    from hivemind.builds.work import Work

FORMAT = 2


def lay(work: Work, asked: Asked, chosen: Chosen, venv: Path) -> None:
    """Fills `venv` with what was asked for: remote dependencies as a cached layer, local projects on top."""
    (venv / "bin").mkdir(parents=True)
    (venv / "lib" / f"python{chosen.minor}" / "site-packages").mkdir(parents=True)
    remote = asked.lines or asked.whole or asked.pinned or asked.direct
    nothing = not (remote or asked.locals or asked.commands)
    if nothing:
        return
    if remote:
        _merge(_dependencies(work, asked, chosen), venv)
    if asked.locals:
        projects = ["--no-deps", *(f"./{path}" for path in asked.locals)]
        made = _install(work, asked, chosen, projects, "projects")
        # A local project changes with the sources: it must not make a new layer of what it lies among.
        work.own |= {f"venv/{path.relative_to(made).as_posix()}" for path in made.rglob("*") if not path.is_dir()}
        _merge(made, venv)
    for number, command in enumerate(asked.commands):
        target = work.scratch / f"custom{number}"
        work.programs.run(command, cwd=work.app, env=clean(PIP_TARGET=str(target)))
        if target.is_dir():
            _merge(relocation.arranged(target, work.scratch / f"custom{number}-laid", chosen.minor), venv)


def _dependencies(work: Work, asked: Asked, chosen: Chosen) -> Path:
    key = _key(work, asked, chosen)
    if (layer := work.store.layer(key)) is not None:
        work.dependencies_reused = True
        return layer
    # One folder each: pip leaves what is in a target folder already, `bin` included, as it is.
    stages: list[list[str]] = []
    if asked.pinned:
        # Locked packages are installed as they are: what they depend on is in the lock, too.
        stages.append(["--no-deps", "--require-hashes", "-r", _listed(work, "locked.txt", asked.pinned)])
    if asked.direct:
        stages.append(["--no-deps", "-r", _listed(work, "direct.txt", asked.direct)])
    if asked.lines or asked.whole:
        arguments = ["-r", _listed(work, "requirements.txt", asked.lines), *(f"./{path}" for path in asked.whole)]
        constraints = [
            *asked.constraints,
            *(line.split(" ")[0] for line in (*asked.pinned, *asked.direct) if "==" in line),
        ]
        if constraints:
            arguments += ["-c", _listed(work, "constraints.txt", constraints)]
        stages.append(arguments)
    made, *others = [
        _install(work, asked, chosen, arguments, f"dependencies{number}") for number, arguments in enumerate(stages)
    ]
    for other in others:
        _merge(other, made)
    return work.store.keep_layer(key, made)


def _listed(work: Work, name: str, lines: Sequence[str]) -> str:
    file = work.scratch / name
    file.write_text("".join(f"{line}\n" for line in lines))
    return str(file)


def _install(work: Work, asked: Asked, chosen: Chosen, arguments: Sequence[str], name: str) -> Path:
    pip = installer(work.service.name, chosen, work.platform)
    target = work.scratch / name
    arguments = [*_options(work, asked.options), *arguments]
    hint = chosen.notice
    if pip.binary:
        hint = f"This machine can only install wheels for {work.platform.os} and Python {chosen.minor}."
    work.programs.run(
        [*pip.command, "--target", str(target), *arguments],
        cwd=work.base,
        env=clean(**variables.given(work.service.name, (*asked.options, *asked.lines, *asked.constraints))),
        hint=hint,
        shown=f"pip install {' '.join(_shown(arguments, work))}",
    )
    for left in ("build", "*.egg-info"):
        for path in work.app.glob(left):
            if path.relative_to(work.app).as_posix() not in {file.split("/")[0] for file in work.sources.files}:
                shutil.rmtree(path, ignore_errors=True)
    return relocation.arranged(target, work.scratch / f"{name}-laid", chosen.minor)


def _options(work: Work, options: Sequence[str]) -> list[str]:
    """pip's own options. pip fills in variables in files alone; and what it fills in, a password mostly, has no place
    on a command line that others on this machine can read."""
    plain: list[str] = []
    filed: list[str] = []
    for number, word in enumerate(options):
        if variables.named(word) and plain and plain[-1] == options[number - 1]:
            filed.append(f"{plain.pop()} {word}")
        else:
            plain.append(word)
    return ["-r", _listed(work, "options.txt", filed), *plain] if filed else plain


def _shown(arguments: Sequence[str], work: Work) -> list[str]:
    return [argument.removeprefix(f"{work.scratch}/") for argument in arguments]


def _key(work: Work, asked: Asked, chosen: Chosen) -> str:
    """A digest of all that decides the layer; the sources too where only their build knows the dependencies."""
    platform = work.platform
    parts = [
        FORMAT, chosen.minor, platform.os, platform.machine, platform.glibc,
        sorted(asked.lines), sorted(asked.constraints), sorted(asked.pinned), sorted(asked.direct),
        asked.options, asked.whole,
    ]  # fmt: skip
    digest = hashlib.sha256(json.dumps(parts).encode())
    if asked.whole:
        from hivemind.builds.sources import digests

        for line in digests(work.sources.whole.root, work.sources.whole.files):
            digest.update(line.encode())
    return digest.hexdigest()


def _merge(layer: Path, venv: Path) -> None:
    shutil.copytree(layer, venv, symlinks=True, dirs_exist_ok=True)
