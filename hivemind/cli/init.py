"""`hivemind init`: looks at a repository and writes the few lines that it needs."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hivemind.cli.context import json_option, load_plugins, yes_option
from hivemind.cli.looking import look
from hivemind.cli.table import table
from hivemind.errors import HiveMindError
from hivemind.exits import ExitCode

if TYPE_CHECKING:
    from hivemind.agents.recon.answer import Answer
    from hivemind.plugins import Plugins

FILE = "hivemind.yaml"
IGNORE_FILE = ".hivemindignore"
_SAID = ("runtime_version", "framework", "install", "build", "start", "release", "port", "health_path", "static_dir")
_WHAT = {"library": "a library", "cli": "a command-line tool", "script": "a program without a server"}


@dataclass(frozen=True)
class Written:
    """name: of the application. services: service name -> (folder, what was found). text: of the file."""

    name: str
    services: Mapping[str, tuple[str, Answer]]
    text: str


@click.command(name="init")
@click.argument("path", default=".", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--name", metavar="NAME", help="Name of the application. Default: that of the folder.")
@yes_option
@json_option
def command(path: Path, name: str | None, yes: bool, as_json: bool) -> None:
    """Look at the application in folder PATH and write a hivemind.yaml with what can't be found again anyway."""
    target = path / FILE
    if target.exists() or target.is_symlink():
        raise HiveMindError(
            f"{target} is there already", hint="`hivemind show` prints what it comes to.", exit_code=ExitCode.REFUSED
        )
    plugins = load_plugins(path)
    written = _blueprint(path, plugins, _name(path, name, ask=not yes and not as_json))
    try:
        with target.open("x", encoding="utf-8") as file:
            file.write(written.text)
        schema = _write_schema(path, plugins)
    except OSError as error:
        raise HiveMindError(f"can't write {error.filename}: {error.strerror}", exit_code=ExitCode.REFUSED) from None
    if as_json:
        click.echo(json.dumps(_as_json(written, target, schema), indent=2))
        return
    for service, (folder, found) in written.services.items():
        rows = [
            (f"{service}.{field}", str(found.one[field].value), found.one[field].evidence)
            for field in _SAID
            if field in found.one
        ]
        rows += [(f"{service}.needs", str(need.value), need.evidence) for need in found.several["needs"]]
        click.echo(f"{'this folder' if folder == '.' else folder + '/'}: {_described(found)}")
        click.echo(table(rows))
    click.echo(f"\n{target} written.  Next: hivemind plan | hivemind apply --local")


def _described(found: Answer) -> str:
    framework, language = found.value("framework"), found.value("language")
    return f"{language} with {framework}" if framework and framework != language else str(language or "an application")


def _name(path: Path, given: str | None, *, ask: bool) -> str:
    default = re.sub(r"[^a-z0-9]+", "-", path.resolve().name.lower()).strip("-")
    default = re.sub(r"^[^a-z]+", "", default)[:28].strip("-") or "app"
    name = given or (
        click.prompt("Name of the application", default=default) if ask and sys.stdin.isatty() else default
    )
    if not re.fullmatch(r"[a-z]([a-z0-9-]*[a-z0-9])?", name) or len(name) > 32:
        raise HiveMindError(
            f'"{name}" can\'t be a name', hint="Small letters, digits and -, starting with a letter, at most 32.",
            exit_code=ExitCode.USAGE,
        )  # fmt: skip
    return name


def _blueprint(path: Path, plugins: Plugins, name: str) -> Written:
    from hivemind.agents.recon.answer import answer
    from hivemind.agents.recon.services import services

    repository, detect = look(path, plugins)
    found = services(repository, detect)
    if not found:
        root = answer(detect("."))
        kind = root.value("kind")
        if kind in _WHAT:
            evidence = root.one["kind"].evidence
            raise HiveMindError(
                f"this looks like {_WHAT[str(kind)]} in {root.value('language')} ({evidence}): nothing to serve",
                hint=f"If it does serve, write {FILE} yourself, with services.web.start and services.web.port.",
                exit_code=ExitCode.NOT_FOUND,
            )
        if not root.one:
            raise HiveMindError(
                f"no application was recognised in {path.resolve()}",
                hint=f"Write {FILE} yourself, with services.web.runtime, start and port (see `hivemind schema`).",
                exit_code=ExitCode.NOT_FOUND,
            )
        found = {".": root}
    named = _names(found)
    lines = [
        "# yaml-language-server: $schema=.hivemind/schema.json",
        *_HEADER,
        "hivemind: 1",
        f"name: {name}",
        "services:",
    ]
    for service, (folder, seen) in named.items():
        lines += _service(service, folder, seen)
    if len(named) > 1:
        lines += [
            "# Several services: say which requests each gets, with  routes: [{path: /api/*}]  or  [{host: NAME}]"
        ]
    return Written(name, named, "\n".join(lines) + "\n")


_HEADER = (
    "# What is not said here is found in the code at each run: `hivemind show` prints the whole, with its origins.",
)


def _names(found: Mapping[str, Answer]) -> dict[str, tuple[str, Answer]]:
    named: dict[str, tuple[str, Answer]] = {}
    for folder, seen in found.items():
        plain = re.sub(r"[^a-z0-9]+", "-", folder.rpartition("/")[2].lower()).strip("-")[:24].strip("-")
        name = plain if folder != "." and re.match(r"[a-z]", plain) and plain not in named else "web"
        if name in named:
            name = f"service-{len(named) + 1}"
        named[name] = (folder, seen)
    return named


def _service(name: str, folder: str, seen: Answer) -> list[str]:
    """The lines of one service: its folder, and what Recon could not find, as comments to be filled in."""
    inside = [f"    path: {json.dumps(folder)}"] if folder != "." else []
    remarks = []
    if not seen.serves:
        remarks.append(
            "    # Not found, to be written:  start: COMMAND   such as  gunicorn app:app --bind 0.0.0.0:$PORT"
        )
    for variable in seen.several["env_required"]:
        secret = re.search(r"SECRET|KEY|TOKEN|PASS|CREDENTIAL|DSN", str(variable.value))
        example = f"secrets: {{{variable.value}: ssm:/NAME}}" if secret else f"env: {{{variable.value}: VALUE}}"
        remarks.append(f"    # Nothing sets {variable.value} ({variable.evidence}). Add:  {example}")
    if not inside and not remarks:
        return [f"  {name}: {{}}"]
    return [f"  {name}:" if inside else f"  {name}: {{}}", *inside, *remarks]


def _write_schema(path: Path, plugins: Plugins) -> Path:
    from hivemind.blueprint.schema import merged

    schema = merged({part.plugin: part.result for part in plugins.collect("hivemind_schema")})
    target = path / ".hivemind" / "schema.json"
    target.parent.mkdir(exist_ok=True)
    target.write_text(json.dumps(schema, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    ignore = target.parent / ".gitignore"
    if not ignore.exists():
        ignore.write_text("*\n", encoding="utf-8")
    return target


def _as_json(written: Written, target: Path, schema: Path) -> dict[str, Any]:
    return {
        "file": str(target),
        "schema": str(schema),
        "name": written.name,
        "services": {name: {"path": folder, **found.as_json()} for name, (folder, found) in written.services.items()},
    }
