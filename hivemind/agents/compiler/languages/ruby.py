"""Ruby: the gems of the bundle in `vendor/bundle`."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from hivemind.agents.compiler.languages import runtimes, tools
from hivemind.builds.custom import run_build, run_install

if TYPE_CHECKING:
    from hivemind.builds.work import Work

_ENVIRONMENT = {
    "BUNDLE_PATH": "vendor/bundle",
    "BUNDLE_WITHOUT": "development:test",
    "BUNDLE_FORCE_RUBY_PLATFORM": "false",
}


def build(work: Work) -> None:
    """Installs the bundle as its lock says, runs the build command, and sees to it that there is a Ruby."""
    tools.require(work.service, work.sources)
    if "Gemfile" in work.sources.files:
        locked = "Gemfile.lock" in work.sources.files
        if not locked:
            work.notices.append(
                "no Gemfile.lock: Bundler chose versions from the Gemfile; the next build may choose others"
            )
        frozen = {"BUNDLE_FROZEN": "true"} if locked else {}
        run_install(work, "bundle install", **_ENVIRONMENT, **frozen)
        for cache in ("cache", "build_info", "doc"):
            for folder in (work.app / "vendor/bundle").glob(f"ruby/*/{cache}"):
                shutil.rmtree(folder)
    run_build(work, **_ENVIRONMENT, RAILS_ENV="production", SECRET_KEY_BASE_DUMMY="1")  # noqa: S106 - says that there is none
    shutil.rmtree(work.app / "node_modules", ignore_errors=True)
    runtimes.provide(work, "ruby")
    work.env = {**_ENVIRONMENT, "RACK_ENV": "production", "RAILS_ENV": "production", "RAILS_LOG_TO_STDOUT": "1"}
