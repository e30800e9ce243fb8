"""Clones a repository that nobody has looked at: shallow, bounded, and nothing of it runs.

What is about to be written is looked at before it is: the tree of the commit, with sizes, is read from git's own
objects first. Hooks, filters, file system monitors and templates are off; the clone's configuration is ours.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from hivemind.repositories import git, refusals
from hivemind.repositories.address import Address, shown
from hivemind.repositories.checkout import Bounds, fetched, prepared, written
from hivemind.repositories.refs import choose
from hivemind.repositories.submodules import Parent, add_submodules
from hivemind.values.errors import HiveMindError, Refused
from hivemind.values.exits import ExitCode

_USUAL = Bounds()


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
    bounds: Bounds = _USUAL,
    say: Callable[[str], None] = lambda _: None,
) -> Clone:
    """The commit that `ref` names (a branch, a tag, a commit; None: the default branch) in `folder`.

    folder: new or empty, or an earlier clone of the same address, which is brought up to date. say: told one line
    when something takes long. Raises HiveMindError with what to do next; a folder made here is removed again then.
    """
    git.available()
    if ref is not None and (ref.startswith("-") or not ref.isprintable() or not ref):
        raise HiveMindError(f'"{ref!r}" is not a branch, tag or commit', exit_code=ExitCode.USAGE)
    folder = folder.expanduser().absolute()
    updated = _usable(folder, source)
    with _made(folder, keep=updated):
        chosen = choose(source, ref)
        say(f"{'Updating' if updated else 'Cloning'} {source.shown} ({chosen.shown})")
        with _meant(source):
            prepared(source, folder, updated=updated)
            commit = fetched(source, folder, chosen, bounds)
            tree, remarks = written(source, folder, commit, bounds)
            if tree.submodules:
                remarks += add_submodules(Parent(source, folder, commit), tree, bounds, say)
    return Clone(folder, commit, chosen.shown, updated, tuple(remarks))


def _usable(folder: Path, source: Address) -> bool:
    """Whether the folder is an earlier clone of the same address. Raises Refused where it holds anything else."""
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise Refused(f"{folder} exists, but is not a folder", hint="Choose another one with `--into`.")
    if not folder.is_dir() or not any(folder.iterdir()):
        return False
    config = folder / ".git" / "config"
    known = None
    if config.is_file() and not config.is_symlink() and not (folder / ".git").is_symlink():
        with suppress(git.GitFailed):
            known = git.local(folder, "config", "--file", str(config), "remote.origin.url").decode().strip()
    if known == source.url:
        return True
    what = f"a clone of {shown(known)}" if known else "not empty"
    raise Refused(f"{folder} is {what}", hint="Choose another folder with `--into`.")


@contextmanager
def _made(folder: Path, *, keep: bool) -> Iterator[None]:
    """The folder, made where it is missing; what was made goes again when the clone fails."""
    existed = folder.is_dir()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise HiveMindError(
            f"cannot create {folder}: {error.strerror}", hint="Choose another folder with `--into`.",
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
