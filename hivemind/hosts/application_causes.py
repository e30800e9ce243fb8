"""What an application's last words say about why it ended or fails, and what to write so that it does not. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from hivemind.values.errors import Stage
from hivemind.values.signatures import Signature, Speaker, in_order, match

_LONGEST = 2000
"""Characters of a line that are looked at."""
_VARIABLE = r"[A-Z][A-Z0-9_]{2,60}"
_STAGES = (Stage.DEPLOY, Stage.REGISTER)
_WANTS = (
    "The application wants {1} in its environment. Add under services.{service}:  env: {{1}: VALUE}   or  "
    "secrets: {{1}: ssm:/NAME}"
)


def _signature(name: str, pattern: str, cause: str, remedy: str) -> Signature:
    return Signature(f"application.{name}", pattern, Speaker.APPLICATION, cause, remedy, _STAGES)


SIGNATURES = in_order(
    _signature(
        "pkg_resources",
        r"ModuleNotFoundError: No module named 'pkg_resources(?:\.[\w.]{0,60})?'",
        "missing_dependency",
        "A dependency uses pkg_resources, which setuptools has dropped: add  setuptools<81  to what is installed, such "
        "as requirements.txt, or under services.{service}:  install: COMMAND && pip install 'setuptools<81'",
    ),
    _signature(
        "python_module",
        r"ModuleNotFoundError: No module named '(\w{1,80})(?:\.[\w.]{0,80})?'",
        "missing_dependency",
        "The application imports {1}, which nothing installs: add it to its dependencies, or under "
        "services.{service}:  install: ...",
    ),
    _signature(
        "tls_wanted",
        r"no pg_hba\.conf entry for .{1,300}, no encryption",
        "tls_wanted",
        "The database admits TLS alone, as RDS does from PostgreSQL 15 on, and the application comes without: let its "
        "client ask for it (sslmode=require; ssl: true in Elixir), or, where its settings read a variable for that, "
        "set it under services.{service}.env",
    ),
    _signature(
        "unknown_authority",
        r"(?i)self[- ]signed certificate|unable to (?:verify the first|get local issuer) certificate|"
        r"certificate verify failed|certificate signed by unknown authority",
        "unknown_authority",
        "The application verifies a certificate by authorities that it does not have: RDS has Amazon's own, and the "
        "local cloud its own. Let it encrypt without verifying (sslmode=require; ssl: {rejectUnauthorized: false}), or "
        "give it the authority's file, for Node by NODE_EXTRA_CA_CERTS under services.{service}.env",
    ),
    _signature(
        "prisma_client",
        r"@prisma/client did not initialize",
        "missing_build",
        "The build made no Prisma client. It needs Prisma's engines, which npm does not have: see what "
        "prisma generate  says here; services.{service}.build: prisma generate && COMMAND  makes it part of the build.",
    ),
    _signature(
        "node_file",
        r"Cannot find (?:module|package) '([/.][^'\s]{0,119})'",
        "missing_build",
        "The file {1} is not there: is it made by a build?  services.{service}.build: COMMAND",
    ),
    _signature(
        "node_module",
        r"Cannot find (?:module|package) '([^'\s]{1,120})'",
        "missing_dependency",
        "The application requires {1}: add it to dependencies (not devDependencies) in package.json.",
    ),
    _signature("variable_key", rf"KeyError: '({_VARIABLE})'", "missing_variable", _WANTS),
    _signature(
        "variable_wanted",
        rf"(?:[Mm]issing|[Ss]et the|[Rr]equired?)(?: \w+){{0,4}}:? [\"'`]?({_VARIABLE})\b",
        "missing_variable",
        _WANTS,
    ),
    _signature(
        "variable_unset",
        rf"\b({_VARIABLE})[\"'`]?(?: \w+){{0,3}} (?:is|must|was|not)(?: \w+)? (?:required|set|defined|empty|missing)",
        "missing_variable",
        _WANTS,
    ),
    _signature(
        "privileged_port",
        r"(?i)bind: permission denied|EACCES.{0,40}:\d{1,3}\b|permission.{0,60}\('?[\d.]*'?, \d{1,3}\)",
        "privileged_port",
        "Only root may listen on a port below 1024: let the application listen on $PORT, and set  "
        "services.{service}.port: 8080",
    ),
    _signature(
        "redis_refused",
        r"(?i)(?:ECONNREFUSED|Error (?:111|-[235])|refused).{0,60}:?6379|(?:ENOTFOUND|EAI_AGAIN) \w*redis",
        "wrong_address",
        "The application looks for Redis on its own machine: it should read REDIS_URL, or REDIS_HOST and REDIS_PORT. "
        "What it reads instead is set so:  services.{service}.env: {CACHE_HOST: $REDIS_HOST} ; what is written in "
        "its code has to change there. Redis is  needs: [cache]  with  resources: {cache: redis}",
    ),
    _signature(
        "database_refused",
        r"(?i)(?:ECONNREFUSED|refused).{0,60}:?5432|connection to server at \"(?:localhost|127\.0\.0\.1|::1)\"",
        "wrong_address",
        "The application looks for its database on its own machine: it should read DATABASE_URL, or PGHOST and so on. "
        "What it reads instead is set so:  services.{service}.env: {DB_HOST: $PGHOST, DB_PASSWORD: $PGPASSWORD} ; "
        "what is written in its code has to change there. A database is  needs: [db]",
    ),
    _signature(
        "missing_table",
        r"relation \"[^\"]+\" does not exist|no such table",
        "missing_table",
        "The database has no such table: write the command that makes them as  services.{service}.release: COMMAND",
    ),
    _signature(
        "host_refused",
        r"DisallowedHost|Invalid HTTP_HOST header",
        "host_refused",
        "Django refuses the health check: it carries the instance's address as Host, as on AWS. Let ALLOWED_HOSTS "
        "admit it (by an environment variable under services.{service}.env, if the settings read one), or accept the "
        "answer: services.{service}.health: {path: /, matcher: 200-400}.",
    ),
    _signature(
        "missing_program",
        r"(?:sh|bash|env): (?:\d+: |line \d+: )?'?([\w./-]{1,80})'?: (?:command )?not found",
        "missing_program",
        "{1} is not there: correct  services.{service}.start , or install what has it.",
    ),
    below=50,
)


def advice(lines: Sequence[str], service: str, signatures: Sequence[Signature] = SIGNATURES) -> str | None:
    """What to write about a service that ended or fails, out of its log's last lines; None where they name no cause
    known here."""
    found = match(signatures, [line[:_LONGEST] for line in lines], Speaker.APPLICATION)
    return found.remedy(service) if found else None
