"""Says what of a project's folder no release would have, although nothing tells HiveMind to ignore it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from hivemind.repositories.repository import MAX_BYTES, MAX_FILES
from hivemind.text.visible import visible
from hivemind.values.defaults import IGNORE_FILE
from hivemind.values.findings import Finding, Place, Severity

if TYPE_CHECKING:
    from pathlib import Path

    from hivemind.repositories.repository import Repository

_MOST = 5
"""Findings of a kind; the last one counts the rest."""
_POINTER = b"version https://git-lfs.github.com/spec/v1\n"
_LONGEST_POINTER = 1024
"""Bytes. Source: the specification of Git LFS, "The Pointer"."""


def left_out(repository: Repository, services: Iterable[str], blueprint: Path) -> Iterator[Finding]:
    """H507 for a folder that is too large to be packed; H508 and H509 for what a release would not have.

    services: the folders of the services, relative to that of the blueprint.
    """
    if repository.truncated:
        yield _too_large(repository, blueprint)
        return
    folders = tuple(services)
    absent = [one for one in repository.left_out if _is_in(one.path, folders)]
    yield from _listed("H508", [(one.path, f"not packed: {one.why}") for one in absent])
    pointers = [path for path in _pointers(repository) if _is_in(path, folders)]
    said = "this is a pointer of Git LFS, and it is packed in place of the file that it stands for"
    yield from _listed("H509", [(path, said) for path in pointers], "Fetch the files: `git lfs pull`.")


def _too_large(repository: Repository, blueprint: Path) -> Finding:
    listed = ", ".join(
        f"{visible(folder)} ({size / 1024**2:,.0f} MB in {files:,} file{'s' if files > 1 else ''})"
        for folder, size, files in repository.biggest
    )
    message = f"the folder has more than {MAX_BYTES // 1024**2} MB or {MAX_FILES:,} files, too many for a release"
    where = f"Largest: {listed}. " if listed else "The largest files are in the folder itself. "
    hint = f"{where}Name what does not belong to the application in {IGNORE_FILE}."
    return Finding("H507", Severity.ERROR, message, Place(str(blueprint)), hint)


def _listed(finding: str, found: list[tuple[str, str]], hint: str | None = None) -> Iterator[Finding]:
    for path, message in found[:_MOST]:
        yield Finding(finding, Severity.WARNING, message, Place(_shown(path)), hint)
    if more := found[_MOST:]:
        path, message = more[0]
        counted = f"{message}. There {'are' if len(more) > 2 else 'is'} {len(more) - 1} more" if more[1:] else message
        yield Finding(finding, Severity.WARNING, counted, Place(_shown(path)), hint)


def _shown(path: str) -> str:
    return visible(path.encode("utf-8", errors="backslashreplace").decode())


def _is_in(path: str, folders: Iterable[str]) -> bool:
    return any(folder in ("", ".") or f"{path}/".startswith(f"{folder.rstrip('/')}/") for folder in folders)


def _pointers(repository: Repository) -> Iterator[str]:
    """Files that are pointers of Git LFS. Only small files are read, and only where git's attributes name LFS."""
    attributes = (path for path in repository.files if path.rpartition("/")[2] == ".gitattributes")
    if not any("filter=lfs" in (repository.text(path) or "") for path in attributes):
        return
    for path in repository.files:
        file = repository.root / path
        try:
            if file.stat().st_size <= _LONGEST_POINTER and file.read_bytes().startswith(_POINTER):
                yield path
        except OSError:
            continue
