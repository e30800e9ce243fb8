"""How a Node application is started where its scripts leave that open."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from recon_trees import seen

pytestmark = pytest.mark.fast


def _package(scripts: dict[str, str], dependencies: tuple[str, ...] = (), **more: object) -> dict[str, str]:
    return {"package.json": json.dumps({"scripts": scripts, "dependencies": dict.fromkeys(dependencies, "1"), **more})}


@pytest.mark.parametrize(
    ("files", "start"),
    [
        ({"index.js": "const shop = require('./shop');\nshop.open().catch(console.error);\n"}, "node index.js"),
        ({"index.js": "(async () => {\n  await shop();\n})();\n"}, "node index.js"),
        ({"index.js": "import shop from './shop.js';\n\nawait shop();\n"}, "node index.js"),
        ({"index.js": "module.exports = () => 1;\n"}, None),
        ({"index.js": "export default function shop() {}\n"}, None),
        ({"index.js": "function area(a) {\n  return a;\n}\n"}, None),
    ],
)
def test_index_js_that_does_something_is_what_runs(tmp_path: Path, files: dict[str, str], start: str | None) -> None:
    assert seen(tmp_path, {**_package({}, name="shop"), **files}).value("start") == start


@pytest.mark.parametrize(
    ("script", "start"),
    [
        ("#!/bin/sh\nnpx prisma migrate deploy\nnpm run start\n", "sh start.sh"),
        ("#!/bin/sh\n# as it is run\nnode tables.js\nexec npm start\n", "sh start.sh"),
        ("#!/bin/sh\nnpm run start\n", "node web.js"),
        ("#!/bin/sh\nnpm install\nnpm run watch\n", "node web.js"),
    ],
)
def test_a_script_that_prepares_and_then_starts_is_the_repositorys_own_way(
    tmp_path: Path, script: str, start: str
) -> None:
    files = {**_package({"start": "node web.js", "watch": "nodemon web.js"}), "web.js": "open();\n", "start.sh": script}
    assert seen(tmp_path, files).value("start") == start


@pytest.mark.parametrize(
    ("scripts", "start"),
    [
        ({"start": "node dist/web.js", "start:production": "node web"}, "node dist/web.js"),
        ({"start": "node lib/web.js", "production": "cross-env NODE_ENV=production"}, "node lib/web.js"),
        ({"server:start": "node build/web.js", "build": "tsc"}, "node build/web.js"),
        ({"start:prod": "node gone.js"}, "node gone.js"),
    ],
)
def test_the_script_for_production_whose_program_is_here(tmp_path: Path, scripts: dict[str, str], start: str) -> None:
    assert seen(tmp_path, {**_package(scripts, ("express",)), "lib/web.js": "open();\n"}).value("start") == start


def test_a_runner_of_all_packages_gives_way_to_what_builds_one(tmp_path: Path) -> None:
    compose = "services:\n  shop:\n    build: .\n    command: node apps/shop/web.js\n    ports: ['9100:9100']\n"
    files = {
        **_package({"start": "turbo start"}, private=True),
        "compose.yaml": compose,
        "apps/shop/web.js": "open();\n",
    }
    found = seen(tmp_path, files)
    assert (found.value("start"), found.value("port")) == ("node apps/shop/web.js", 9100)


@pytest.mark.parametrize(
    ("build", "written"),
    [
        ("yarn --cwd ./oven build", "npm run build"),
        ("node mix.js", "npm run build && (cd oven && yarn build)"),
    ],
    ids=["its build is that one", "another build"],
)
def test_pages_of_a_folder_are_built_once(tmp_path: Path, build: str, written: str) -> None:
    inner = {"start:production": "yarn build && npx http-server build", "build": "vite build"}
    files = {
        **_package({"build": build, "start:production": "yarn --cwd ./oven start:production"}, private=True),
        **{f"oven/{file}": text for file, text in _package(inner, ("react", "vite")).items()},
    }
    assert seen(tmp_path, files).value("build") == written


def test_express_is_the_framework_of_a_graphql_server_in_it(tmp_path: Path) -> None:
    start = {"start": "node web.js"}
    assert seen(tmp_path / "a", _package(start, ("@apollo/server", "express"))).value("framework") == "express"
    assert seen(tmp_path / "b", _package(start, ("@apollo/server",))).value("framework") == "apollo"


_NEST = _package({"start:prod": "node dist/main"}, ("@nestjs/core",))
_HEALTH = "@Controller('health')\nexport class HealthController {\n  @Get()\n  ask() {}\n}\n"


@pytest.mark.parametrize(
    ("main", "path"),
    [
        ("await app.listen(9000);\n", "/health"),
        ("app.setGlobalPrefix('v');\n", "/v/health"),
        ("app.enableVersioning({ defaultVersion: '2' });\napp.setGlobalPrefix('rest');\n", "/rest/v2/health"),
        ("app.setGlobalPrefix('rest', { exclude: ['health'] });\n", "/health"),
        ("app.setGlobalPrefix(settings.prefix);\n", None),
    ],
)
def test_the_controller_that_answers_for_health(tmp_path: Path, main: str, path: str | None) -> None:
    files = {**_NEST, "src/main.ts": main, "src/health/health.controller.ts": _HEALTH}
    assert seen(tmp_path, files).value("health_path") == path


@pytest.mark.parametrize(
    ("code", "needs"),
    [
        ("if (process.env.REDIS_URL) connect(process.env.REDIS_URL);\n", []),
        ("const on = !!process.env.REDIS_URL;\n", []),
        ("connect(process.env.REDIS_URL || 'redis://localhost');\n", ["redis"]),
        ("connect(process.env.REDIS_URL);\n", ["redis"]),
    ],
)
def test_a_cache_that_is_asked_for_is_one_that_could_be_used(tmp_path: Path, code: str, needs: list[str]) -> None:
    files = {**_package({"start": "node web.js"}, ("ioredis",)), "web.js": code}
    assert [each.value for each in seen(tmp_path, files).several["needs"]] == needs


def test_a_database_that_the_code_opens_is_needed(tmp_path: Path) -> None:
    files = {**_package({"start": "node web.js"}, ("mongoose",)), "web.js": "mongoose.connect(settings.url);\n"}
    assert [each.value for each in seen(tmp_path / "a", files).several["needs"]] == ["mongodb"]
    own = {**_package({"start": "node web.js"}, ("pg", "@own/sqlite3")), "web.js": "const url = process.env.DB_HOST;\n"}
    assert seen(tmp_path / "b", own).several["needs"] == ()


def test_the_package_whose_program_is_started_by_its_path(tmp_path: Path) -> None:
    server = '{"name": "api", "dependencies": {"express": "4", "mysql2": "3"}}'
    files = {
        **_package({"start": "npm run build && node --enable-source-maps members/api/dist/main.js", "build": "tsc -b"}),
        "members/api/package.json": server, "members/api/src/db.ts": "const host = process.env.MYSQL_HOST;\n",
    }  # fmt: skip
    found = seen(tmp_path, files)
    assert (found.value("framework"), found.value("start")) == (
        "express", "node --enable-source-maps members/api/dist/main.js",
    )  # fmt: skip
    assert [each.value for each in found.several["needs"]] == ["mysql"]


def test_what_a_watcher_watches_is_started(tmp_path: Path) -> None:
    files = {**_package({"start": "NODE_ENV=development nodemon --inspect web.mjs | bunyan"}), "web.mjs": "open();\n"}
    assert seen(tmp_path, files).value("start") == "node web.mjs"


def test_the_address_of_another_database_is_not_the_applications(tmp_path: Path) -> None:
    code = "open(process.env.GEO_DATABASE_URL);\nopen(process.env.DATABASE_URL);\n"
    found = seen(tmp_path, {**_package({"start": "node web.js"}, ("pg",)), "web.js": code})
    assert [each.value for each in found.several["env_required"]] == ["DATABASE_URL"]
