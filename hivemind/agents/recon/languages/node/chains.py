"""Start scripts that first build, `npm run build && node dist/main.js`: what is a build's, and what starts."""

from __future__ import annotations

import posixpath
import re
import shlex
from dataclasses import dataclass, replace

from hivemind.agents.recon.folder import Folder
from hivemind.agents.recon.languages.node import package as packages
from hivemind.agents.recon.languages.node import scripts
from hivemind.agents.recon.languages.node.package import FILE, Package

_MANAGERS = frozenset({"npm", "yarn", "pnpm", "bun"})
_FOLDERS = frozenset({"-w", "--workspace", "--prefix", "-C", "--dir", "--cwd", "--filter", "-F"})
"""Options of package managers that name the package a script is meant of."""
_SETTING = r"(?:(?:(?:npx\s+)?cross-env\s+|env\s+)?(?:\w+=\S*\s+)+)?"
_COMPILES = re.compile(
    rf"^{_SETTING}(?:npx\s+|bunx\s+|(?:yarn|pnpm)\s+(?:exec\s+)?)?"
    r"(?:(?:tsc|tsup|webpack|rollup|esbuild|babel|swc|sass)\b(?!.*\s(?:-w|--watch|serve|server)\b)|prisma\s+generate\b)"
)
_BUILDS = re.compile(r"(?<![\w./:-])(?:[\w-]+:)?build(?:[:-][\w:-]+)?(?![\w./])")
_NO_BUILD = re.compile(rf"^{_SETTING}(?:cd|serve|docker|node\s+build$)\b|--watch\b")
_TIDIES = re.compile(
    r"^(?:npx\s+)?(?:rm|rimraf|mkdir|cp|cpx|copyfiles|del-cli|shx)\s|^(?:npm|yarn|pnpm)\s+(?:run\s+)?clean$"
)
_INSTALLS = re.compile(r"^(?:npm\s+(?:ci|install|i)|(?:yarn|pnpm|bun)(?:\s+(?:install|i))?)(?:\s+-\S+)*$")


@dataclass(frozen=True)
class Chain:
    """builds: commands of a script that only build, in its order. command: what starts. folder: that of the package
    which it starts, relative to the one whose script it is; `.` for itself."""

    builds: tuple[str, ...]
    command: str
    folder: str = "."


@dataclass(frozen=True)
class _Call:
    """place: folder of the package. script: its text."""

    place: str
    package: Package
    script: str


def read(folder: Folder, package: Package, name: str) -> Chain | None:
    """What a script comes down to, with scripts that it calls, in other packages of the repository too, in their
    place; None where there is no such script."""
    text = scripts.command(package, name)
    return _read(folder, package, text, 0) if text else None


def parted(text: str) -> Chain:
    """A command without the builds that it begins with; where it leaves its folder they must come back."""
    steps = re.split(r"(?<!\s)\s*&&\s*", text.strip())
    if any(step.count(quote) % 2 for step in steps for quote in "'\""):
        return Chain((), text)
    place, built, end, taken = ".", False, 0, list[str]()
    kept: tuple[str, ...] = ()
    for number, step in enumerate(steps[:-1], 1):
        if moved := re.fullmatch(r"cd\s+([\w./-]+)", step):
            place = posixpath.normpath(posixpath.join(place, moved[1]))
        elif _is_build(step):
            built = True
        elif not _TIDIES.match(step) and not _INSTALLS.match(step):
            break
        if place != "." or not _INSTALLS.match(step):
            taken.append(step)
        if built and place == ".":
            end, kept = number, tuple(taken)
    return Chain(kept, " && ".join(steps[end:])) if end else Chain((), text)


def _is_build(step: str) -> bool:
    return bool(_COMPILES.match(step)) or bool(_BUILDS.search(step) and not _NO_BUILD.search(step))


def _read(folder: Folder, package: Package, text: str, depth: int) -> Chain:
    chain = parted(text)
    if depth > 4:
        return chain
    if call := _elsewhere(folder, chain.command):
        return _of_other(folder, chain, call, depth)
    if chain.builds and (called := scripts.called(package, chain.command)):
        rest = _read(folder, package, called, depth + 1)
        return replace(rest, builds=(*chain.builds, *rest.builds))
    steps = chain.command.split(" && ")
    if len(steps) > 1:
        chain = replace(chain, command=" && ".join(scripts.called(package, step) or step for step in steps))
    return chain


def _of_other(folder: Folder, chain: Chain, call: _Call, depth: int) -> Chain:
    """The script of another package, as a command of this one's folder."""
    place = call.place
    inner = _read(Folder.of(folder.repository, folder.in_repository(place)), call.package, call.script, depth + 1)
    builds = tuple(f"(cd {place} && {step})" for step in inner.builds)
    start = f"cd {place} && {inner.command}"
    if inner.folder != "." and inner.command.startswith("cd "):
        start = f"cd {place}/{inner.command.removeprefix('cd ')}"
    return Chain((*chain.builds, *builds), start, posixpath.normpath(posixpath.join(place, inner.folder)))


def place_of(folder: Folder, command: str) -> str | None:
    """The folder of another package whose script a command runs, also where that is left to the manager."""
    call = _called(folder, command)
    return call.place if call else None


def same(folder: Folder, one: str, other: str) -> bool:
    """Whether two commands run the same script of another package: `yarn --cwd app build`, `(cd app && yarn build)`."""
    first, second = (_called(folder, command.removeprefix("(").removesuffix(")")) for command in (one, other))
    return first is not None and second is not None and (first.place, first.script) == (second.place, second.script)


def package_of(folder: Folder, command: str) -> str:
    """The folder of the package whose program a command starts by its path, `node packages/api/dist/main.js`."""
    program = re.search(r"(?:^|&&\s*)(?:\w+=\S+\s+)*node\s+(?:-\S+\s+)*([\w./-]+)$", command)
    parts = program[1].removeprefix("./").split("/")[:-1] if program else []
    places = ("/".join(parts[:depth]) for depth in range(len(parts), 0, -1))
    return next((place for place in places if folder.has(f"{place}/{FILE}")), ".")


def _elsewhere(folder: Folder, command: str) -> _Call | None:
    """The script of another package that a command runs; None for one that runs TypeScript as it is, which finds its
    tools where the manager looks for them."""
    call = _called(folder, command)
    return None if call is None or scripts.DEVELOPMENT.search(call.script) else call


def _called(folder: Folder, command: str) -> _Call | None:
    inside = re.fullmatch(r"cd\s+([\w./-]+)\s*&&\s*([^&|;]+)", command)
    try:
        words = shlex.split(inside[2] if inside else command)
    except ValueError:
        return None
    if not words or words[0] not in _MANAGERS:
        return None
    named, rest = _target(words[1:])
    wanted = inside[1] if inside and named is None else named
    if wanted is None or len(rest) != 1:
        return None
    place = _place(folder, wanted)
    package = packages.read(Folder.of(folder.repository, folder.in_repository(place))) if place else None
    text = scripts.command(package, rest[0]) if package else None
    if place is None or package is None or text is None or scripts.develops(text, rest[0]):
        return None
    return _Call(place, package, text)


def _target(words: list[str]) -> tuple[str | None, list[str]]:
    """The package that the words of a manager's command name, and the rest of them without `run`."""
    named, rest, words = None, list[str](), list(words)
    while words:
        word = words.pop(0)
        option, equals, value = word.partition("=")
        if option in _FOLDERS or (word == "workspace" and not rest):
            named = value if equals else (words.pop(0) if words else None)
        elif not word.startswith("-") and word not in {"run", "run-script"}:
            rest.append(word)
    return named, rest


def _place(folder: Folder, wanted: str) -> str | None:
    """The folder of a package by its path or its name."""
    path = posixpath.normpath(wanted)
    if path != "." and folder.has(f"{path}/{FILE}"):
        return path
    for file in folder.files:
        place, _, name = file.rpartition("/")
        if name == FILE and place and place.count("/") < 3 and folder.json(file).get("name") == wanted:
            return place
    return None
