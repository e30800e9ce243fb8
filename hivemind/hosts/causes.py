"""What an application's last words say about why it ended or fails, and what to write so that it does not. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

_VARIABLE = r"[A-Z][A-Z0-9_]{2,60}"


def _module(found: re.Match[str], service: str) -> str:
    name = found[1].split(".")[0]
    if name == "pkg_resources":
        return (
            "A dependency uses pkg_resources, which setuptools has dropped: add  setuptools<81  to what is installed, "
            f"such as requirements.txt, or under services.{service}:  install: COMMAND && pip install 'setuptools<81'"
        )
    return (
        f"The application imports {name}, which nothing installs: add it to its dependencies, or under "
        f"services.{service}:  install: ..."
    )


def _node_module(found: re.Match[str], service: str) -> str:
    name = found[1]
    if name.startswith(("/", ".")):
        return f"The file {name} is not there: is it made by a build?  services.{service}.build: COMMAND"
    return f"The application requires {name}: add it to dependencies (not devDependencies) in package.json."


def _variable(found: re.Match[str], service: str) -> str:
    name = found[1]
    return (
        f"The application wants {name} in its environment. Add under services.{service}:  "
        f"env: {{{name}: VALUE}}   or  secrets: {{{name}: ssm:/NAME}}"
    )


def _port(_: re.Match[str], service: str) -> str:
    return (
        f"Only root may listen on a port below 1024: let the application listen on $PORT, and set  "
        f"services.{service}.port: 8080"
    )


def _redis(_: re.Match[str], service: str) -> str:
    return (
        "The application looks for Redis on its own machine: it should read REDIS_URL, or REDIS_HOST and REDIS_PORT. "
        f"What it reads instead is set so:  services.{service}.env: {{CACHE_HOST: $REDIS_HOST}} ; what is written in "
        "its code has to change there. Redis is  needs: [cache]  with  resources: {cache: redis}"
    )


def _database(_: re.Match[str], service: str) -> str:
    return (
        "The application looks for its database on its own machine: it should read DATABASE_URL, or PGHOST and so on. "
        f"What it reads instead is set so:  services.{service}.env: {{DB_HOST: $PGHOST, DB_PASSWORD: $PGPASSWORD}} ; "
        "what is written in its code has to change there. A database is  needs: [db]"
    )


def _unencrypted(_: re.Match[str], service: str) -> str:
    return (
        "The database admits TLS alone, as RDS does from PostgreSQL 15 on, and the application comes without: let its "
        "client ask for it (sslmode=require; ssl: true in Elixir), or, where its settings read a variable for that, "
        f"set it under services.{service}.env"
    )


def _unverified(_: re.Match[str], service: str) -> str:
    return (
        "The application verifies a certificate by authorities that it does not have: RDS has Amazon's own, and the "
        "local cloud its own. Let it encrypt without verifying (sslmode=require; ssl: {rejectUnauthorized: false}), or "
        f"give it the authority's file, for Node by NODE_EXTRA_CA_CERTS under services.{service}.env"
    )


def _prisma(_: re.Match[str], service: str) -> str:
    return (
        "The build made no Prisma client. It needs Prisma's engines, which npm does not have: see what "
        f"prisma generate  says here; services.{service}.build: prisma generate && COMMAND  makes it part of the build."
    )


def _tables(_: re.Match[str], service: str) -> str:
    return f"The database has no such table: write the command that makes them as  services.{service}.release: COMMAND"


def _host(_: re.Match[str], service: str) -> str:
    return (
        "Django refuses the health check: it carries the instance's address as Host, as on AWS. Let ALLOWED_HOSTS "
        f"admit it (by an environment variable under services.{service}.env, if the settings read one), or accept the "
        f"answer: services.{service}.health: {{path: /, matcher: 200-400}}."
    )


def _program(found: re.Match[str], service: str) -> str:
    return f"{found[1]} is not there: correct  services.{service}.start , or install what has it."


_CAUSES: tuple[tuple[re.Pattern[str], Callable[[re.Match[str], str], str]], ...] = tuple(
    (re.compile(pattern), advice)
    for pattern, advice in (
        (r"ModuleNotFoundError: No module named '([\w.]{1,80})'", _module),
        (r"no pg_hba\.conf entry for .{1,300}, no encryption", _unencrypted),
        (
            (
                r"(?i)self[- ]signed certificate|unable to (?:verify the first|get local issuer) certificate|"
                r"certificate verify failed|certificate signed by unknown authority"
            ),
            _unverified,
        ),
        (r"@prisma/client did not initialize", _prisma),
        (r"Cannot find (?:module|package) '([^'\s]{1,120})'", _node_module),
        (rf"KeyError: '({_VARIABLE})'", _variable),
        (rf"(?:[Mm]issing|[Ss]et the|[Rr]equired?)(?: \w+){{0,4}}:? [\"'`]?({_VARIABLE})\b", _variable),
        (
            (
                rf"\b({_VARIABLE})[\"'`]?(?: \w+){{0,3}} (?:is|must|was|not)(?: \w+)?"
                r" (?:required|set|defined|empty|missing)"
            ),
            _variable,
        ),
        (r"(?i)bind: permission denied|EACCES.{0,40}:\d{1,3}\b|permission.{0,60}\('?[\d.]*'?, \d{1,3}\)", _port),
        (r"(?i)(?:ECONNREFUSED|Error (?:111|-[235])|refused).{0,60}:?6379|(?:ENOTFOUND|EAI_AGAIN) \w*redis", _redis),
        (
            r"(?i)(?:ECONNREFUSED|refused).{0,60}:?5432|connection to server at \"(?:localhost|127\.0\.0\.1|::1)\"",
            _database,
        ),
        (r"relation \"[^\"]+\" does not exist|no such table", _tables),
        (r"DisallowedHost|Invalid HTTP_HOST header", _host),
        (r"(?:sh|bash|env): (?:\d+: |line \d+: )?'?([\w./-]{1,80})'?: (?:command )?not found", _program),
    )
)  # fmt: skip


def advice(lines: Sequence[str], service: str) -> str | None:
    """What to write about a service that ended or fails, out of its log's last lines; None where they name no cause
    known here.

    The last line that names one decides: it is what ended the program.
    """
    for line in reversed(lines):
        for pattern, advise in _CAUSES:
            if found := pattern.search(line[:2000]):
                return advise(found, service)
    return None
