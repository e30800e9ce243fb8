"""manifest.json: what the installer reads first out of an artifact."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hivemind.builds.parts import Parts
    from hivemind.builds.work import Work

FORMAT = 2
SBOM = "sbom.cdx.json"


def manifest(work: Work, *, start: str, release: str | None, parts: Parts) -> dict[str, Any]:
    """The manifest as plain data.

    runtime: `python 3.12`, `node 20.11.1`, `static`. interpreter: for Python `version` (`3.12`, the folder below
    `venv/lib`) and `command` on the instance, to be linked as `venv/bin/python`; for others on the instance their
    `command`. path: folders of the artifact to put first on PATH. start: run with `/bin/sh -c exec ...` in `app`.
    files: sha256 of each file of this archive; those of a layer stand in its own `layer.json`. layers: name and
    digest of what is laid under the application.
    """
    return {
        "format": FORMAT,
        "service": work.service.name,
        "runtime": work.runtime,
        "interpreter": work.interpreter,
        "path": work.path,
        "env": dict(sorted(work.env.items())),
        "start": start,
        "release": release,
        "platform": {"os": work.platform.os, "machine": work.platform.machine},
        "files": dict(sorted(parts.files.items())),
        "layers": [{"name": layer["name"], "digest": layer["digest"]} for layer in parts.layers],
    }
