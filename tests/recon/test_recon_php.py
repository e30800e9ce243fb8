from __future__ import annotations

from pathlib import Path

import pytest
from recon_trees import seen

pytestmark = pytest.mark.fast


def composer(require: str, more: str = "") -> str:
    return f'{{\n"require": {{\n{require}\n}}{more}\n}}\n'


def test_laravel(tmp_path: Path) -> None:
    found = seen(
        tmp_path,
        {
            "composer.json": composer('"php": "^8.2",\n"laravel/framework": "^11.0"'),
            "artisan": "#!/usr/bin/env php",
            "public/index.php": "<?php",
            "database/migrations/1_create.php": "",
            "bootstrap/app.php": "->withRouting(\n  health: '/up',\n",
            ".env.example": "APP_KEY=\nDB_CONNECTION=pgsql\nCACHE_STORE=redis\nSESSION_DRIVER=file\n",
            "package.json": '{"scripts": {"build": "vite build"}}',
        },
    )
    expected = {
        "language": "php",
        "runtime_version": "^8.2",
        "package_manager": "composer",
        "framework": "laravel",
        "start": "php artisan serve --host=0.0.0.0 --port=${PORT:-8000}",
        "release": "php artisan migrate --force",
        "build": "npm install && npm run build",
        "port": 8000,
        "health_path": "/up",
        "kind": "web",
    }
    assert {field: found.value(field) for field in expected} == expected
    assert [each.value for each in found.several["needs"]] == ["postgres", "redis"]
    assert [each.value for each in found.several["env_required"]] == ["APP_KEY", "DB_CONNECTION"]


@pytest.mark.parametrize(
    ("files", "start"),
    [
        ({"index.php": "<?php"}, "php -S 0.0.0.0:${PORT:-8000} -t ."),
        (
            {"composer.json": composer('"slim/slim": "4"'), "public/index.php": "<?php"},
            "php -S 0.0.0.0:${PORT:-8000} -t public",
        ),
        ({"composer.json": "{}", "web/app.php": "<?php"}, "php -S 0.0.0.0:${PORT:-8000} -t web web/app.php"),
    ],
)
def test_starts(tmp_path: Path, files: dict[str, str], start: str) -> None:
    found = seen(tmp_path, files)
    assert (found.value("language"), found.value("start"), found.value("kind")) == ("php", start, "web")


@pytest.mark.parametrize(
    ("manifest", "kind"),
    [
        (composer('"php": "8"', ',\n"type": "library",\n"autoload": {}'), "library"),
        (composer('"symfony/console": "7"', ',\n"bin": ["bin/tool"]'), "cli"),
    ],
)
def test_kinds(tmp_path: Path, manifest: str, kind: str) -> None:
    found = seen(tmp_path, {"composer.json": manifest, "src/A.php": "<?php"})
    assert (found.value("kind"), found.value("start")) == (kind, None)


def test_wordpress_by_its_files_needs_mysql(tmp_path: Path) -> None:
    found = seen(tmp_path, {"index.php": "<?php", "wp-login.php": "<?php", "wp-config-sample.php": "<?php"})
    assert found.value("framework") == "wordpress"
    assert [each.value for each in found.several["needs"]] == ["mysql"]


def test_an_embedded_database_in_the_settings(tmp_path: Path) -> None:
    manifest = composer('"symfony/framework-bundle": "7",\n"ext-pdo_pgsql": "*"')
    files = {"composer.json": manifest, "public/index.php": "", ".env": "DATABASE_URL=sqlite:///var/data.db\n"}
    assert seen(tmp_path, files).several["needs"] == ()


@pytest.mark.parametrize("text", ["{", "[]", '{"require": 3, "bin": 3, "type": []}', ""])
def test_odd_manifests_raise_nothing(tmp_path: Path, text: str) -> None:
    assert seen(tmp_path, {"composer.json": text, "index.php": "<?php"}).value("language") == "php"


@pytest.mark.parametrize(
    "script", ['"php -S localhost:9200 -t public"', '["@build", "php -S 127.0.0.1:9200 -t public"]']
)
def test_a_script_of_composer_that_serves(tmp_path: Path, script: str) -> None:
    manifest = f'{{"require": {{"slim/slim": "4"}}, "scripts": {{\n"start": {script}}}}}'
    found = seen(tmp_path, {"composer.json": manifest, "public/index.php": "<?php"})
    assert (found.value("start"), found.value("port")) == ("php -S 0.0.0.0:${PORT:-9200} -t public", 9200)


def test_an_example_names_the_kind_of_database(tmp_path: Path) -> None:
    files = {"composer.json": composer('"slim/slim": "4"'), "public/index.php": "<?php"}
    found = seen(tmp_path, {**files, ".env.example": "DATABASE_TYPE=pgsql\nDATABASE_HOST=localhost\n"})
    assert [each.value for each in found.several["needs"]] == ["postgres"]
