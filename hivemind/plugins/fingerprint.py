"""What a plugin is, as a digest: its name, its version, and the bytes of its files."""

from __future__ import annotations

import contextlib
import hashlib
import importlib.metadata
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from hivemind.plugins.frames import origin
from hivemind.values.errors import HiveMindError
from hivemind.values.exits import ExitCode

if TYPE_CHECKING:
    from hivemind.plugins.loading import LoadedPlugin

_NOT_CODE = ("__pycache__", ".pyc", ".dist-info")


def fingerprint(plugin: LoadedPlugin) -> str:
    """sha256 hex over a plugin's name, distribution, version and files: the same wherever these are.

    The files are its module's, or those of its whole package; of an installed distribution all others, too; of one
    that is installed from a folder ("editable") and is a single module, those beside it. Reads each of them. Raises
    HiveMindError for one that can't be read.
    """
    try:
        lines = sorted(_lines(plugin))
    except OSError as error:
        raise HiveMindError(
            f'cannot read a file of plugin "{plugin.name}": {error.filename or error}',
            hint=f"Reinstall the plugin, or disable it: `-p no:{plugin.name}`.",
            exit_code=ExitCode.INVALID,
        ) from error
    said = [plugin.name, plugin.distribution, plugin.version, lines]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()


def _lines(plugin: LoadedPlugin) -> set[str]:
    roots = [Path(root) for root in origin(plugin.module).roots]
    found = {line for root in roots for line in (_tree(root) if root.is_dir() else _digests(root.parent, [root]))}
    if plugin.distribution is None:
        return found
    installed = dict(_installed(plugin.distribution))
    found |= {line for root, file in installed.items() for line in _digests(file, [root])}
    beside = {root.parent for root in roots if root.is_file() and root.resolve() not in installed}
    return found | {line for folder in beside for line in _digests(folder, folder.iterdir())}


def _tree(folder: Path) -> Iterator[str]:
    return _digests(folder.parent, folder.rglob("*"))


def _digests(base: Path, files: Iterable[Path]) -> Iterator[str]:
    """`sha256 path` of each file, the path below a folder."""
    for file in files:
        name = file.relative_to(base).as_posix()
        if file.is_file() and not file.name.startswith(".") and not any(part in name for part in _NOT_CODE):
            with file.open("rb") as content:
                yield f"{hashlib.file_digest(content, 'sha256').hexdigest()} {name}"


def _installed(distribution: str) -> Iterator[tuple[Path, Path]]:
    """Each file that its installer wrote, with the folder that it was installed into."""
    with contextlib.suppress(importlib.metadata.PackageNotFoundError):
        whole = importlib.metadata.distribution(distribution)
        folder = Path(str(whole.locate_file(""))).resolve()
        for name in whole.files or ():
            file = (folder / str(name)).resolve()
            if file.is_relative_to(folder):
                yield file, folder
