"""PHP: the packages of composer.lock in `vendor`."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from hivemind.agents.compiler.languages import runtimes, tools
from hivemind.builds.custom import run_build, run_install

if TYPE_CHECKING:
    from hivemind.builds.work import Work


def build(work: Work) -> None:
    """Installs what composer.lock holds, runs the build command, and sees to it that there is a PHP."""
    tools.require(work.service, work.sources)
    if "composer.json" in work.sources.files:
        if "composer.lock" not in work.sources.files:
            work.notices.append(
                "no composer.lock: Composer chose versions from composer.json; the next build may choose others"
            )
        flags = "--no-dev --no-interaction --no-progress --prefer-dist --optimize-autoloader"
        cache = str(work.store.cache("composer"))
        run_install(work, f"composer install {flags}", COMPOSER_CACHE_DIR=cache, COMPOSER_ALLOW_SUPERUSER="1")
    run_build(work, APP_ENV="production")
    shutil.rmtree(work.app / "node_modules", ignore_errors=True)
    runtimes.provide(work, "php")
    work.env = {"APP_ENV": "production"}
