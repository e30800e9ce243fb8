"""PHP applications, with composer or without."""

from __future__ import annotations

import re
from typing import Any

from hivemind.agents.recon.folder import Folder
from hivemind.agents.recon.languages.php import needs
from hivemind.agents.recon.languages.php.manifest import FILE, line_of
from hivemind.agents.recon.notes import Notes, Spot
from hivemind.agents.recon.reading import pinned
from hivemind.agents.recon.weights import BUILDS, HINT, MANIFEST, SERVES
from hivemind.detections.detection import Detection

LANGUAGE = "php"
FRAMEWORKS = {
    "laravel/lumen-framework": "lumen", "laravel-zero/framework": "laravel-zero", "statamic/cms": "statamic",
    "october/rain": "october", "craftcms/cms": "craft", "laravel/framework": "laravel",
    "drupal/core-recommended": "drupal", "drupal/core": "drupal", "drupal/recommended-project": "drupal",
    "magento/product-community-edition": "magento", "shopware/core": "shopware", "sylius/sylius": "sylius",
    "api-platform/core": "symfony", "symfony/framework-bundle": "symfony", "symfony/symfony": "symfony",
    "roots/wordpress": "wordpress", "johnpbloch/wordpress": "wordpress", "roots/bedrock": "wordpress",
    "typo3/cms-core": "typo3", "silverstripe/framework": "silverstripe", "getkirby/cms": "kirby",
    "hyperf/framework": "hyperf", "hyperf/http-server": "hyperf", "spiral/framework": "spiral",
    "codeigniter4/framework": "codeigniter", "codeigniter/framework": "codeigniter", "cakephp/cakephp": "cakephp",
    "yiisoft/yii2": "yii", "yiisoft/yii": "yii", "mezzio/mezzio": "mezzio", "laminas/laminas-mvc": "laminas",
    "zendframework/zendframework": "zend", "slim/slim": "slim", "nette/application": "nette",
    "mikecao/flight": "flight", "flightphp/core": "flight", "bcosca/fatfree": "fat-free",
    "bcosca/fatfree-core": "fat-free", "leafs/leaf": "leaf", "silex/silex": "silex", "phalcon/cphalcon": "phalcon",
    "ext-phalcon": "phalcon", "league/route": "league-route", "illuminate/routing": "illuminate",
    "react/http": "reactphp", "amphp/http-server": "amphp", "workerman/workerman": "workerman",
}  # fmt: skip
"""By package, in order of weight: frameworks that bring another along come before it."""
_FILES = {
    "wp-config-sample.php": "wordpress", "wp-login.php": "wordpress", "wp-config.php": "wordpress",
    "wp-content/index.php": "wordpress", "artisan": "laravel", "spark": "codeigniter", "bin/console": "symfony",
    "system/core/CodeIgniter.php": "codeigniter", "core/lib/Drupal.php": "drupal", "bin/cake": "cakephp",
}  # fmt: skip
"""By files that only this framework puts there, for repositories that carry it."""
_SERVES = re.compile(r"php\s+-S\s+[\w.\[\]:]*:(\d{2,5})\b(.*)$")
_ROOTS = ("public", "web", "htdocs", "webroot", "www", "public_html", "html", "pub", "")
_FRONTS = ("index.php", "app.php", "app_dev.php")


def detect(folder: Folder) -> list[Detection]:
    """What the PHP part of a folder tells; nothing without composer.json or a PHP page in a usual place."""
    content = folder.json(FILE)
    front = next(
        (each for root in _ROOTS for name in _FRONTS if folder.has(each := f"{root}/{name}".lstrip("/"))), None
    )
    scripts = folder.top(".php")
    file = folder.first(FILE) or front or next(iter(scripts), None)
    if file is None:
        return []
    notes = Notes(folder, LANGUAGE)
    required = _required(content)
    _version(notes, required)
    if file == FILE:
        notes.declared("package_manager", "composer", FILE)
        flags = "--no-dev --no-interaction --prefer-dist --optimize-autoloader"
        notes.usual("install", f"composer install {flags}", FILE)
    framework = _framework(notes, required)
    console = framework in {"laravel-zero", "symfony", None} and front is None
    if content and console and not folder.has("artisan"):
        _without_pages(notes, content, framework)
        return notes.found
    if front is None and framework not in {"hyperf", "reactphp", "workerman", "amphp", "spiral", "laravel", "lumen"}:
        page = next(iter(scripts), None)
        notes.speaks(file, HINT if page is None else MANIFEST)
        if page is None:
            return notes.found
    notes.speaks(file, SERVES if framework else BUILDS)
    notes.kind("web", _spot(folder, framework) or (front or file, None), 0.95 if framework else 0.85)
    _serving(notes, required, framework, front)
    needs.detect(notes, required, framework)
    return notes.found


def _required(content: dict[str, Any]) -> dict[str, str]:
    table = content.get("require")
    return {str(name).lower(): str(value) for name, value in table.items()} if isinstance(table, dict) else {}


def _version(notes: Notes, required: dict[str, str]) -> None:
    folder = notes.folder
    if version := pinned(folder, "php", files=(".php-version",)):
        notes.declared("runtime_version", version.value, version.file, version.line)
    if "php" in required and re.fullmatch(r"[\w\s.^~<>=|*,-]{1,60}", required["php"]):
        notes.declared("runtime_version", required["php"], FILE, line_of(folder, "php"), sure=0.9)


def _framework(notes: Notes, required: dict[str, str]) -> str | None:
    folder = notes.folder
    package = next((each for each in FRAMEWORKS if each in required), None)
    if package:
        notes.declared("framework", FRAMEWORKS[package], FILE, line_of(folder, package))
        return FRAMEWORKS[package]
    file = next((each for each in _FILES if folder.has(each)), None)
    if file and (file not in {"bin/console", "spark", "artisan"} or folder.line(file, r"php")):
        notes.code("framework", _FILES[file], file)
        return _FILES[file]
    return None


def _spot(folder: Folder, framework: str | None) -> Spot | None:
    package = next((each for each, name in FRAMEWORKS.items() if name == framework and line_of(folder, each)), None)
    return (FILE, line_of(folder, package)) if package else None


def _without_pages(notes: Notes, content: dict[str, Any], framework: str | None) -> None:
    folder = notes.folder
    program = folder.line(FILE, r"^\s*\"bin\"\s*:")
    project = content.get("type") == "project"
    if program or framework == "laravel-zero" or (project and line_of(folder, "symfony/console")):
        notes.speaks(FILE, BUILDS)
        notes.kind("cli", (FILE, program), 0.85)
        return
    page = next((file for file in folder.top(".php") if not file.startswith((".", "ecs", "rector"))), None)
    notes.speaks(FILE, MANIFEST)
    if page and not content.get("autoload") and not content.get("name"):
        notes.usual("start", f"php {page}", page)
        notes.kind("web", (page, None), 0.5)
    elif content.get("type") == "library" or content.get("autoload"):
        notes.kind("library", (FILE, folder.line(FILE, r"^\s*\"type\"\s*:")), 0.85)


def _script(folder: Folder) -> tuple[int, str, int | None] | None:
    """Port, arguments and line of the script of composer.json that lets PHP's own server serve (Composer, "Scripts":
    `composer start`)."""
    scripts = folder.json(FILE).get("scripts")
    for name in ("start", "serve", "server"):
        said = scripts.get(name) if isinstance(scripts, dict) else None
        said = said[-1] if isinstance(said, list) and said else said
        match = _SERVES.search(said) if isinstance(said, str) and len(said) < 1000 else None
        if match and int(match[1]) <= 65535 and not re.search(r"[;&|<>`$]", match[2]):
            return int(match[1]), match[2].rstrip(), folder.line(FILE, rf"^\s*\"{name}\"\s*:")
    return None


def _serving(notes: Notes, required: dict[str, str], framework: str | None, front: str | None) -> None:
    folder = notes.folder
    root = (front or "public/").rpartition("/")[0] or "."
    spot: Spot = ("artisan", None) if folder.has("artisan") else (front or FILE, None)
    if framework in {"laravel", "statamic", "october"} and folder.has("artisan"):
        server = "octane:start" if "laravel/octane" in required else "serve"
        notes.usual(
            "start", f"php artisan {server} --host=0.0.0.0 --port=${{PORT:-8000}}", *spot, note=f"usual for {framework}"
        )
        if any(file.startswith("database/migrations/") for file in folder.files):
            notes.usual("release", "php artisan migrate --force", *spot)
    elif framework == "hyperf":
        notes.usual("start", "php bin/hyperf.php start", FILE)
    elif front is None and framework in {"reactphp", "workerman", "amphp"}:
        page = next(iter(folder.top(".php")), "server.php")
        notes.usual("start", f"php {page}", page)
    elif own := _script(folder):
        port, arguments, line = own
        notes.declared("start", f"php -S 0.0.0.0:${{PORT:-{port}}}{arguments}", FILE, line, note="scripts.start")
        notes.declared("port", port, FILE, line, note="scripts.start")
    else:
        router = "" if (front or "").endswith("index.php") or front is None else f" {front}"
        notes.usual("start", f"php -S 0.0.0.0:${{PORT:-8000}} -t {root}{router}", *spot, note="PHP's own server")
        if "doctrine/doctrine-migrations-bundle" in required:
            migrate = "php bin/console doctrine:migrations:migrate --no-interaction"
            notes.usual("release", migrate, FILE, line_of(folder, "doctrine/doctrine-migrations-bundle"))
    usual = {"hyperf": 9501}.get(framework or "", 8000)
    notes.usual("port", usual, *spot, note="the start command's own")
    if line := folder.line("bootstrap/app.php", r"health:\s*[\"']/up[\"']"):
        notes.code("health_path", "/up", "bootstrap/app.php", line)
    scripts = folder.json("package.json").get("scripts")
    named = ("build", "prod", "production")
    if script := next((name for name in named if isinstance(scripts, dict) and name in scripts), None):
        install = "npm ci" if folder.has("package-lock.json") else "npm install"
        where = folder.line("package.json", rf"^\s*\"{script}\"\s*:")
        notes.declared("build", f"{install} && npm run {script}", "package.json", where, note=f"scripts.{script}")
