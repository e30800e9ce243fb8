"""The compiler as one file: HiveMind's own modules that it takes, and the few distributions that they take.

All of it is Python's own language, so that it runs on any system and processor that has Python 3.11 or later.
"""

from __future__ import annotations

import ast
import functools
import importlib.metadata
import importlib.util
from collections.abc import Iterator
from pathlib import Path

from hivemind.hosts.program import Program, program
from hivemind.values.version import __version__

_ROOT = Path(__file__).parents[4]
"""The folder that `hivemind` lies in."""
_COMPILER, _ENGINE = "hivemind/agents/compiler", "hivemind/builds"
_NEEDS = {"packaging": "packaging", "semantic_version": "semantic-version", "yaml": "PyYAML"}
"""Package that the compiler imports -> its distribution. zstandard is left out, as it is compiled: see `pack`."""
_EMPTY = ("hivemind/agents/__init__.py", f"{_COMPILER}/__init__.py")
"""Modules that only say what plugins are called here."""
_MAIN = "import sys\nfrom hivemind.agents.compiler.remote.there import main\nsys.exit(main())\n"
_THERE = frozenset({"__init__.py", "there.py", "request.py"})
"""Modules beside this one that are for the instance."""
_HERE = frozenset({"hooks.py", "steps.py"})
"""Modules of the compiler that are for this machine alone."""


@functools.cache
def bundle() -> Program:
    """The compiler of this version of HiveMind."""
    files = {name: (_ROOT / name).read_bytes() for name in _modules()}
    files |= {"__main__.py": _MAIN.encode(), "hivemind/__init__.py": f'__version__ = "{__version__}"\n'.encode()}
    files |= dict.fromkeys(_EMPTY, b"")
    for package, distribution in _NEEDS.items():
        files |= dict(_distribution(package, distribution))
    return program("compiler", files)


def _distribution(package: str, name: str) -> Iterator[tuple[str, bytes]]:
    """A distribution's modules, and what it says of itself, which some ask for when they are imported."""
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError(package)
    folder = Path(spec.submodule_search_locations[0])
    for path in folder.rglob("*.py"):
        yield f"{package}/{path.relative_to(folder).as_posix()}", path.read_bytes()
    version = importlib.metadata.version(name)
    said = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    yield f"{package}-{version}.dist-info/METADATA", said.encode()


def _modules() -> set[str]:
    """The compiler's modules, and those of HiveMind that they import, at once or in a function."""
    own = [
        path
        for path in (_ROOT / _COMPILER).rglob("*.py")
        if path.name in _THERE or (path.parent.name != "remote" and path.name not in _HERE)
    ]
    own += (_ROOT / _ENGINE).rglob("*.py")
    waiting = [path.relative_to(_ROOT).as_posix() for path in own]
    found: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name in found or name == "hivemind/__init__.py":
            continue
        found.add(name)
        if name not in _EMPTY:
            waiting += _imported(name)
        waiting += [f"{folder}/__init__.py" for folder in map(str, Path(name).parents) if folder != "."]
    return found


def _imported(name: str) -> Iterator[str]:
    for module in _names(ast.parse((_ROOT / name).read_bytes())):
        path = module.replace(".", "/")
        yield from (one for one in (f"{path}.py", f"{path}/__init__.py") if (_ROOT / one).is_file())


def _names(node: ast.AST) -> Iterator[str]:
    """Modules of ours that are imported, or may be: what is imported from a package can be one."""
    if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
        return
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names if alias.name.startswith("hivemind."))
    elif isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "hivemind":
        yield node.module
        yield from (f"{node.module}.{alias.name}" for alias in node.names)
    for child in ast.iter_child_nodes(node):
        yield from _names(child)
