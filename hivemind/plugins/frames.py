"""Where in a plugin's own code something happened: its file and line, never HiveMind's."""

from __future__ import annotations

import linecache
import sys
import traceback
from collections.abc import Iterable
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from types import CodeType
from typing import TextIO

from hivemind.values.findings import Place


@dataclass(frozen=True)
class PluginCode:
    """A plugin's code. roots: its package's folder, or its file. given: its file as the user named it, None for a
    package. definition: the first line of what was called."""

    roots: tuple[str, ...]
    given: str | None = None
    definition: Place | None = None

    def holds(self, file: str) -> bool:
        return any(file == root or file.startswith(f"{root}/") for root in self.roots)

    def place(self, file: str, line: int | None) -> Place:
        """A line of this code, with its text."""
        excerpt = linecache.getline(file, line).rstrip("\r\n") if line else ""
        return Place(self._named(file), line, None, excerpt or None)

    def short(self, place: Place) -> str:
        """`plugin.py:7`, or `package/part.py:7`, of a place: enough for whoever wrote it."""
        roots = sorted((root for root in self.roots if place.file.startswith(f"{root}/")), key=len)
        below = Path(place.file).relative_to(Path(roots[0]).parent) if roots else Path(Path(place.file).name)
        return f"{below}:{place.line}" if place.line else str(below)

    def innermost(self, stack: Iterable[traceback.FrameSummary]) -> Place | None:
        """The last place of this code in a stack."""
        own = [frame for frame in stack if self.holds(frame.filename)]
        return self.place(own[-1].filename, own[-1].lineno) if own else None

    def place_of(self, error: BaseException) -> Place | None:
        """The line of this code that an exception came from; what was called, where no frame of it is left."""
        if isinstance(error, SyntaxError) and error.filename and self.holds(error.filename):
            excerpt = (error.text or "").rstrip("\r\n") or None
            return Place(self._named(error.filename), error.lineno, error.offset or None, excerpt)
        return self.innermost(traceback.extract_tb(error.__traceback__)) or self.definition

    def _named(self, file: str) -> str:
        return self.given if self.given and file == str(Path(self.given).absolute()) else file


def origin(module: str, called: object = None) -> PluginCode:
    """The code of a plugin. module: dotted name, `name:attribute`, or a file. called: a function or object of it."""
    given = module if module.endswith(".py") else None
    roots = {str(Path(given).absolute()), given} if given else set(_roots(module.partition(":")[0]))
    code: CodeType | None = getattr(getattr(called, "__func__", called), "__code__", None)
    if code is None:
        roots |= set(_roots(type(called).__module__)) if called is not None else set()
        return PluginCode(tuple(sorted(roots)), given)
    own = PluginCode(tuple(sorted(roots)), given)
    if not own.holds(code.co_filename):
        own = replace(own, roots=(*own.roots, code.co_filename))
    return replace(own, definition=own.place(code.co_filename, code.co_firstlineno))


def _roots(module: str) -> Iterable[str]:
    """Built-in agents live in a package of HiveMind, which is not theirs as a whole."""
    name = module if module.startswith("hivemind.") else module.partition(".")[0]
    found = sys.modules.get(name)
    if found is None:
        yield from _roots_of_spec(name)
        return
    yield from (str(folder) for folder in getattr(found, "__path__", ()))
    file = getattr(found, "__file__", None)
    if file and not hasattr(found, "__path__"):
        yield file


def _roots_of_spec(name: str) -> Iterable[str]:
    """Of a module whose import failed, so that Python has forgotten it."""
    try:
        spec = find_spec(name) if name.isidentifier() else None
    except (ImportError, ValueError):
        return
    if spec is not None:
        yield from spec.submodule_search_locations or ([spec.origin] if spec.origin else [])


def text_of(error: BaseException) -> str:
    """An exception's text on one line: `KeyError: 'size'`."""
    try:
        text = " ".join((error.msg if isinstance(error, SyntaxError) else str(error)).split())
    except Exception:  # noqa: BLE001 - an exception of a plugin's own can fail at its own text
        text = "(its message cannot be read)"
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def show(error: BaseException, code: PluginCode, stream: TextIO) -> None:
    """Prints an exception's traceback from the first frame of a plugin's code on, for its author."""
    whole = traceback.TracebackException.from_exception(error)
    own = [number for number, frame in enumerate(whole.stack) if code.holds(frame.filename)]
    if own:
        del whole.stack[: own[0]]
    stream.write("".join(whole.format()))
    stream.flush()
