"""Who may import whom: the contracts of import-linter in pyproject.toml."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).parents[1]


def test_import_directions_hold() -> None:
    program = "from importlinter.cli import lint_imports; import sys; sys.exit(lint_imports(no_cache=True))"
    run = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr


def test_the_contracts_name_modules_that_exist() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    named = {
        name
        for contract in contracts
        for key in ("source_modules", "forbidden_modules", "ancestors")
        for name in contract.get(key, ())
    }
    missing = {
        name
        for name in named
        if name.startswith("hivemind.")
        and not (ROOT / name.replace(".", "/")).is_dir()
        and not (ROOT / (name.replace(".", "/") + ".py")).is_file()
    }
    assert missing == set()


def test_no_module_imports_itself_through_others() -> None:
    """The linter compares siblings; a package and a module in it are none. Imports for types alone count."""
    graph = grimp.build_graph("hivemind", exclude_type_checking_imports=False, cache_dir=None)
    order = TopologicalSorter({name: graph.find_modules_directly_imported_by(name) for name in graph.modules})
    try:
        order.prepare()
    except CycleError as error:
        pytest.fail("each is imported by the next: " + ", ".join(error.args[1]))


def test_no_two_test_files_have_one_name() -> None:
    """Without packages, pytest imports test files by their bare names."""
    names = [path.name for path in (ROOT / "tests").rglob("test_*.py")]
    assert sorted(names) == sorted(set(names))
