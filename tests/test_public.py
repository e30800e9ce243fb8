"""The public surface: `hivemind.__all__`, `hivemind.testing.__all__`, and the version."""

from __future__ import annotations

import ast
import importlib
import subprocess
import sys
from pathlib import Path

import pytest

import hivemind
import hivemind.testing
from hivemind import pipeline

ROOT = Path(__file__).parents[1]
pytestmark = pytest.mark.fast


@pytest.mark.parametrize("module", ["hivemind", "hivemind.testing"])
def test_every_public_name_is_there_and_sorted(module: str) -> None:
    package = importlib.import_module(module)
    assert package.__all__ == sorted(package.__all__)
    for name in package.__all__:
        assert getattr(package, name) is not None


@pytest.mark.parametrize("module", ["hivemind", "hivemind.testing"])
def test_type_checkers_see_the_same_names(module: str) -> None:
    package = importlib.import_module(module)
    tree = ast.parse(Path(str(package.__file__)).read_text())
    block = next(node for node in tree.body if isinstance(node, ast.If))
    seen = {alias.name for node in ast.walk(block) if isinstance(node, ast.ImportFrom) for alias in node.names}
    assert seen == set(package.__all__)


def test_what_is_not_public_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        hivemind.nothing  # noqa: B018
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        hivemind.testing.nothing  # noqa: B018


def test_every_name_of_the_pipeline_is_where_type_checkers_see_it() -> None:
    tree = ast.parse(Path(str(pipeline.__file__)).read_text())
    block = next(node for node in tree.body if isinstance(node, ast.If))
    seen = {alias.name: node.module for node in block.body if isinstance(node, ast.ImportFrom) for alias in node.names}
    homes = next(node for node in ast.walk(tree) if isinstance(node, ast.Dict))
    for module, names in ast.literal_eval(homes).items():
        for name in names:
            assert seen[name] == f"hivemind.{module}"
            assert getattr(pipeline, name) is getattr(importlib.import_module(seen[name]), name)


def test_public_classes_are_documented() -> None:
    without = {
        name
        for name in hivemind.__all__
        if isinstance(getattr(hivemind, name), type) and not (getattr(hivemind, name).__doc__ or "").strip()
    }
    assert without == set()


def test_the_plugins_folder_uses_public_names_alone() -> None:
    found: set[str] = set()
    for path in (ROOT / "plugins").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "hivemind":
                if node.module not in {"hivemind", "hivemind.testing"}:
                    found.add(f"{path.name}: {node.module}")
            elif isinstance(node, ast.Import):
                found |= {f"{path.name}: {alias.name}" for alias in node.names if alias.name.startswith("hivemind.")}
    assert found == set()


def test_running_the_module_is_running_the_command() -> None:
    run = subprocess.run([sys.executable, "-m", "hivemind", "--version"], capture_output=True, text=True, check=True)
    assert run.stdout == f"hivemind {hivemind.__version__}\n"
