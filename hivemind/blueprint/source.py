"""Reads `hivemind.yaml`: text, data, and the place of every node."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from hivemind.blueprint.forms import secret_of
from hivemind.blueprint.masking import masked, starred
from hivemind.blueprint.yamltree import Path as NodePath
from hivemind.blueprint.yamltree import Span, lines_of, parse
from hivemind.values.defaults import BLUEPRINT_FILE
from hivemind.values.errors import FindingsError
from hivemind.values.exits import ExitCode
from hivemind.values.findings import Finding, Place, Severity

MAX_BYTES = 1_000_000

# All that YAML does not take as it stands; a class of all that it takes would cost ten times as much to compile.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufeff\ufffe\uffff]")
_BLANK = re.compile(r"(\s|#[^\n]*|---|\.\.\.)*")


@dataclass(frozen=True)
class Source:
    """A blueprint as read.

    path: as the user wrote it. data: plain mappings, lists, text, numbers. places: path of keys and
    indexes -> Span of that node. lines: the text's lines as findings show them, without secrets.
    """

    path: Path
    text: str
    data: Mapping[str, Any]
    places: Mapping[NodePath, Span]
    lines: tuple[str, ...] = field(repr=False, default=())

    def place(self, path: NodePath | str, *, key: bool = False) -> Place:
        """Where the node at `path` stands (its key with `key`); the nearest known node above it if it has none.

        path: keys and indexes, or dotted as in findings (`services.web.needs[0]`).
        """
        if isinstance(path, str) or path not in self.places:
            path = self.path_of(path if isinstance(path, str) else ".".join(str(part) for part in path))
        while path not in self.places and path:
            path, key = path[:-1], True
        span = self.places.get(path)
        if span is None:
            return Place(str(self.path))
        line, column, length = span.line, span.column, span.length
        if span.key is not None and (key or span.text is None):
            line, column, length = span.key
        excerpt = self.lines[line - 1] if line <= len(self.lines) else ""
        return Place(str(self.path), line, column, excerpt, length)

    def path_of(self, dotted: str) -> NodePath:
        """The path that a dotted one means. Names may have dots in them; items of a list of names are found by name."""
        here: Any = self.data
        path: NodePath = ()
        rest = dotted
        while rest:
            step = _step(here, rest)
            if step is None:
                return (*path, rest)
            part, rest = step
            path, here = (*path, part), here[part]
        return path

    def written(self, path: NodePath) -> str | None:
        """A scalar as it is written in the file, without quotes; None for anything else."""
        span = self.places.get(path)
        return span.text if span else None


def _step(here: Any, rest: str) -> tuple[str | int, str] | None:
    """The first part of a dotted path below `here`, and what is left of the path."""
    if isinstance(here, list):
        index = re.match(r"\[?(\d+)\]?(\.|(?=\[)|$)", rest)
        if index and int(index[1]) < len(here):
            return int(index[1]), rest[index.end() :]
        return (here.index(rest), "") if rest in here else None
    if not isinstance(here, Mapping):
        return None
    fitting = [key for key in here if rest == key or rest.startswith((f"{key}.", f"{key}["))]
    key = max(fitting, key=len, default=None)
    return None if key is None else (key, rest[len(key) :].removeprefix("."))


def load(path: Path) -> Source:
    """Reads a blueprint. Raises FindingsError with everything that is wrong with file and syntax."""
    return from_text(_decoded(_bytes(path), path), path)


def from_text(text: str, path: Path) -> Source:
    """The Source of a text; `path` is used for places only. Raises FindingsError."""
    text = text.removeprefix("\ufeff")
    file = str(path)
    if not text or _BLANK.fullmatch(text):
        raise _stop(
            "H005",
            "the file is empty",
            Place(file, 1, 1),
            "Start with `hivemind: 1` and `name: ...`, or run `hivemind init`.",
        )
    _refuse_control_characters(text, file)
    data, places = parse(text, file)
    lines = _shown(text, places)
    if not isinstance(data, dict):
        span = places[()]
        place = Place(file, span.line, span.column, lines[span.line - 1], span.length)
        kind = "a list" if isinstance(data, list) else "a single value"
        raise _stop(
            "H019",
            f"the file is {kind}; expected keys such as `name` and `services`",
            place,
            "Start the file with `hivemind: 1`.",
        )
    return Source(path, text, MappingProxyType(data), MappingProxyType(places), lines)


def _shown(text: str, places: Mapping[NodePath, Span]) -> tuple[str, ...]:
    """The lines without secrets: those that look like one, and what stands under `secrets` and is no reference."""
    lines = [masked(line) for line in lines_of(text)]
    for path, span in places.items():
        if span.text is not None and "secrets" in path[:-1] and secret_of(span.text) is None:
            lines[span.line - 1] = starred(lines[span.line - 1], span.column, span.length)
    return tuple(lines)


def _bytes(path: Path) -> bytes:
    place = Place(str(path))
    try:
        if path.is_dir():
            inside = path / BLUEPRINT_FILE
            hint = (
                f"Name the file: `{inside}`."
                if inside.is_file()
                else "Name a file, or run `hivemind init` in the directory."
            )
            raise _stop("H002", f"{path} is a directory; expected a file", Place(str(path), 1, 1), hint)
        if _leads_out(path):
            message = f"{path} is a link that leads out of its folder"
            raise _stop("H003", message, place, "Replace the link with the file. HiveMind does not read what it names.")
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise _missing(path, place) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "not a valid path"
        raise _stop("H003", f"cannot read {path}: {reason}", place, "Check the permissions of the file.") from None
    if len(raw) > MAX_BYTES:
        message = f"the file is larger than {MAX_BYTES // 1000} kB"
        raise _stop("H004", message, Place(str(path), 1, 1), "A blueprint has a few kB. Is this the right file?")
    return raw


def _leads_out(path: Path) -> bool:
    """Whether a file is a link to one elsewhere, whose lines no finding may show: a repository could name any."""
    if not path.is_symlink():
        return False
    real = path.resolve()
    return real.is_file() and not real.is_relative_to(path.parent.resolve())


def _missing(path: Path, place: Place) -> FindingsError:
    other = next(
        (path.with_name(name) for name in (BLUEPRINT_FILE, "hivemind.yml") if path.with_name(name).is_file()), None
    )
    hint = f"Did you mean {other}?" if other else "Create one with `hivemind init`."
    error = _stop("H001", f"no file {path}", place, hint)
    error.exit_code = ExitCode.NOT_FOUND
    return error


def _decoded(raw: bytes, path: Path) -> str:
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = raw[: error.start].decode("utf-8", "replace")
        lines = lines_of(before)
        whole = lines_of(raw.decode("utf-8", "replace"))
        column = len(lines[-1]) + 1
        place = Place(str(path), len(lines), column, masked(whole[len(lines) - 1]))
        message = f"byte 0x{raw[error.start]:02x} at offset {error.start} is not UTF-8"
        hint = "Save the file as UTF-8."
        raise _stop("H006", message, place, hint) from None


def _refuse_control_characters(text: str, file: str) -> None:
    match = _FORBIDDEN.search(text)
    if match is None:
        return
    before = lines_of(text[: match.start()])
    line = masked(lines_of(text)[len(before) - 1])
    shown = _FORBIDDEN.sub("\ufffd", line)
    place = Place(file, len(before), len(before[-1]) + 1, shown)
    message = f"character U+{ord(match.group()):04X} is not allowed"
    raise _stop("H007", message, place, "Remove it, or write it in double quotes as an escape: `\\x..`.")


def _stop(finding_id: str, message: str, place: Place, hint: str) -> FindingsError:
    return FindingsError([Finding(finding_id, Severity.ERROR, message, place, hint)])


def keys_of(path: str) -> tuple[str | int, ...]:
    """A dotted blueprint path (`services.web.env`) as keys."""
    return tuple(int(part) if part.isdigit() else part for part in path.split("."))
