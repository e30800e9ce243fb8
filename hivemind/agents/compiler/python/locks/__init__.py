"""Lock files of uv, Poetry, PDM and Pipenv: the exact set of packages that they hold for a target."""

from __future__ import annotations

from collections.abc import Callable

from hivemind.agents.compiler.python.locks import pdm, pipenv, poetry, uv
from hivemind.agents.compiler.python.locks.model import Lock, LockError
from hivemind.builds.sources import Sources

__all__ = ["READERS", "Lock", "LockError", "read"]

READERS: dict[str, Callable[[str], Lock]] = {
    "uv.lock": uv.read, "poetry.lock": poetry.read, "pdm.lock": pdm.read, "Pipfile.lock": pipenv.read,
}  # fmt: skip
"""Lock file -> what reads it, in the order in which they are looked for."""


def read(sources: Sources, tool: str | None = None) -> Lock | None:
    """The lock of a project; None where it has none.

    tool: `uv`, `poetry`, `pdm` or `pipenv`, whose own lock is preferred. Raises LockError for one that can't be read.
    """
    own = {"uv": "uv.lock", "poetry": "poetry.lock", "pdm": "pdm.lock", "pipenv": "Pipfile.lock"}.get(tool or "")
    around = sources.workspace
    if around is not None and around.lock == "uv.lock":
        return uv.read(sources.whole.text("uv.lock") or "", around.folder)
    for file in sorted(READERS, key=lambda name: name != own):
        text = sources.text(file)
        if text is not None:
            return READERS[file](text)
    return None
