from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hivemind.hosts.application_causes import advice

pytestmark = pytest.mark.fast


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("ModuleNotFoundError: No module named 'pkg_resources'", "setuptools<81"),
        ("ModuleNotFoundError: No module named 'flask.ext'", "imports flask,"),
        ("Error: connect ECONNREFUSED 127.0.0.1:5432", "{DB_HOST: $PGHOST"),
        ('FATAL:  no pg_hba.conf entry for host "10.0.1.4", user "a", database "b", no encryption', "sslmode=require"),
        ("Error: self-signed certificate in certificate chain", "NODE_EXTRA_CA_CERTS under services.web.env"),
        ("Error: @prisma/client did not initialize yet.", "prisma generate && COMMAND"),
        ("Error: Cannot find module 'pg'", "requires pg. Add it to dependencies"),
        (
            "Cannot find package 'koa' imported from /opt/hivemind/web/releases/r1/app/api/a.js",
            "&& cd api && npm install`",
        ),
        ("Cannot find package 'koa' imported from /opt/hivemind/web/releases/r1/app/dist/a.js", "requires koa."),
        (
            "FileNotFoundError: Config file '/opt/hivemind/web/releases/r1/app/src/../.env' not found.",
            "touch src/../.env",
        ),
        ("Error: ENOENT: no such file or directory, open '/opt/hivemind/web/releases/r1/app/.env'", "touch .env"),
        ("FileNotFoundError: [Errno 2] No such file or directory: 'keys/shop.pem'", "`services.web.pack: [PATH]`"),
        (
            "Error: ENOENT: no such file or directory, open '/opt/hivemind/web/releases/r1/app/keys/shop.key'",
            "app/keys/shop.key out of a release, because its name is one of a secret.",
        ),
        ("2026/01/01 open certs/a.p12: no such file or directory", "leaves certs/a.p12 out"),
        (
            "FileNotFoundError: /opt/hivemind/web/releases/r1/app/config/shop.ini doesn't exist",
            "The release does not hold config/shop.ini. If a command makes it, write `services.web.build: COMMAND`",
        ),
        ("Error: Cannot find module '/opt/x/dist/main.js'", "services.web.build"),
        ("KeyError: 'SECRET_KEY'", "secrets: {SECRET_KEY: ssm:/NAME}"),
        ("ImproperlyConfigured: Set the DATABASE_URL environment variable", "env: {DATABASE_URL: VALUE}"),
        ("Error: JWT_SECRET is not defined", "needs the variable JWT_SECRET"),
        ("ImproperlyConfigured: The SECRET_KEY setting must not be empty.", "needs the variable SECRET_KEY"),
        ("Error: listen EACCES: permission denied 0.0.0.0:80", "services.web.port"),
        ("listening on :80: listen tcp :80: bind: permission denied", "services.web.port"),
        ("Error: connect ECONNREFUSED 127.0.0.1:6379", "{CACHE_HOST: $REDIS_HOST}"),
        ("redis.exceptions.ConnectionError: Error -3 connecting to redis:6379. Temporary failure", "read REDIS_URL"),
        ("Error: getaddrinfo EAI_AGAIN redis", "read REDIS_URL"),
        ('connection to server at "localhost" (::1), port 5432 failed', "needs: [db]"),
        ('could not translate host name "store" to address: Temporary failure', "called store, a name that only"),
        ("Error: getaddrinfo ENOTFOUND store", "{DB_HOST: $PGHOST}"),
        ("dial tcp: lookup store on 10.0.0.2:53: no such host", "called store"),
        ("RuntimeError: Either 'SHOP_DB_URI' or 'SHOP_DB_BINDS' must be set.", "needs the variable SHOP_DB_URI."),
        ('psycopg.errors.UndefinedTable: relation "posts" does not exist', "services.web.release"),
        ('psycopg2.errors.UndefinedTable: table "old" does not exist', "write the command that does"),
        (
            "Invalid HTTP_HOST header: '10.0.1.7:8000'. You may need to add '10.0.1.7'",
            "health: {path: /, matcher: 200-400}",
        ),
        ("/bin/sh: 1: hypercorn: not found", "does not have hypercorn"),
        ("/bin/sh: 1: exec: hypercorn: not found", "does not have hypercorn"),
        ("sh: line 1: exec: ./bin/serve: not found", "does not have ./bin/serve"),
        ("[ERROR] server - Error: spawn pnpm ENOENT", "itself runs pnpm, which the instance does not have."),
        ("/bin/sh: 1: source: not found", "write `. FILE` in its place"),
    ],
)
def test_a_known_cause(line: str, said: str) -> None:
    assert said in (advice(["Traceback (most recent call last):", line, "ended with exit code 1"], "web") or "")


@pytest.mark.parametrize(
    "line", ["ready", "Error: getaddrinfo ENOTFOUND api.example.com", "ValueError: 3", "GET / 200", "KeyError: 'name'"]
)
def test_no_cause(line: str) -> None:
    assert advice([line], "web") is None


def test_warnings_below_the_errors_of_djangos_checks_are_not_what_it_stops_for() -> None:
    warning = "?: (shop.W003) The SHOP_BASE_URL setting is not defined"
    assert (
        advice(["ERRORS:", "shop.A: (x.E005) 'b' must be in INSTALLED_APPS", "", "WARNINGS:", warning], "web") is None
    )
    assert "SHOP_BASE_URL" in (advice(["WARNINGS:", warning], "web") or "")


@given(st.lists(st.text()))
def test_any_text(lines: list[str]) -> None:
    advice(lines, "web")
