"""Which commit of a repository is meant: its default branch, or a branch, tag or commit by name."""

from __future__ import annotations

import re
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from hivemind.repositories import git, refusals
from hivemind.repositories.address import Address
from hivemind.text.suggest import did_you_mean, listed
from hivemind.values.errors import HiveMindError
from hivemind.values.exits import ExitCode

_COMMIT = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")
_SECONDS = 10.0
_ASKING_SECONDS = 120.0
"""Where a person may be asked for a password."""


@dataclass(frozen=True)
class Ref:
    """wanted: full name or commit id, as the server knows it. shown: as people say it."""

    wanted: str
    shown: str

    @property
    def is_commit(self) -> bool:
        return _COMMIT.fullmatch(self.wanted) is not None


def choose(source: Address, ref: str | None) -> Ref:
    """The ref to fetch. Raises HiveMindError: nothing there, no access, empty, no default branch, no such ref."""
    known, default = _advertised(source)
    if ref is not None and _COMMIT.fullmatch(ref):
        return Ref(ref, ref[:12])
    if not known:
        raise HiveMindError(
            f"the repository {source.shown} is empty: it has no commit",
            hint="Push something to it first.",
            exit_code=ExitCode.NOT_FOUND,
        )
    names = [_short(name) for name in known]
    if ref is None:
        if default is not None and default in known:
            return Ref(default, _short(default))
        pointed = f" (its HEAD names {_short(default)}, which does not exist)" if default else ""
        raise HiveMindError(
            f"the repository {source.shown} has no default branch{pointed}",
            hint=f"Choose one with `--ref NAME`: {listed(names)}.",
            exit_code=ExitCode.NOT_FOUND,
        )
    for candidate in (ref, f"refs/heads/{ref}", f"refs/tags/{ref}", f"refs/{ref}"):
        if candidate in known:
            return Ref(candidate, ref)
    near = did_you_mean(ref, names)
    hint = near or f"Branches and tags: {listed(names)}."
    if re.fullmatch(r"[0-9a-f]{7,39}", ref):
        hint = f"Write the full commit id of 40 digits: `git rev-parse {ref}` prints it."
    raise HiveMindError(f'{source.shown} has no branch, tag or commit "{ref}"', hint=hint, exit_code=ExitCode.NOT_FOUND)


def _advertised(source: Address) -> tuple[frozenset[str], str | None]:
    """Names of the branches and tags, and of the default branch."""
    seconds = _ASKING_SECONDS if sys.stdin.isatty() else _SECONDS
    with tempfile.TemporaryDirectory() as nowhere:
        try:
            out = git.remote(Path(nowhere), "ls-remote", "--symref", "--", source.url, seconds=seconds)
        except git.GitFailed as error:
            raise refusals.meaning(source, error.words) from None
        except git.TooLarge:
            raise HiveMindError(
                f"the list of branches of {source.shown} is too long",
                hint="Is this the address of a git repository?",
                exit_code=ExitCode.REFUSED,
            ) from None
    known: dict[str, str] = {}
    default = None
    for line in out.decode("utf-8", errors="replace").splitlines():
        first, _, name = line.partition("\t")
        if name == "HEAD" and first.startswith("ref: "):
            default = first.removeprefix("ref: ")
        elif name.startswith(("refs/heads/", "refs/tags/")) and not name.endswith("^{}") and name.isprintable():
            known[name] = first
        elif name == "HEAD" and default is None:
            known["HEAD"] = first
    if default is None and "HEAD" in known:
        # Servers without symbolic refs, and a HEAD that stands on a commit: the branch on the same commit, or HEAD.
        commit = known.pop("HEAD")
        default = next((name for name in sorted(known) if known[name] == commit), None)
    known.pop("HEAD", None)
    return frozenset(known), default


def _short(name: str) -> str:
    return name.removeprefix("refs/heads/").removeprefix("refs/tags/")
