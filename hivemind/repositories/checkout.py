"""One commit of a repository onto this machine: fetched alone, weighed, and then written as files."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from hivemind.repositories import git
from hivemind.repositories.address import Address
from hivemind.repositories.refs import Ref
from hivemind.repositories.repository import MAX_FILES
from hivemind.repositories.tree import Tree, tree_of
from hivemind.values.errors import HiveMindError, Refused
from hivemind.values.exits import ExitCode

_SILENCE_SECONDS = 60.0
"""For a server to gather what it sends."""
MAX_BYTES = 500 * 1024 * 1024


@dataclass(frozen=True)
class Bounds:
    """bytes: of the objects that arrive, and of the files written. files: how many of these."""

    bytes: int = MAX_BYTES
    files: int = MAX_FILES


def prepared(source: Address, folder: Path, *, updated: bool) -> None:
    """Makes an empty clone in an existing folder, without templates. Raises GitFailed."""
    if not updated:
        git.local(folder, "init", "--quiet", "--template=")
        git.local(folder, "config", "remote.origin.url", source.url)


def checked_out(source: Address, folder: Path, commit: str, bounds: Bounds) -> tuple[Tree, list[str]]:
    """Brings one commit into a prepared clone and writes its files; its tree, and remarks on it. Raises GitFailed."""
    return written(source, folder, fetched(source, folder, Ref(commit, commit[:12]), bounds), bounds)


def written(source: Address, folder: Path, commit: str, bounds: Bounds) -> tuple[Tree, list[str]]:
    """Writes the files of a commit that has arrived; its tree, and remarks on it. Raises Refused and GitFailed."""
    try:
        tree = tree_of(folder, commit, most=bounds.files)
    except git.TooLarge:
        raise _over(source, f"it has more than {bounds.files:,} files or folders") from None
    _within(tree, bounds, source)
    _checkout(folder, commit)
    return tree, tree.remarks()


def fetched(source: Address, folder: Path, chosen: Ref, bounds: Bounds) -> str:
    """Brings the commit that a ref names, alone where the server allows it; returns its id.

    Raises GitFailed, and HiveMindError for objects over the bounds.
    """

    seen = [0, time.monotonic()]

    def watch() -> None:
        weight = _weight(folder / ".git")
        if weight > bounds.bytes:
            raise git.TooLarge
        if weight != seen[0]:
            seen[:] = [weight, time.monotonic()]
        elif time.monotonic() - seen[1] > _SILENCE_SECONDS:
            raise git.GitFailed(f"Operation timed out: nothing arrived for {_SILENCE_SECONDS:.0f} seconds")

    common = ("fetch", "--quiet", "--no-tags", "--no-recurse-submodules", "--force", "--update-shallow")
    try:
        try:
            git.remote(folder, *common, "--depth=1", "--", "origin", chosen.wanted, watch=watch)
        except git.GitFailed as error:
            # Older servers give out no commit by its id, and plain file servers no shallow history.
            if not any(word in error.words for word in ("unadvertised object", "not our ref", "shallow", "dumb http")):
                raise
            git.remote(folder, *common, "--", "origin", "+refs/heads/*:refs/remotes/origin/*", watch=watch)
            if not chosen.is_commit:
                git.remote(folder, *common, "--", "origin", chosen.wanted, watch=watch)
        watch()
        name = chosen.wanted if chosen.is_commit else "FETCH_HEAD"
        return git.local(folder, "rev-parse", "--verify", "--end-of-options", f"{name}^{{commit}}").decode().strip()
    except git.TooLarge:
        raise _over(source, f"its objects are over {_megabytes(bounds.bytes)}") from None


def _within(tree: Tree, bounds: Bounds, source: Address) -> None:
    if tree.files > bounds.files:
        raise _over(source, f"it has {tree.files:,} files, more than {bounds.files:,}")
    if tree.bytes > bounds.bytes:
        raise _over(source, f"its files are {_megabytes(tree.bytes)}, more than {_megabytes(bounds.bytes)}")
    if tree.unusable:
        raise Refused(
            f"{source.shown} has unusable paths: {tree.unusable[0]}"
            + (f", and {len(tree.unusable) - 1} more" if len(tree.unusable) > 1 else ""),
            hint="HiveMind does not write names with control characters, or paths more than 64 folders deep.",
        )


def _checkout(folder: Path, commit: str) -> None:
    changed = git.local(folder, "status", "--porcelain", "--untracked-files=no", "--ignore-submodules=all")
    if changed.strip() and git_head(folder) is not None:
        raise Refused(
            f"{folder} has local changes, which an update would overwrite",
            hint="Commit or undo them, or clone into another folder with `--into`.",
        )
    try:
        git.local(folder, "checkout", "--quiet", "--detach", "--no-recurse-submodules", commit)
    except git.GitFailed as error:
        if "would be overwritten" not in error.words:
            raise
        raise Refused(
            f"files in {folder} are in the way of new files of the repository: {_named(error.words)}",
            hint="Move them away, or clone into another folder with `--into`.",
        ) from None


def git_head(folder: Path) -> str | None:
    """The commit that a clone stands on; None before its first checkout."""
    try:
        return git.local(folder, "rev-parse", "--verify", "--quiet", "HEAD").decode().strip()
    except git.GitFailed:
        return None


def _named(words: str) -> str:
    return ", ".join(line.strip() for line in words.splitlines() if line.startswith("\t"))[:200]


def _over(source: Address, why: str) -> HiveMindError:
    return HiveMindError(
        f"{source.shown} is too large: {why}",
        hint="Clone it yourself, then run `hivemind init FOLDER && hivemind apply FOLDER`.",
        exit_code=ExitCode.REFUSED,
    )


def _weight(folder: Path) -> int:
    """Bytes of the files in a folder of git's, packs under way included."""
    total = 0
    for root, _, names in os.walk(folder):
        for name in names:
            with suppress(OSError):
                total += os.lstat(os.path.join(root, name)).st_size  # noqa: PTH118 - a hot path
    return total


def _megabytes(size: int) -> str:
    return f"{size / 1024 / 1024:,.0f} MB"
