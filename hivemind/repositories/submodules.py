"""Submodules, cloned as the repository itself is: by our own hand, since git's would believe `.gitmodules`."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from hivemind.repositories import git
from hivemind.repositories.address import Address, address, shown
from hivemind.repositories.checkout import Bounds, checked_out, prepared
from hivemind.repositories.tree import Tree
from hivemind.values.errors import HiveMindError

_MOST = 20
_DEEPEST = 3


@dataclass(frozen=True)
class Parent:
    """The repository that has submodules. folder: of its clone. depth: how many repositories it is inside of."""

    source: Address
    folder: Path
    commit: str
    depth: int = 0


def add_submodules(parent: Parent, tree: Tree, bounds: Bounds, say: Callable[[str], None]) -> list[str]:
    """Clones the submodules of a commit into their folders; returns a sentence for each that was left out.

    One that leads to this machine's own files is followed only where the repository itself is one of them.
    """
    if parent.depth >= _DEEPEST:
        return [f"skipped submodules nested more than {_DEEPEST} deep"]
    urls = _urls(parent)
    left = []
    for path, wanted in sorted(tree.submodules.items())[:_MOST]:
        try:
            reason = _add(parent, path, wanted, urls.get(path), bounds, say)
        except HiveMindError as error:
            reason = error.message
        except git.GitFailed as error:
            reason = " ".join(error.words.split())[-200:]
        if reason:
            left.append(f"skipped submodule {path}: {reason}")
    if len(tree.submodules) > _MOST:
        left.append(f"skipped {len(tree.submodules) - _MOST} submodules: HiveMind clones at most {_MOST}")
    return left


def _add(  # noqa: PLR0917 - one call
    parent: Parent, path: str, wanted: str, url: str | None, bounds: Bounds, say: Callable[[str], None]
) -> str | None:
    if not url:
        return "it has no URL"
    own = address(_absolute(parent.source, url))
    if own.local and not parent.source.local:
        return f"{shown(url)} is a folder on this machine"
    folder = parent.folder / path
    if not folder.resolve().is_relative_to(parent.folder.resolve()):
        return "its folder is outside of the repository"
    updated = (folder / ".git").is_dir() and not (folder / ".git").is_symlink()
    folder.mkdir(parents=True, exist_ok=True)
    prepared(own, folder, updated=updated)
    say(f"Cloning submodule {path} from {own.shown}")
    inner, remarks = checked_out(own, folder, wanted, bounds)
    if inner.submodules:
        remarks += add_submodules(Parent(own, folder, wanted, parent.depth + 1), inner, bounds, say)
    return "; ".join(remarks) or None


def _urls(parent: Parent) -> dict[str, str]:
    """Path -> URL, as `.gitmodules` of the commit has them. No other setting in it is read."""
    try:
        named_in = f"{parent.commit}:.gitmodules"
        out = git.local(parent.folder, "config", "--blob", named_in, "-z", "--get-regexp", r"^submodule\.")
    except git.GitFailed:
        return {}
    named: dict[str, dict[str, str]] = {}
    for entry in out.decode("utf-8", errors="replace").split("\0"):
        key, _, value = entry.partition("\n")
        matched = re.fullmatch(r"submodule\.(.+)\.(path|url)", key, re.DOTALL)
        if matched:
            named.setdefault(matched[1], {})[matched[2]] = value
    return {each["path"]: each["url"] for each in named.values() if "path" in each and "url" in each}


def _absolute(source: Address, url: str) -> str:
    """A submodule's URL beginning with ./ or ../ is relative to that of the repository."""
    if not url.startswith(("./", "../")):
        return url
    scheme, separator, rest = source.url.partition("://")
    before, slash, path = rest.partition("/") if separator else source.url.partition(":")
    joined = posixpath.normpath(posixpath.join("/", path, url)).lstrip("/")
    return f"{scheme}://{before}/{joined}" if separator else f"{before}{slash}{joined}"
