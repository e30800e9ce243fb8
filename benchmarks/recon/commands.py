"""Whether two commands start the same program on the same target."""

from __future__ import annotations

import json
import posixpath
import re
import shlex
from collections.abc import Mapping
from typing import Any

_RUNNERS = {("bundle", "exec"), ("poetry", "run"), ("uv", "run"), ("pipenv", "run"), ("pdm", "run"), ("yarn", "exec"),
            ("pnpm", "exec"), ("bun", "x"), ("npm", "exec"), ("hatch", "run")}  # fmt: skip
_MANAGERS = {"npm", "yarn", "pnpm", "bun"}
_OWN = {"install", "ci", "add", "exec", "dlx", "x", "run"}
_ASSIGNMENT = re.compile(r"^[A-Za-z_]\w*=")
_WRAPPERS = {"exec", "npx", "bunx", "env", "cross-env", "time", "nohup", "command", "sudo", "dotenv", "tini", "--"}
_FOREIGN = re.compile(r"^(\./out$|JAR_FILE=|/layers)")


def comparable(label: str, start_kind: str | None) -> bool:
    """Whether a label says how the application is started, and not how the other platform lays it out."""
    return start_kind != "platform" and not _FOREIGN.match(label.strip())


def inside(label: str, folder: str) -> str:
    """A label that is said from the top of the repository, as it reads in the folder of the case."""
    return re.sub(rf"(?<![\w./-])(?:\./)?{re.escape(folder)}(?:/|(?=\s|$))", "./", label) if folder else label


def same(ours: str, theirs: str, manifests: Mapping[str, str]) -> bool:
    """Same program and target, package scripts and runners taken out of the way, options left aside."""
    scripts = _scripts(manifests)
    mine, other = _essence(ours, scripts, 0), _essence(theirs, scripts, 0)
    return bool(mine) and mine == other


def programs(command: str, manifests: Mapping[str, str]) -> set[str]:
    """The programs that a chain of commands runs."""
    scripts = _scripts(manifests)
    parts = re.split(r"&&|;|\|\|", command)
    return {essence[0] for part in parts if (essence := _essence(part, scripts, 0))}


def _scripts(manifests: Mapping[str, str]) -> dict[str, str]:
    try:
        scripts = json.loads(manifests.get("package.json", "{}")).get("scripts") or {}
    except (ValueError, AttributeError):
        return {}
    return {name: text for name, text in scripts.items() if isinstance(text, str)}


def _essence(command: str, scripts: Mapping[str, str], depth: int) -> tuple[str, ...]:
    """(program, target) of the last command of a chain."""
    last = [part for part in re.split(r"&&|;(?!\s*do)|\|\|", command) if part.strip()]
    words = _words(last[-1]) if last else []
    while words:
        if _ASSIGNMENT.match(words[0]) or words[0] in _WRAPPERS:
            words = words[1:]
        elif tuple(words[:2]) in _RUNNERS:
            words = words[2:]
        elif words[0] in {"sh", "bash", "/bin/sh", "/bin/bash"} and len(words) > 2 and words[1] in {"-c", "-lc"}:
            return _essence(words[2], scripts, depth + 1)
        elif words[0] in _MANAGERS and len(words) > 1 and depth < 8 and (script := _script(words, scripts)):
            return _essence(scripts[script], scripts, depth + 1)
        else:
            break
    return _program(words)


def _script(words: list[str], scripts: Mapping[str, str]) -> str | None:
    rest = [word for word in words[1:] if not word.startswith("-")]
    if rest and rest[0] in _OWN and rest[0] != "run":
        return None
    name = rest[1] if rest[:1] == ["run"] and len(rest) > 1 else rest[0] if rest else None
    return name if name in scripts else None


def _words(command: str) -> list[str]:
    clean = re.sub(r"\d?>&?\S*", " ", command)
    clean = re.sub(r"\$\((?:[^()]|\([^()]*\))*\)", lambda match: _listed(match[0]), clean)
    try:
        return shlex.split(clean)
    except ValueError:
        return clean.split()


def _listed(substitution: str) -> str:
    """`$(ls -1 build/libs/*jar | grep -v plain)` -> `build/libs/*jar`."""
    match = re.search(r"[\w./-]*\*[\w.*-]*jar", substitution)
    return match[0] if match else "$()"


def _program(words: list[str]) -> tuple[str, ...]:
    if not words:
        return ()
    program = re.sub(r"^(python|pip)[\d.]*$", r"\1", posixpath.basename(words[0]).removesuffix(".exe"))
    rest = [word for word in words[1:] if word]
    if program == "python" and rest[:1] == ["-m"] and len(rest) > 1:
        return _program(rest[1:])
    if program == "java":
        return _java(rest)
    if program in {"bash", "sh"}:
        program = "sh"
        if not rest:
            return (program,)
    if program == "dotnet" and rest and rest[0].endswith(".dll"):
        return (posixpath.basename(rest[0]).removesuffix(".dll"),)  # the program beside it is the same one
    target = _target(program, rest)
    if ("/" in words[0] and program.endswith(".sh")) or words[0].endswith(".sh"):
        return ("sh", program)
    return (program, target) if target else (program,)


def _target(program: str, rest: list[str]) -> str:
    application = [word for word in rest if re.fullmatch(r"[\w./-]+:[\w.]+(\(.*\))?", word) and not word[0].isdigit()]
    if program in {"gunicorn", "uvicorn", "hypercorn", "daphne", "granian"}:
        dotted = [
            word for word in rest if re.fullmatch(r"[A-Za-z_]\w*(\.\w+)+", word) and not word.endswith((".py", ".ini"))
        ]
        names = application or dotted
        return names[-1].split(":")[0] if names else ""
    plain = [word for word in _without_values(program, rest) if not word.startswith("-")]
    if not plain:
        return ""
    target = re.sub(r"\.(js|mjs|cjs|ts)$", "", plain[0].removeprefix("./").removeprefix("/app/"))
    if program == "node" and target in {"", "."}:
        return "index"
    return posixpath.basename(target) if program in {"sh", "uwsgi", "dotnet"} else target.removesuffix("/")


_VALUED = {
    "-b",
    "-p",
    "-o",
    "-e",
    "-c",
    "-C",
    "-w",
    "-k",
    "-A",
    "-S",
    "--port",
    "--host",
    "--config",
    "--require",
    "-r",
}


def _without_values(program: str, rest: list[str]) -> list[str]:
    valued = _VALUED - {"-S"} if program == "php" else _VALUED
    return [word for index, word in enumerate(rest) if not (index and rest[index - 1] in valued)]


def _java(rest: list[str]) -> tuple[str, ...]:
    jars = [word for word in rest if word.endswith("jar") and word != "-jar"]
    if jars:
        return ("java", posixpath.dirname(jars[-1]) or ".")
    plain = [word for word in rest if not word.startswith(("-", "$")) and "/" not in word and ":" not in word]
    return ("java", *plain[:1])


def describe(command: str, manifests: Mapping[str, str]) -> Any:
    """What `same` compares, to show a miss."""
    return _essence(command, _scripts(manifests), 0)
