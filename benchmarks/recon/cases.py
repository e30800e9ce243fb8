"""Cases: repositories as the names of their files and the contents of their manifests, with the answers known."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

_LONGEST_NAME = 200


@dataclass(frozen=True)
class Case:
    """id: as in the file. tree: paths. manifests: path -> content. expected: field -> answer, None where unknown.
    group: cases with one group have the same main manifests. stated: whether `expected` is complete (what a
    repository states of itself), so that an empty answer means that there is nothing."""

    id: str
    tree: tuple[str, ...]
    manifests: Mapping[str, str]
    expected: Mapping[str, Any]
    group: str
    start_kind: str | None
    static_build: bool
    stated: bool
    inside: str
    """The folder of the case in its repository, where it is not the top."""
    left_out: str | None
    """Why a case is no case for pure detection; None where it is one."""


def read(paths: Iterable[Path]) -> Iterator[tuple[str, list[Case]]]:
    """Name and cases of each JSON Lines file, folders for all such files in them."""
    for path in paths:
        for file in sorted(path.rglob("*.jsonl")) if path.is_dir() else [path]:
            lines = [line for line in file.read_text(encoding="utf-8").splitlines() if line.strip()]
            cases = [_case(json.loads(line)) for line in lines]
            if cases:
                yield file.name, cases


def lay_out(case: Case, folder: Path) -> None:
    """The contents that a case has, as files in an empty folder. Files of its tree whose contents it does not have are
    not there: an empty file is no file that anybody has."""
    for name, text in case.manifests.items():
        inside = PurePosixPath(name)
        if inside.is_absolute() or ".." in inside.parts or any(len(part) > _LONGEST_NAME for part in inside.parts):
            continue
        path = folder / inside
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8", errors="surrogateescape", newline="")
        except (OSError, UnicodeError):
            continue  # a file and a folder of one name: a link in the original


def names_a_source(case: Case, label: str) -> bool:
    """Whether a label names a file of the tree, or a Python module, whose contents the case does not have: from its
    manifests alone, nobody can say it."""
    words = {word.removeprefix("./") for word in re.split(r"[\s\"'=:;()]+", label)}
    for file in set(case.tree) - case.manifests.keys():
        stem = re.sub(r"(?:/(?:index|__init__|__main__))?\.\w+$", "", file)
        if not words.isdisjoint({file, stem, stem.replace("/", ".")}):
            return True
    return False


def _case(raw: dict[str, Any]) -> Case:
    expected = raw.get("expected") or {}
    return Case(
        id=str(raw["id"]),
        tree=tuple(raw.get("tree") or ()),
        manifests=raw.get("manifests") or {},
        expected=expected,
        group=str(raw.get("dup_group") or raw["id"]),
        start_kind=raw.get("start_kind"),
        static_build=bool(raw.get("serves_static_build")),
        stated="app_kind" in expected,
        inside=str(raw.get("subdir") or "").strip("/"),
        left_out=_left_out(raw, expected),
    )


def _left_out(raw: Mapping[str, Any], expected: Mapping[str, Any]) -> str | None:
    if raw.get("given_env"):
        return "variables of the other platform decide"
    if raw.get("peer_config_files"):
        return "configuration of the other platform decides"
    if expected.get("deployable") is False and raw.get("platform_policy_error"):
        return "a policy of the other platform"
    return None
