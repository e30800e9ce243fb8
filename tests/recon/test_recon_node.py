from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from recon_trees import seen

pytestmark = pytest.mark.fast


def package(**content: Any) -> str:
    return json.dumps(content, indent=2)


def test_express_with_a_start_script(tmp_path: Path) -> None:
    found = seen(
        tmp_path,
        {
            "package.json": package(
                name="a", scripts={"start": "node server.js"}, engines={"node": "20.x"}, dependencies={"express": "^4"}
            ),
            "package-lock.json": "{}",
            "server.js": "const port = process.env.PORT || 4000;\napp.get('/healthz', ok);\napp.listen(port);\n",
        },
    )
    expected = {
        "language": "node",
        "runtime_version": "20.x",
        "package_manager": "npm",
        "framework": "express",
        "install": "npm ci",
        "start": "node server.js",
        "port": 4000,
        "health_path": "/healthz",
        "kind": "web",
    }
    assert {field: found.value(field) for field in expected} == expected
    assert found.one["start"].evidence == "scripts.start in package.json:4"


@pytest.mark.parametrize(
    ("scripts", "dependencies", "files", "start"),
    [
        (
            {"start": "nest start", "start:prod": "node dist/main", "build": "nest build"},
            {"@nestjs/core": "1"},
            {},
            "node dist/main",
        ),
        ({"start": "nest start"}, {"@nestjs/core": "1"}, {}, "node dist/main"),
        ({"dev": "next dev", "build": "next build"}, {"next": "1"}, {}, "next start"),
        (
            {"dev": "nodemon -L src/index.js"},
            {"express": "1"},
            {"src/index.js": "app.listen(3000)"},
            "node src/index.js",
        ),
        ({"start": "npm run serve", "serve": "NODE_ENV=production node a.js"}, {}, {}, "NODE_ENV=production node a.js"),
        ({}, {"express": "1"}, {"index.js": "app.listen(3000)"}, "node index.js"),
        ({"test": "jest"}, {"lodash": "1"}, {"index.js": "module.exports = 1"}, None),
    ],
)
def test_start(
    tmp_path: Path, scripts: dict[str, str], dependencies: dict[str, str], files: dict[str, str], start: str | None
) -> None:
    found = seen(tmp_path, {"package.json": package(scripts=scripts, dependencies=dependencies), **files})
    assert found.value("start") == start


@pytest.mark.parametrize(
    ("files", "content", "install"),
    [
        ({}, {}, "npm install"),
        ({"package-lock.json": "{}"}, {}, "npm ci"),
        ({"pnpm-lock.yaml": ""}, {}, "pnpm install --frozen-lockfile"),
        ({"yarn.lock": ""}, {}, "yarn install --frozen-lockfile"),
        ({"yarn.lock": ""}, {"packageManager": "yarn@4.1.0"}, "yarn install --immutable"),
        ({"yarn.lock": "", ".yarnrc.yml": ""}, {}, "yarn install --immutable"),
        ({"bun.lock": ""}, {}, "bun install --frozen-lockfile"),
        ({}, {"packageManager": "pnpm@9.0.0"}, "pnpm install"),
    ],
)
def test_the_projects_own_manager_installs(
    tmp_path: Path, files: dict[str, str], content: dict[str, str], install: str
) -> None:
    found = seen(tmp_path, {"package.json": package(scripts={"start": "node a"}, **content), **files})
    assert (found.value("install"), found.value("package_manager")) == (install, install.split(maxsplit=1)[0])


def test_a_site_that_is_built_is_static(tmp_path: Path) -> None:
    content = package(scripts={"dev": "vite", "build": "vite build"}, devDependencies={"vite": "5"})
    found = seen(tmp_path, {"package.json": content, "index.html": ""})
    assert (found.value("kind"), found.value("static_dir"), found.value("build")) == ("static", "dist", "npm run build")
    assert found.value("language") == "node"


@pytest.mark.parametrize(("extra", "kind"), [({"bin": {"a": "a.js"}}, "cli"), ({"main": "index.js"}, "library")])
def test_what_is_no_service(tmp_path: Path, extra: dict[str, Any], kind: str) -> None:
    found = seen(tmp_path, {"package.json": package(name="a", **extra), "index.js": ""})
    assert found.value("kind") == kind
    assert not found.serves


def test_needs(tmp_path: Path) -> None:
    source = "new Pool(process.env.DATABASE_URL);\ncreateClient({url: process.env.REDIS_URL});\napp.listen(1)"
    content = package(dependencies={"pg": "8", "redis": "4"}, main="index.js")
    found = seen(tmp_path, {"package.json": content, "index.js": source})
    assert [each.value for each in found.several["needs"]] == ["postgres", "redis"]
    embedded = package(dependencies={"mysql2": "8", "sqlite3": "4"}, main="index.js")
    other = seen(tmp_path / "2", {"package.json": embedded, "index.js": "process.env.MYSQL_HOST; app.listen(1)"})
    assert other.several["needs"] == ()


@pytest.mark.parametrize("text", ["", "[]", "{", '{"scripts": 3, "dependencies": []}', "[" * 100_000])
def test_a_wrong_package_json_is_no_crash(tmp_path: Path, text: str) -> None:
    assert seen(tmp_path, {"package.json": text}).value("start") is None


@pytest.mark.parametrize(
    ("scripts", "build", "start"),
    [
        ({"start": "npm run build && node dist/a.js", "build": "tsc"}, "npm run build", "node dist/a.js"),
        ({"start": "tsc && node dist/a.js"}, "tsc", "node dist/a.js"),
        ({"start": "tsc && node dist/a.js", "build": "tsc"}, "npm run build", "node dist/a.js"),
        ({"start": "rm -rf out && webpack --mode production && node out/a.js"},
         "rm -rf out && webpack --mode production", "node out/a.js"),
        ({"start": "node tasks.js build && node tasks.js start"}, "node tasks.js build", "node tasks.js start"),
        ({"start": "vite build && npm run serve", "serve": "node a.js"}, "vite build", "node a.js"),
        ({"start": "cd pages && npm ci && npm run build && cd .. && node a.js"},
         "cd pages && npm ci && npm run build && cd ..", "node a.js"),
        ({"start": "npm install && tsc && node a.js"}, "tsc", "node a.js"),
        ({"start": "prisma migrate deploy && node a.js"}, None, "prisma migrate deploy && node a.js"),
        ({"start": "node build"}, None, "node build"),
        ({"start": "cd build && node a.js"}, None, "cd build && node a.js"),
    ],
)  # fmt: skip
def test_start_scripts_that_build_first(tmp_path: Path, scripts: dict[str, str], build: str | None, start: str) -> None:
    files = {"package.json": package(name="a", scripts=scripts, dependencies={"express": "4"}), "a.js": "app.listen(1)"}
    found = seen(tmp_path, files)
    assert (found.value("build"), found.value("start")) == (build, start)
    assert found.one["start"].evidence == "scripts.start in package.json:4"


@pytest.mark.parametrize(
    "call",
    ["npm run start -w api", "npm start --workspace=api", "yarn workspace @a/api start", "pnpm --filter @a/api start",
     "npm --prefix api run start", "cd api && npm start"],
)  # fmt: skip
def test_a_workspace_that_starts_one_of_its_members(tmp_path: Path, call: str) -> None:
    files = {
        "package.json": package(workspaces=["api", "pages"], scripts={"start": f"npm run build -w pages && {call}"}),
        "api/package.json": package(
            name="@a/api", scripts={"start": "node main.js"}, dependencies={"koa": "2", "pg": "8"}
        ),
        "api/main.js": "new Pool({host: process.env.PROD_DB_HOSTNAME});\napp.listen(process.env.PORT || 4100);\n",
        "pages/package.json": package(name="@a/pages", scripts={"build": "vite build"}, dependencies={"vite": "5"}),
        "pages/index.html": "<p>",
    }
    found = seen(tmp_path, files)
    assert found.value("build") == "npm run build -w pages"
    assert found.value("start") == "cd api && node main.js"
    assert found.value("framework") == "koa"
    assert found.one["framework"].evidence == "api/package.json:7"
    assert [need.value for need in found.several["needs"]] == ["postgres"]
    assert not found.several["doubts"]


def test_names_of_its_own_for_parts_of_the_database(tmp_path: Path) -> None:
    code = (
        "module.exports = {test: {host: process.env.TEST_DB_HOST},\n"
        "  production: {host: process.env.PROD_DB_HOST, dialect: process.env.PROD_DB_DIALECT}};\n"
        "sign(process.env.JWT_SECRET);\nconst salt = process.env.SESSION_SECRET || 'none';\n"
    )
    files = {"package.json": package(scripts={"start": "node a.js"}, dependencies={"pg": "8"}), "a.js": code}
    found = seen(tmp_path, files)
    assert [each.value for each in found.several["env_required"]] == ["JWT_SECRET", "PROD_DB_DIALECT", "PROD_DB_HOST"]


def test_of_an_address_and_its_parts_the_address_is_asked_for(tmp_path: Path) -> None:
    code = "connect(process.env.DATABASE_URL, process.env.DB_HOST);\n"
    files = {"package.json": package(scripts={"start": "node a.js"}, dependencies={"pg": "8"}), "a.js": code}
    assert [each.value for each in seen(tmp_path, files).several["env_required"]] == ["DATABASE_URL"]


_KNEX = {"knexfile.js": "module.exports = {};", "migrations/20200101120000_a.js": ""}
_PRISMA = {"prisma/schema.prisma": "", "prisma/migrations/2020_a/migration.sql": ""}


@pytest.mark.parametrize(
    ("content", "files", "release"),
    [
        ({"dependencies": {"knex": "2"}}, _KNEX, "knex migrate:latest"),
        ({"dependencies": {"knex": "2"}}, {**_KNEX, "knexfile.js": "export default {};"}, None),
        ({"dependencies": {"knex": "2"}}, {**_KNEX, "a.js": "knex.migrate.latest();"}, None),
        ({"devDependencies": {"prisma": "5"}}, _PRISMA, "prisma migrate deploy"),
        ({"dependencies": {"prisma": "5"}}, {f"db/{name}": "" for name in _PRISMA},
         "prisma migrate deploy --schema db/prisma/schema.prisma"),
        ({"dependencies": {"prisma": "5"}, "scripts": {"start": "prisma migrate deploy && node a.js"}}, _PRISMA, None),
        ({"dependencies": {"sequelize": "6"}, "devDependencies": {"sequelize-cli": "6"}},
         {".sequelizerc": "", "db/migrations/20200101120000-a.js": ""}, "sequelize-cli db:migrate"),
        ({"devDependencies": {"postgrator-cli": "3"}, "scripts": {"start": "node a.js", "migrate": "postgrator -c p"}},
         {}, "postgrator -c p"),
        ({"devDependencies": {"prisma": "3"}, "scripts": {"start": "node a.js", "migrate": "prisma migrate dev"}},
         {}, None),
    ],
)  # fmt: skip
def test_migrations_are_the_release_command(
    tmp_path: Path, content: dict[str, Any], files: dict[str, str], release: str | None
) -> None:
    whole = package(**{"scripts": {"start": "node a.js"}, **content})
    assert seen(tmp_path, {"a.js": "app.listen(1)", **files, "package.json": whole}).value("release") == release


def test_migrations_that_nothing_runs_are_said(tmp_path: Path) -> None:
    files = {
        "package.json": package(scripts={"start": "node a.js"}, dependencies={"sequelize": "6"}),
        "a.js": "app.listen(1)",
        ".sequelizerc": "",
        "migrations/20200101120000-a.js": "",
    }
    [doubt] = seen(tmp_path, files).several["doubts"]
    assert str(doubt.value) == "nothing runs the migrations in migrations: sequelize-cli is not among the dependencies"
    assert "npm install sequelize-cli" in str(doubt.note)


def test_the_server_of_a_site_generator_is_for_developers(tmp_path: Path) -> None:
    scripts = {"start": "npx @11ty/eleventy --serve --quiet", "build": "npx @11ty/eleventy"}
    found = seen(tmp_path, {"package.json": package(scripts=scripts, devDependencies={"@11ty/eleventy": "3"})})
    assert (found.value("kind"), found.value("static_dir")) == ("static", "_site")


def test_a_port_of_the_database_is_not_the_application_s(tmp_path: Path) -> None:
    code = (
        "const db = {port: parseInt(process.env.DATABASE_PORT, 10) || 5432};\napp.listen(process.env.PORT || 4000);\n"
    )
    files = {"package.json": package(scripts={"start": "node a.js"}, dependencies={"express": "4"}), "a.js": code}
    assert seen(tmp_path, files).value("port") == 4000


def test_scripts_within_a_chain_are_put_in_their_place(tmp_path: Path) -> None:
    scripts = {"start": "npm run migrate && node a.js", "migrate": "typeorm migration:run"}
    files = {"package.json": package(scripts=scripts, dependencies={"express": "4"}), "a.js": "app.listen(1)"}
    assert seen(tmp_path, files).value("start") == "typeorm migration:run && node a.js"


@pytest.mark.parametrize(
    ("driver", "code", "help_"),
    [
        ("pg", "new Sequelize('a', 'b', 'c', {\n  host: 'localhost', dialect: 'postgres'});", "needs: [db]"),
        ("ioredis", "const Redis = require('ioredis');\nnew Redis({host: '127.0.0.1'});", "needs: [cache]"),
        ("redis", "\ncreateClient({url: 'redis://localhost:6379'});", "needs: [cache]"),
    ],
)
def test_addresses_that_stand_in_the_code_are_said(tmp_path: Path, driver: str, code: str, help_: str) -> None:
    files = {"package.json": package(scripts={"start": "node a.js"}, dependencies={driver: "1"}), "a.js": code}
    [doubt] = seen(tmp_path, files).several["doubts"]
    assert (doubt.file, doubt.line) == ("a.js", 2)
    assert help_ in str(doubt.note)


def test_addresses_for_developers_beside_a_variable_are_not(tmp_path: Path) -> None:
    code = "module.exports = {dev: {host: 'localhost', dialect: 'postgres'}, prod: {use_env_variable: 'DATABASE_URL'}};"
    files = {"package.json": package(scripts={"start": "node a.js"}, dependencies={"pg": "8"}), "a.js": code}
    found = seen(tmp_path, files)
    assert not found.several["doubts"]
    assert [need.value for need in found.several["needs"]] == ["postgres"]


def test_settings_of_its_own_are_read_although_tools_name_theirs_so(tmp_path: Path) -> None:
    files = {
        "package.json": package(scripts={"start": "node a.js"}, dependencies={"pg": "8"}),
        "app/db.config.js": 'module.exports = {HOST: "localhost", dialect: "postgres"};',
        "vite.config.js": "export default {server: {port: 5199, host: 'localhost'}}; // postgres",
        "a.js": "app.listen(process.env.PORT || 4000);",
    }
    found = seen(tmp_path, files)
    assert [doubt.file for doubt in found.several["doubts"]] == ["app/db.config.js"]
    assert found.value("port") == 4000
