"""What an apply would do, by what stands: nothing yet, the same, other code, another template."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from hivemind.flow.checking import Checked, check
from hivemind.flow.planning import as_deployed, planned
from hivemind.plan.model import NOTHING, Basis, Plan, Snapshot
from hivemind.plugins.loading import load
from hivemind.testing.project import hello
from hivemind.values.artifact import LOCAL, Platform, machine_here
from hivemind.values.errors import FindingsError

pytestmark = pytest.mark.fast
PYTHON = (f"{sys.version_info[0]}.{sys.version_info[1]}", sys.executable)


def machine(*pythons: tuple[str, str]) -> Callable[[str, str], Platform]:
    """Instances with these versions of Python."""
    return lambda system, size: Platform(LOCAL, machine_here(), None, pythons, None)


PLATFORM = machine(PYTHON)


def checked(folder: Path, **changes: str) -> Checked:
    for name, text in hello("shop", **changes).items():
        (folder / name).write_text(text)
    return check(folder / "hivemind.yaml", load(third_party=False), lint=False)


def plan(
    of: Checked,
    snapshot: Snapshot = NOTHING,
    *,
    again: bool = False,
    platform: Callable[[str, str], Platform] = PLATFORM,
) -> Plan:
    _, made, _ = planned(of, snapshot, platform, region="eu-west-1", cloud="local", made_at="", again=again)
    return made


def deployed(of: Checked) -> Snapshot:
    """What stands once a plan was carried out."""
    _, made, sources = planned(of, NOTHING, PLATFORM, region="eu-west-1", cloud="local", made_at="")
    return Snapshot(
        Basis.LIVE,
        "arn:stack",
        "CREATE_COMPLETE",
        of.assembly.template,
        artifacts={name: source.digest for name, source in sources.items()},
        parts={name: source.parts for name, source in sources.items()},
        revision=made.revision,
    )


def test_where_nothing_stands_all_is_made_and_released(tmp_path: Path) -> None:
    made = plan(checked(tmp_path))
    assert (made.name, made.revision, made.basis) == ("shop", 1, Basis.NONE)
    assert [(one.service, one.needed) for one in made.releases] == [("web", True)]
    assert {one.action.value for one in made.changes} == {"create"}
    assert not made.empty


def test_where_the_same_stands_there_is_nothing_to_do(tmp_path: Path) -> None:
    of = checked(tmp_path)
    made = plan(of, deployed(of))
    assert made.empty
    assert (made.changes, [one.needed for one in made.releases]) == ((), [False])


def test_again_releases_what_stands(tmp_path: Path) -> None:
    of = checked(tmp_path)
    made = plan(of, deployed(of), again=True)
    assert (made.changes, [one.needed for one in made.releases], made.again) == ((), [True], True)
    assert made.revision == 2


def test_other_code_is_released_and_the_stack_stays(tmp_path: Path) -> None:
    stands = deployed(checked(tmp_path))
    (tmp_path / "app.py").write_text("print('another')\n")
    made = plan(check(tmp_path / "hivemind.yaml", load(third_party=False), lint=False), stands)
    assert (made.changes, [one.needed for one in made.releases], made.revision) == ((), [True], 2)


def test_another_template_changes_the_stack(tmp_path: Path) -> None:
    stands = deployed(checked(tmp_path))
    made = plan(checked(tmp_path, service="instances: 2"), stands)
    assert "create" in {one.action.value for one in made.changes}
    assert any(one.logical_id.startswith("WebInstance2") for one in made.changes)


def test_what_could_not_run_on_the_instances_is_refused(tmp_path: Path) -> None:
    of = checked(tmp_path)
    with pytest.raises(FindingsError) as raised:
        plan(of, platform=machine())
    (error,) = raised.value.findings
    assert (error.id, error.path) == ("H501", "services.web.runtime")


def test_the_plan_s_digest_is_of_what_it_does(tmp_path: Path) -> None:
    of = checked(tmp_path)
    first, later = plan(of), replace(plan(of), made_at="2026-11-30T00:00:00+00:00")
    assert first.digest == later.digest
    assert plan(checked(tmp_path, service="env: {GREETING: other}")).digest != first.digest


def test_tags_that_cannot_change_are_those_that_are_deployed(tmp_path: Path) -> None:
    of = checked(tmp_path)
    assert as_deployed(of, NOTHING).assembly.template == of.assembly.template
    assert as_deployed(of, deployed(of)).assembly.template == of.assembly.template
