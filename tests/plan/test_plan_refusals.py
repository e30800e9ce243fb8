"""What cannot work is refused before anything happens; what is interrupted is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from hivemind.flow.checking import Checked
from hivemind.flow.planning import as_deployed
from hivemind.plan.make import make_plan
from hivemind.plan.model import Action, Basis, Plan, Snapshot
from hivemind.plan.refusals import refused_replacements
from hivemind.plan.show import lines
from hivemind.testing import checked, hello, plugins_of

pytestmark = pytest.mark.fast


def project(folder: Path, service: str = "", more: str = "") -> Checked:
    files = hello("shop", service=service, more=more)
    (folder / "app.py").write_text(files["app.py"])
    return checked(folder, files["hivemind.yaml"], plugins_of(), lint=False)


def written(resource: str, name: str, value: str) -> str:
    """An override of a property."""
    return f"overrides:\n  - {{op: add, path: /Resources/{resource}/Properties/{name}, value: {value}}}\n"


def deployed(before: Checked) -> Snapshot:
    ids = {name: f"id-{name}" for name in before.assembly.resources}
    return Snapshot(Basis.LIVE, "arn", "CREATE_COMPLETE", before.assembly.template, physical_ids=ids, revision=1)


def plan(after: Checked, snapshot: Snapshot) -> Plan:
    return make_plan(after.blueprint, after.assembly, snapshot, {}, "", region="us-east-1", cloud="aws")


def refusals(after: Checked, snapshot: Snapshot) -> list[tuple[str, str | None]]:
    return [(one.id, one.path) for one in refused_replacements(plan(after, snapshot), after.assembly, snapshot)]


def test_another_network_is_refused_beside_what_cannot_move(tmp_path: Path) -> None:
    snapshot = deployed(project(tmp_path, "needs: [db]", "resources: {db: postgres}\n"))
    after = project(tmp_path, "needs: [db]", "resources: {db: postgres}\nnetwork: {cidr: 10.20.0.0/16}\n")
    (found,) = refused_replacements(plan(after, snapshot), after.assembly, snapshot)
    assert (found.id, found.path, found.severity.value) == ("H454", "network.cidr", "error")
    assert "a load balancer and a database" in found.message


def test_a_resource_with_a_fixed_name_is_not_replaced(tmp_path: Path) -> None:
    snapshot = deployed(project(tmp_path))
    key = written("SSHKeyPair", "KeyType", "ed25519")
    assert refusals(project(tmp_path, more=key), snapshot) == [("H455", "overrides.0")]
    renamed = key + written("SSHKeyPair", "KeyName", "other").removeprefix("overrides:\n")
    assert refusals(project(tmp_path, more=renamed), snapshot) == []


def test_another_key_pair_replaces_all_instances_at_once_and_the_plan_says_so(tmp_path: Path) -> None:
    snapshot = deployed(project(tmp_path, "instances: 2"))
    renamed = written("SSHKeyPair", "KeyName", "other")
    made = plan(project(tmp_path, "instances: 2", renamed), snapshot)
    (found,) = made.interruptions
    assert found.reason == "SSHKeyPair is replaced, and all its instances at once with it"
    assert f"services.web does not answer for about {found.minutes} minutes, because {found.reason}." in lines(made)


@pytest.mark.parametrize(
    ("service", "more", "reason"),
    [
        ("port: 9000", "", "its target group is replaced"),
        ("size: t3.large", "", "its only instance is stopped and started again"),
    ],
)
def test_what_interrupts_a_service_is_said(tmp_path: Path, service: str, more: str, reason: str) -> None:
    snapshot = deployed(project(tmp_path))
    files = hello("shop", more=more)
    text = files["hivemind.yaml"].replace(
        "    port: 8000\n", f"    port: 8000\n    {service}\n" if "port" not in service else f"    {service}\n"
    )
    after = checked(tmp_path, text, plugins_of(), lint=False)
    (found,) = plan(after, snapshot).interruptions
    assert found.reason.startswith(reason)


def test_a_service_that_takes_the_place_of_another_is_said(tmp_path: Path) -> None:
    snapshot = deployed(project(tmp_path))
    text = hello("shop")["hivemind.yaml"].replace("  web:\n", "  site:\n")
    after = checked(tmp_path, text, plugins_of(), lint=False)
    (found,) = plan(after, snapshot).interruptions
    assert found.of == "services.site"
    assert "takes the place of a service that is deleted" in found.reason


def test_a_database_that_changes_its_size_is_interrupted(tmp_path: Path) -> None:
    small = "resources: {db: {type: postgres, size: db.t3.micro}}\n"
    snapshot = deployed(project(tmp_path, "needs: [db]", small))
    after = project(tmp_path, "needs: [db]", small.replace("micro", "small"))
    (found,) = plan(after, snapshot).interruptions
    assert (found.of, found.reason) == ("resources.db", "DBInstanceClass changes")


def test_tags_that_cannot_change_stay_and_replace_nothing(tmp_path: Path) -> None:
    snapshot = deployed(project(tmp_path, "instances: 2"))
    after = as_deployed(project(tmp_path, "instances: 2", "tags: {team: shop}\n"), snapshot)
    made = plan(after, snapshot)
    assert made.changes
    assert {change.action for change in made.changes} == {Action.UPDATE}
    assert "SSHKeyPair" not in {change.logical_id for change in made.changes}
    assert made.interruptions == ()


def test_instances_that_change_in_turn_are_said(tmp_path: Path) -> None:
    snapshot = deployed(project(tmp_path, "instances: 3"))
    after = project(tmp_path, "instances: 3\ndisk: 20")
    made = make_plan(after.blueprint, after.assembly, snapshot, {"web": "new"}, "", region="us-east-1", cloud="aws")
    assert "services.web: 3 of 3 instances change, at most 1 at a time; the others serve." in lines(made)
    assert not any("does not answer" in line for line in lines(made))


def test_a_disk_is_replaced_unless_only_its_end_changes(tmp_path: Path) -> None:
    snapshot = deployed(project(tmp_path))
    kept = (
        "{DeviceName: /dev/xvda, Ebs: {VolumeType: gp3, VolumeSize: 16, Encrypted: true, DeleteOnTermination: false}}"
    )
    for text, action in ((kept, Action.UPDATE), (kept.replace("16", "20"), Action.REPLACE)):
        more = written("WebInstance1", "BlockDeviceMappings", f"[{text}]")
        (change,) = plan(project(tmp_path, more=more), snapshot).changes
        assert change.action is action
