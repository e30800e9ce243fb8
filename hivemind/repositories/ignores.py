"""What of a tree is ignored: what no application needs, and what its ignore files say."""

from __future__ import annotations

import os
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hivemind.repositories.wildcards import linear
from hivemind.values.defaults import IGNORE_FILE

if TYPE_CHECKING:
    from pathspec import PathSpec

IGNORE_FILES = (".gitignore", IGNORE_FILE)
ALWAYS = frozenset(
    {
        ".git",
        ".hg",
        ".svn",
        ".hivemind",
        "node_modules",
        "bower_components",
        ".venv",
        "__pycache__",
        "__pypackages__",
        ".tox",
        ".nox",
        ".mypy_cache",
        ".pytest_cache",
        ".ruff_cache",
        ".hypothesis",
        ".DS_Store",
        ".next",
        ".nuxt",
        ".turbo",
        ".parcel-cache",
    }
)
_LARGEST = 256 * 1024
SAVED_PLAN = b'{\n "format": 1,\n "plan": {'
"""What a plan saved by `hivemind plan --out` begins with: reviewing one must not change what is released."""


@dataclass(frozen=True)
class Ignores:
    """The rules that hold in a folder: those of its own ignore files before those of the folders above."""

    rules: tuple[tuple[str, PathSpec[Any], bool], ...] = ()
    """Folder, patterns, and whether they are HiveMind's own, which count for what git tracks, too."""

    def entering(self, folder: Path, relative: str) -> Ignores:
        """The rules that hold inside `folder`, whose path from the root is `relative` (empty for the root)."""
        added = tuple(
            (relative, spec, name == IGNORE_FILE) for name in IGNORE_FILES if (spec := _spec(folder / name)) is not None
        )
        return Ignores(added + self.rules) if added else self

    def ignores(self, relative: str, *, is_folder: bool, tracked: bool = False) -> bool:
        """Whether a path (from the root, with `/`) is left out. The deepest rule that speaks decides. tracked: whether
        git tracks it, so that no `.gitignore` has a say."""
        name = relative.rpartition("/")[2]
        if name in ALWAYS:
            return True
        for base, spec, own in self.rules:
            if tracked and not own:
                continue
            inner = relative[len(base) + 1 :] if base else relative
            verdict = spec.check_file(inner + "/" if is_folder else inner).include
            if verdict is not None:
                return verdict
        return False


def is_saved_plan(file: str) -> bool:
    """Whether a file is a plan that HiveMind saved, whatever its name."""
    try:
        with open(file, "rb") as stream:  # noqa: PTH123 - a hot path
            return stream.read(len(SAVED_PLAN)) == SAVED_PLAN
    except OSError:
        return False


def _spec(file: Path) -> PathSpec[Any] | None:
    try:
        if file.is_symlink() or file.stat().st_size > _LARGEST:
            return None
        lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return None
    wanted = [line for line in lines if line.strip() and not line.startswith("#")]
    if not wanted:
        return None
    from pathspec import PathSpec

    with warnings.catch_warnings():  # of Python's patterns, which no author of an ignore file meant
        warnings.simplefilter("ignore", FutureWarning)
        return PathSpec(list(_patterns(wanted)))


def _patterns(lines: list[str]) -> Iterator[Any]:
    """Those that parse: one wrong line must not make a whole file void."""
    from pathspec import PathSpec, RegexPattern

    for line in lines:
        try:
            (own,) = PathSpec.from_lines("gitignore", [line]).patterns
            expression = linear(line)
        except (ValueError, re.error):
            continue
        include = own.include
        yield own if expression is None or include is None else RegexPattern(re.compile(expression), include)


def is_virtual_environment(folder: str) -> bool:
    """Whether a folder is a Python environment, whatever its name."""
    return os.path.exists(os.path.join(folder, "pyvenv.cfg"))  # noqa: PTH110, PTH118 - a hot path
