"""Migrations of a Node application's database: the release command that runs them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from hivemind.agents.recon.folder import Folder
from hivemind.agents.recon.languages.node import package as packages
from hivemind.agents.recon.languages.node import scripts
from hivemind.agents.recon.languages.node.package import FILE, Package
from hivemind.agents.recon.languages.node.source import NodeCode
from hivemind.detections.detection import Detection, Precedence

LANGUAGE = "node"


@dataclass(frozen=True)
class _Tool:
    """package: that has the program. command: that runs what is not done yet. needs: another package without which
    the migrations are not the tool's. where: paths of migrations. settings: a file that it can't do without, if any."""

    package: str
    command: str
    needs: str
    where: str
    settings: str | None = None


_TOOLS = (
    _Tool("prisma", "prisma migrate deploy", "prisma", r"(?:^|/)prisma/migrations/[^/]+/migration\.sql$"),
    _Tool("sequelize-cli", "sequelize-cli db:migrate", "sequelize", r"(?:^|/)migrations/\d{8,}[^/]*\.c?js$",
          r"^(?:\.sequelizerc|config/config\.(?:js|json))$"),
    _Tool("knex", "knex migrate:latest", "knex", r"(?:^|/)migrations/\d{8,}[^/]*\.c?js$", r"^knexfile\.c?js$"),
    _Tool("drizzle-kit", "drizzle-kit migrate", "drizzle-orm", r"(?:^|/)meta/_journal\.json$", r"^drizzle\.config\."),
    _Tool("node-pg-migrate", "node-pg-migrate up", "node-pg-migrate", r"^migrations/\d{8,}[^/]*\.c?js$"),
)  # fmt: skip
_SCRIPTS = (
    "migrate:deploy", "migrate:prod", "migrate:production", "db:migrate:prod", "migration:run:prod", "db:migrate",
    "migrate", "migrate:latest", "migrate:up", "migration:run", "migrations:run",
)  # fmt: skip
_RUNS = re.compile(
    r"^(?:npx\s+)?((?:[A-Z_]+=\S+\s+)*(postgrator|sequelize|sequelize-cli|knex|typeorm|prisma|umzug|migrate|"
    r"db-migrate|node-pg-migrate|drizzle-kit|mikro-orm|node)\b[^&|;]*)$"
)
_CHANGES = re.compile(r"\b(?:dev|reset|make|create|generate|down|rollback|undo|seed)\b|\.ts\b")


def detect(
    folder: Folder, package: Package, source: NodeCode, *, start: str | None, inside: str | None
) -> list[Detection]:
    """`release`, or a `doubt` where migrations are there and nothing that could run them.

    start: the start command, which may run them itself. inside: the folder that the command has to go to first.
    """
    held = {*package.dependencies, *package.development}
    for tool in _TOOLS:
        file = next((file for file in folder.files if re.search(tool.where, file)), None)
        if (
            file is None
            or not {tool.package, tool.needs} & held
            or (tool.needs != tool.package and tool.needs not in held)
        ):
            continue
        settings = (
            next((each for each in folder.files if re.search(tool.settings, each)), None) if tool.settings else FILE
        )
        if settings is None or _module_syntax(folder, package, settings):
            continue
        if source.migrates or (start and re.search(rf"\b{re.escape(tool.command.split()[0])}\b", start)):
            return []
        if tool.package not in held:
            return [_unrunnable(folder, tool, file)]
        run = f"{tool.command}{_schema(package, file)}" if tool.package == "prisma" else tool.command
        command = f"cd {inside} && {run}" if inside else run
        line = packages.line_of(folder, tool.package)
        note = f"migrations in {folder.in_repository(file.rpartition('/')[0])}, {tool.package}"
        return [
            folder.found(
                "release", command, FILE, line, precedence=Precedence.CONVENTION, confidence=0.8,
                note=note, language=LANGUAGE,
            )
        ]  # fmt: skip
    return [] if source.migrates else _script(folder, package, held, start, inside)


def _schema(package: Package, file: str) -> str:
    """What tells Prisma where its schema is, where it would not look by itself. file: one of the migrations."""
    own = package.content.get("prisma")
    place = file.rpartition("/migrations/")[0]
    is_known = place == "prisma" or (isinstance(own, dict) and "schema" in own)
    return "" if is_known else f" --schema {place}/schema.prisma"


def _script(folder: Folder, package: Package, held: set[str], start: str | None, inside: str | None) -> list[Detection]:
    """A script that runs migrations by a program of the dependencies."""
    for name in _SCRIPTS:
        text = scripts.command(package, name) or ""
        match = _RUNS.match(text)
        if match is None or _CHANGES.search(text) or (start and match[2] in start):
            continue
        if match[2] in held or f"{match[2]}-cli" in held or match[2] == "node":
            command = f"cd {inside} && {match[1]}" if inside else match[1]
            line = packages.line_of(folder, name)
            return [
                folder.found(
                    "release", command, FILE, line, precedence=Precedence.CONVENTION, confidence=0.7,
                    note=f"scripts.{name}", language=LANGUAGE,
                )
            ]  # fmt: skip
    return []


def _module_syntax(folder: Folder, package: Package, settings: str) -> bool:
    """Whether settings are written for a compiler, which the tool does not have."""
    return (
        settings.endswith(".js")
        and package.text("type") != "module"
        and folder.line(settings, r"^\s*(?:import\s.*\sfrom\s|export\s+default\b)") is not None
    )


def _unrunnable(folder: Folder, tool: _Tool, file: str) -> Detection:
    where = folder.in_repository(file.rpartition("/")[0])
    return Detection(
        "doubt", f"nothing runs the migrations in {where}: {tool.package} is not among the dependencies",
        folder.in_repository(FILE), packages.line_of(folder, tool.needs) or 1, Precedence.CODE, 0.9,
        f"Run `npm install {tool.package}`, commit package.json, and write `services.NAME.release: {tool.command}`.",
    )  # fmt: skip
