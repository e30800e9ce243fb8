"""Clones a repository that nobody has looked at: shallow, bounded, and nothing of it runs.

What is about to be written is looked at before it is: the tree of the commit, with sizes, is read from git's own
objects first. Hooks, filters, file system monitors and templates are off; the clone's configuration is ours.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from hivemind.repositories import git, refusals
from hivemind.repositories.address import Address
from hivemind.repositories.refs import Ref, choose
from hivemind.repositories.tree import Tree, tree_of
from hivemind.values.errors import HiveMindError, Refused
from hivemind.values.exits import ExitCode

MAX_BYTES = 500 * 1024 * 1024
MAX_FILES = 100_000


@dataclass(frozen=True)
class Bounds:
    """bytes: of the objects that arrive, and of the files written. files: how many of these."""

    bytes: int = MAX_BYTES
    files: int = MAX_FILES


@dataclass(frozen=True)
class Clone:
    """folder: absolute. ref: as shown to people. updated: whether the folder was a clone of the same address before.
    remarks: what of the repository was left out, one sentence each."""

    folder: Path
    commit: str
    ref: str
    updated: bool
    remarks: tuple[str, ...] = field(default=())


def clone(
    source: Address,
    folder: Path,
    *,
    ref: str | None = None,
    bounds: Bounds = Bounds(),
    say: Callable[[str], None] = lambda _: None,
) -> Clone:
    """The commit that `ref` names (a branch, a tag, a commit; None: the default branch) in `folder`.

    folder: new or empty, or an earlier clone of the same address, which is brought up to date. say: told one line
    when something takes long. Raises HiveMindError with what to do next; a folder made here is removed again then.
    """
    git.available()
    if ref is not None and (ref.startswith("-") or not ref.isprintable() or not ref):
        raise HiveMindError(f'"{ref!r}" is no branch, tag or commit', exit_code=ExitCode.USAGE)
    folder = folder.expanduser().absolute()
    updated = _usable(folder, source)
    with _made(folder, keep=updated):
        chosen = choose(source, ref)
        say(f"{'Updating' if updated else 'Cloning'} {source.url} ({chosen.shown})")
        with _meant(source):
            prepared(source, folder, updated=updated)
            commit = _fetch(source, folder, chosen, bounds)
            tree, remarks = _written(source, folder, commit, bounds)
            if tree.submodules:
                from hivemind.repositories.submodules import Parent, add_submodules

                remarks += add_submodules(Parent(source, folder, commit), tree, bounds, say)
    return Clone(folder, commit, chosen.shown, updated, tuple(remarks))


def prepared(source: Address, folder: Path, *, updated: bool) -> None:
    """Makes an empty clone in an existing folder, without templates. Raises GitFailed."""
    if not updated:
        git.local(folder, "init", "--quiet", "--template=")
        git.local(folder, "config", "remote.origin.url", source.url)


def checked_out(source: Address, folder: Path, commit: str, bounds: Bounds) -> tuple[Tree, list[str]]:
    """Brings one commit into a prepared clone and writes its files; its tree, and remarks on it. Raises GitFailed."""
    return _written(source, folder, _fetch(source, folder, Ref(commit, commit[:12]), bounds), bounds)


def _written(source: Address, folder: Path, commit: str, bounds: Bounds) -> tuple[Tree, list[str]]:
    tree = tree_of(folder, commit)
    _within(tree, bounds, source)
    _checkout(folder, commit)
    return tree, tree.remarks()


def _usable(folder: Path, source: Address) -> bool:
    """Whether the folder is an earlier clone of the same address. Raises Refused where it holds anything else."""
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise Refused(f"{folder} is there already and is no folder", hint="Choose another one with --into.")
    if not folder.is_dir() or not any(folder.iterdir()):
        return False
    config = folder / ".git" / "config"
    known = None
    if config.is_file() and not config.is_symlink() and not (folder / ".git").is_symlink():
        with suppress(git.GitFailed):
            known = git.local(folder, "config", "--file", str(config), "remote.origin.url").decode().strip()
    if known == source.url:
        return True
    what = f"a clone of {known}" if known else "not empty"
    raise Refused(f"{folder} is {what}", hint="Choose another folder with --into.")


@contextmanager
def _made(folder: Path, *, keep: bool) -> Iterator[None]:
    """The folder, made where it is missing; what was made goes again when the clone fails."""
    existed = folder.is_dir()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise HiveMindError(
            f"can't make {folder}: {error.strerror}", hint="Choose another folder with --into.",
            exit_code=ExitCode.REFUSED,
        ) from None  # fmt: skip
    try:
        yield
    except BaseException:
        if not keep:
            _emptied(folder)
            if not existed:
                with suppress(OSError):
                    folder.rmdir()
        raise


def _emptied(folder: Path) -> None:
    for entry in list(folder.iterdir()):
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry, ignore_errors=True)
        else:
            entry.unlink()


@contextmanager
def _meant(source: Address) -> Iterator[None]:
    """git's failures as errors for people."""
    try:
        yield
    except git.GitFailed as error:
        raise refusals.meaning(source, error.words) from None


def _fetch(source: Address, folder: Path, chosen: Ref, bounds: Bounds) -> str:
    """Brings the commit that a ref names, alone where the server allows it; returns its id."""

    def watch() -> None:
        if _weight(folder / ".git") > bounds.bytes:
            raise git.TooLarge

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
            f"{source.url} has paths that no application needs: {tree.unusable[0]}"
            + (f", and {len(tree.unusable) - 1} more" if len(tree.unusable) > 1 else ""),
            hint="Names with control characters, or over 64 folders deep, are not written to this machine.",
        )


def _checkout(folder: Path, commit: str) -> None:
    changed = git.local(folder, "status", "--porcelain", "--untracked-files=no", "--ignore-submodules=all")
    if changed.strip() and git_head(folder) is not None:
        raise Refused(
            f"{folder} has changes of its own, which an update would overwrite",
            hint="Commit or undo them, or clone into another folder with --into.",
        )
    try:
        git.local(folder, "checkout", "--quiet", "--detach", "--no-recurse-submodules", commit)
    except git.GitFailed as error:
        if "would be overwritten" not in error.words:
            raise
        raise Refused(
            f"files in {folder} stand where the repository now has its own: {_named(error.words)}",
            hint="Move them away, or clone into another folder with --into.",
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
        f"{source.url} is too large: {why}",
        hint="Clone it yourself, then:  hivemind init FOLDER && hivemind apply FOLDER",
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
