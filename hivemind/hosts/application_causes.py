"""What an application's last words say about why it ended or fails, and what to write so that it does not. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from hivemind.values.errors import Stage
from hivemind.values.signatures import Signature, Speaker, in_order, match

_LONGEST = 2000
"""Characters of a line that are looked at."""
_VARIABLE = r"[A-Z][A-Z0-9_]{2,60}"
_NO_FILE = (
    r"(?:FileNotFoundError: (?:\[Errno 2\] No such file or directory: )?|ENOENT: no such file or directory, \w{1,20} |"
    r"\bopen )['\"]?"
)
_LEFT_OUT = (
    r"[^'\"\s:]{0,200}?(?:\.(?:pem|key|p12|pfx|jks|keystore|ppk)|/(?:credentials|secrets)\.(?:json|ya?ml|toml)|"
    r"service[-_]account[\w.-]{0,40}\.json)"
)
"""Names of files that a build leaves out (hivemind.builds.sources, SECRETS)."""
_STAGES = (Stage.DEPLOY, Stage.REGISTER)
_WANTS = (
    "The application needs the variable {1}. Add `env: {{1}: VALUE}` or "
    "`secrets: {{1}: ssm:/NAME}` to services.{service}."
)


def _signature(name: str, pattern: str, cause: str, remedy: str) -> Signature:
    return Signature(f"application.{name}", pattern, Speaker.APPLICATION, cause, remedy, _STAGES)


SIGNATURES = in_order(
    _signature(
        "pkg_resources",
        r"ModuleNotFoundError: No module named 'pkg_resources(?:\.[\w.]{0,60})?'",
        "missing_dependency",
        "A dependency uses pkg_resources, which newer setuptools do not have. Add `setuptools<81` to "
        "requirements.txt, or write `services.{service}.install: COMMAND && pip install 'setuptools<81'`.",
    ),
    _signature(
        "python_module",
        r"ModuleNotFoundError: No module named '(\w{1,80})(?:\.[\w.]{0,80})?'",
        "missing_dependency",
        "The application imports {1}, which nothing installs. Add it to the dependencies, or write "
        "`services.{service}.install: ...`.",
    ),
    _signature(
        "tls_wanted",
        r"no pg_hba\.conf entry for .{1,300}, no encryption",
        "tls_wanted",
        "The database requires TLS, as RDS does since PostgreSQL 15, but the application connects without it. Enable "
        "it in the database client (sslmode=require; `ssl: true` in Elixir). If the settings read it from a variable, "
        "set the variable under services.{service}.env.",
    ),
    _signature(
        "unknown_authority",
        r"(?i)self[- ]signed certificate|unable to (?:verify the first|get local issuer) certificate|"
        r"certificate verify failed|certificate signed by unknown authority",
        "unknown_authority",
        "The application does not know the authority of a certificate: RDS and the local cloud use authorities of "
        "their own. Encrypt without verifying (sslmode=require; `ssl: {rejectUnauthorized: false}`), or give the "
        "application the authority's file; for Node, set NODE_EXTRA_CA_CERTS under services.{service}.env.",
    ),
    _signature(
        "prisma_client",
        r"@prisma/client did not initialize",
        "missing_build",
        "The build did not generate a Prisma client. It needs Prisma's engines, which npm does not install. Run "
        "`prisma generate` here to see its error. To run it in the build, write "
        "`services.{service}.build: prisma generate && COMMAND`.",
    ),
    _signature(
        "node_module_of_folder",
        r"Cannot find package '([^'\s/.][^'\s]{0,119})' imported from \S{1,200}/app/"
        r"(?!node_modules|src/|dist/|build/|lib/)([\w.-]{1,60})/",
        "missing_dependency",
        "{2} imports {1}. If {2} has a package.json of its own, install that too: "
        "`services.{service}.install: npm install && cd {2} && npm install`. Else add {1} to dependencies in "
        "package.json.",
    ),
    _signature(
        "settings_file",
        r"(?:FileNotFoundError|ENOENT)\b.{0,80}'/opt/hivemind/[^']{1,200}/app/((?:[^'/]{1,60}/){0,8}\.env[\w.]{0,20})'",
        "missing_file",
        "The application opens {1}, a file that the repository does not hold. Write its variables under "
        "`services.{service}.env`, and let the build make an empty one: `services.{service}.build: touch {1}`.",
    ),
    _signature(
        "secret_file",
        rf"{_NO_FILE}({_LEFT_OUT})(?:['\"]|: no such| doesn't exist|$)",
        "missing_file",
        "HiveMind leaves {1} out of a release, because its name is one of a secret. If it is none, write "
        "`services.{service}.pack: [PATH]`. Else keep what is in it as a secret: "
        "`services.{service}.secrets: {NAME: ssm:/NAME}`.",
    ),
    _signature(
        "own_file",
        rf"{_NO_FILE}/opt/hivemind/[^'\"\s]{{1,200}}?/app/([^'\"\s:]{{1,200}})(?:['\"]|: no such| doesn't exist|$)",
        "missing_file",
        "The release does not hold {1}. If a command makes it, write `services.{service}.build: COMMAND`, with the "
        "build command as `hivemind show` prints it. If it is to come from elsewhere, keep it out of "
        "the code: as a secret or a variable. If the application makes it, name its folder: "
        "`services.{service}.data: [FOLDER]`.",
    ),
    _signature(
        "node_file",
        r"Cannot find (?:module|package) '([/.][^'\s]{0,119})'",
        "missing_build",
        "The file {1} does not exist. If a build creates it, write `services.{service}.build: COMMAND`.",
    ),
    _signature(
        "node_module",
        r"Cannot find (?:module|package) '([^'\s]{1,120})'",
        "missing_dependency",
        "The application requires {1}. Add it to dependencies (not devDependencies) in package.json.",
    ),
    _signature("variable_key", rf"KeyError: '({_VARIABLE})'", "missing_variable", _WANTS),
    _signature(
        "variable_wanted",
        rf"(?:[Mm]issing|[Ss]et the|[Rr]equired?)(?: \w+){{0,4}}:? [\"'`]?({_VARIABLE})\b",
        "missing_variable",
        _WANTS,
    ),
    _signature(
        "variable_of_two",
        rf"\b[Ee]ither [\"'`]?({_VARIABLE})[\"'`]? or\b",
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
        "The application may listen on a port below 1024 only if that is the service's port: write "
        "`services.{service}.port: NUMBER`. Or let it listen on $PORT, with `port: 8080`.",
    ),
    _signature(
        "redis_refused",
        r"(?i)(?:ECONNREFUSED|Error (?:111|-[235])|refused).{0,60}:?6379|(?:ENOTFOUND|EAI_AGAIN) \w*redis",
        "wrong_address",
        "The application looks for Redis on its own machine. Let it read REDIS_URL, or REDIS_HOST and REDIS_PORT. "
        "If it reads other variables, set them: `services.{service}.env: {CACHE_HOST: $REDIS_HOST}`. "
        "To get a Redis, write `needs: [cache]` and `resources: {cache: redis}`.",
    ),
    _signature(
        "database_refused",
        r"(?i)(?:ECONNREFUSED|refused).{0,60}:?5432|connection to server at \"(?:localhost|127\.0\.0\.1|::1)\"",
        "wrong_address",
        "The application looks for its database on its own machine. Let it read DATABASE_URL, or PGHOST and so on. "
        "If it reads other variables, set them: "
        "`services.{service}.env: {DB_HOST: $PGHOST, DB_PASSWORD: $PGPASSWORD}`. "
        "To get a database, write `needs: [db]`.",
    ),
    _signature(
        "unknown_host",
        r"(?:could not translate host name \"|getaddrinfo (?:ENOTFOUND|EAI_AGAIN) |Error -\d connecting to |"
        r"failed to resolve host '|lookup )((?!localhost)[A-Za-z][\w-]{0,60})(?=[\"':. ]|$)(?!\.[A-Za-z])",
        "wrong_address",
        "The application looks for a machine called {1}, a name that only a compose file gives. If it reads the name "
        "from a variable, set that one: `services.{service}.env: {DB_HOST: $PGHOST}`, or `$REDIS_HOST` for Redis. Else "
        "let it read one.",
    ),
    _signature(
        "missing_table",
        r"(?:relation|table) \"[^\"]{1,100}\" does not exist|no such table",
        "missing_table",
        "The database lacks a table. Write the command that creates the tables: `services.{service}.release: COMMAND`. "
        "If this is said by migrations, they do not begin with an empty database: write the command that does.",
    ),
    _signature(
        "host_refused",
        r"DisallowedHost|Invalid HTTP_HOST header",
        "host_refused",
        "Django refuses the health check, whose Host header is the instance's address, as on AWS. Allow it in "
        "ALLOWED_HOSTS (with a variable under services.{service}.env, if the settings read one), or accept the "
        "response: `services.{service}.health: {path: /, matcher: 200-400}`.",
    ),
    _signature(
        "missing_program",
        r"(?:sh|bash|env): (?:\d+: |line \d+: )?(?:exec: )?'?(?!source)([\w./-]{1,80})'?: (?:command )?not found",
        "missing_program",
        "The instance does not have {1}. Correct services.{service}.start, or install the package that contains it.",
    ),
    _signature(
        "spawned_program",
        r"\bError: spawn ([\w./-]{1,80}) ENOENT",
        "missing_program",
        "The application itself runs {1}, which the instance does not have. If a package of npm contains it, add "
        "that to dependencies in package.json: programs in node_modules/.bin are found.",
    ),
    _signature(
        "source_in_sh",
        r"\bsh: (?:\d+: |line \d+: )?source: not found",
        "missing_program",
        "Commands run in sh, which has no `source`: write `. FILE` in its place, or `bash -c 'COMMAND'`.",
    ),
    below=50,
)


def advice(lines: Sequence[str], service: str, signatures: Sequence[Signature] = SIGNATURES) -> str | None:
    """What to write about a service that ended or fails, out of its log's last lines; None where they name no cause
    known here."""
    short = [line[:_LONGEST] for line in _decisive(lines)]
    found = match(signatures, short, Speaker.APPLICATION)
    return found.remedy(service) if found else _unfitting(short)


def _decisive(lines: Sequence[str]) -> Sequence[str]:
    """The lines without the warnings that Django's checks print below their errors, which are what it stops for
    (Django, "System check framework")."""
    plain = [line.strip() for line in lines]
    if "ERRORS:" not in plain or "WARNINGS:" not in plain[plain.index("ERRORS:") :]:
        return lines
    return lines[: plain.index("WARNINGS:", plain.index("ERRORS:"))]


def _unfitting(lines: Sequence[str]) -> str | None:
    """What to write for a package of Python that stops while it is imported, deep within itself: versions that do not
    fit each other, where the repository leaves one of them open."""
    frames = [place for line in lines if (place := _FRAME.search(line))]
    end = next((line for line in reversed(lines) if _RAISED.match(line.strip())), None)
    if not frames or end is None or frames[-1]["function"] != "<module>" or frames[-1]["package"] is None:
        return None
    package = frames[-1]["package"]
    return (
        f"{package} stops while it is imported: its version does not fit Python or another package. Give it one that "
        f"does in the requirements: `{package}==VERSION`, of the time when the others were chosen."
    )


_FRAME = re.compile(
    r"File \"(?:[^\"]{0,300}/site-packages/(?P<package>[A-Za-z_]\w{0,60})/)?[^\"]{1,300}\", line \d{1,9}, "
    r"in (?P<function>\S{1,80})"
)
_RAISED = re.compile(r"(?:TypeError|AttributeError|ImportError|SyntaxError|NameError)\b")
