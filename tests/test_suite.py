"""The suite about itself: its budget, its parts and how its tests are given to workers (suite.toml)."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import budget
import pytest

pytestmark = pytest.mark.fast
ROOT = Path(__file__).parents[1]
MODULES = sorted(str(path.relative_to(ROOT)) for path in (ROOT / "tests").rglob("test_*.py"))
HEAVY = re.compile(r"^(?:import|from) (?:boto3|dspy|moto)\b", re.MULTILINE)
IMPORTS = re.compile(r"^(?:from|import) (\w+)", re.MULTILINE)
WIDE = re.compile(r'scope="(module|class)"')


def places() -> list[str]:
    read = budget.read()
    lists = (read["distribution"]["apart"], *read["distribution"]["together"].values(), *read["stress"].values())
    return [place for places in lists for place in places]


@pytest.mark.parametrize("place", places())
def test_every_place_is_there(place: str) -> None:
    path, _, name = place.partition("::")
    assert (ROOT / path).exists()
    assert not name or f"def {name}(" in (ROOT / path).read_text()


@pytest.mark.parametrize("module", [one for one in MODULES if WIDE.search((ROOT / one).read_text())])
def test_what_a_module_makes_once_is_made_by_one_worker(module: str) -> None:
    assert len({budget.together(f"{module}::test_{name}") for name in ("a", "b[1]")}) == 1


@pytest.mark.parametrize("folder", sorted({Path(one).parent for one in MODULES}), ids=str)
def test_a_folder_runs_by_itself(folder: Path) -> None:
    """What its modules import of other folders is found without these having been collected."""
    read = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["pytest"]["ini_options"]
    reached = [ROOT / folder, ROOT / "tests", *(ROOT / one for one in read["pythonpath"])]
    homes: dict[str, set[Path]] = {}
    for path in (ROOT / "tests").rglob("*.py"):
        if not path.name.startswith("test_"):
            homes.setdefault(path.stem, set()).add(path.parent)
    imported = {name for path in (ROOT / folder).glob("*.py") for name in IMPORTS.findall(path.read_text())}
    assert {name for name in imported & homes.keys() if homes[name].isdisjoint(reached)} == set()


def _importable(path: Path) -> str:
    """By which name a module of tests finds another."""
    return path.parent.name if path.with_name("__init__.py").exists() else path.stem


def test_no_module_of_tests_loads_what_takes_long() -> None:
    """Every worker imports every module of tests, also those of which it runs none."""
    texts = {(_importable(path), path.read_text()) for path in (ROOT / "tests").rglob("*.py")}
    heavy = {name for name, text in texts if HEAVY.search(text)}
    while more := {name for name, text in texts if not heavy.isdisjoint(IMPORTS.findall(text))} - heavy:
        heavy |= more
    assert {"room", "tunnels"} <= heavy
    assert {name for name in heavy if name.startswith(("test_", "conftest"))} == set()


@pytest.mark.parametrize("fixture", ["deployed", "pair", "standing"])
def test_what_is_deployed_for_many_is_deployed_by_one_worker(fixture: str) -> None:
    asking = re.compile(rf"^def (test_\w+)\([^)]*\b{fixture}: ", re.MULTILINE)
    found = {
        f"{module}::{name}"
        for module in MODULES
        if module.startswith(("tests/cli/", "tests/e2e/"))
        for name in asking.findall((ROOT / module).read_text())
    }
    assert found
    assert {name for name in found if budget.together(name) != fixture} == set()


def test_times_are_added_up_by_area_and_shared_by_the_workers() -> None:
    spent = budget.spent([("tests/e2e/a.py::b", 4.0), ("tests/e2e/a.py::b", 2.0), ("tests/plan/c.py::d", 3.0)], 3)
    assert (spent["e2e"], spent["rest"], spent["local"]) == (2.0, 1.0, 0.0)
    shown = list(budget.table({"areas": {**spent, "e2e": 1000.0}, "seconds": 1.0}))
    assert [line for line in shown if line.endswith("over")] == [line for line in shown if line.startswith("e2e")]


def test_the_areas_fit_in_what_is_aimed_at() -> None:
    read = budget.read()
    assert sum(read["areas"].values()) <= read["time"]["aim"] < read["time"]["limit"] <= 300


def test_a_run_over_the_limit_fails(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    limit = budget.read()["time"]["limit"]
    for seconds, code in ((limit - 1.0, 0), (limit + 1.0, 1)):
        kept = tmp_path / "durations"
        kept.write_text(json.dumps({"seconds": seconds, "areas": dict.fromkeys(budget.read()["areas"], 1.0)}))
        assert budget.main(kept) == code
        assert "make test" in capsys.readouterr().out
