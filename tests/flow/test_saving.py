"""What a plan for AWS says of what could cost less, and of a way out that is closed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from hivemind.flow.checking import Checked, check
from hivemind.flow.clouds import stock_platforms
from hivemind.flow.planning import planned
from hivemind.plan.model import NOTHING, Basis, Plan, Snapshot
from hivemind.plan.show import lines
from hivemind.plugins.loading import load
from hivemind.values.findings import Finding, Severity

pytestmark = pytest.mark.fast

APP = "from flask import Flask\napp = Flask(__name__)\n\n@app.get('/health')\ndef health():\n    return 'ok'\n"
SERVICE = "services:\n  web: {runtime: python 3.11, start: gunicorn app:app, port: 8000, instances: 2}\n"
Plans = Callable[..., tuple[dict[str, Finding], Plan]]


@pytest.fixture
def plan_of(tmp_path: Path) -> Plans:
    def make(
        more: str = "", packages: str = "flask\ngunicorn\n", service: str = SERVICE, cloud: str = "aws",
        standing: bool = False,
    ) -> tuple[dict[str, Finding], Plan]:  # fmt: skip
        (tmp_path / "requirements.txt").write_text(packages)
        (tmp_path / "app.py").write_text(APP)
        (tmp_path / "hivemind.yaml").write_text(f"hivemind: 1\nname: shop\n{more}\n{service}")
        checked = check(tmp_path / "hivemind.yaml", load(third_party=False), lint=False)
        snapshot = NOTHING
        if standing:
            snapshot = Snapshot(Basis.LIVE, status="UPDATE_COMPLETE", template=checked.assembly.template, revision=1)
        return _planned(checked, snapshot, cloud)

    return make


def _planned(checked: Checked, snapshot: Snapshot, cloud: str) -> tuple[dict[str, Finding], Plan]:
    platform = stock_platforms(local=False)
    checked, plan, _ = planned(checked, snapshot, platform, region="us-east-1", cloud=cloud, made_at="")
    return {finding.id: finding for finding in checked.findings}, plan


def test_an_application_that_calls_nothing_is_told_what_its_way_out_costs(plan_of: Plans) -> None:
    found, plan = plan_of()
    assert found["H447"].severity is Severity.INFO
    assert "costs about $36.50 a month" in found["H447"].message
    assert "security updates" in (found["H447"].hint or ""), "what is lost is said with what is saved"
    assert any("H447  nothing in shop seems to call" in line for line in lines(plan))


@pytest.mark.parametrize(
    ("more", "packages", "service"),
    [
        ("", "flask\nstripe\n", SERVICE),
        ("", "flask\nunheard-of\n", SERVICE),
        ("", "flask\n", SERVICE.replace("instances: 2", "env: {PARTNER: 'https://partner.test/api'}")),
        ("", "flask\n", SERVICE.replace("instances: 2", "secrets: {PARTNER_TOKEN: 'ssm:/shop/partner'}")),
        ("", "flask\n", SERVICE.replace("gunicorn app:app", "curl -O https://a.test/x && gunicorn app:app")),
        ("environments: {production: {stage: stage-1}}", "flask\n", SERVICE),
        ("network: {egress: none}", "flask\n", SERVICE),
        ("", "flask\n", SERVICE + "  other: {runtime: shell, start: ./run, kind: worker, path: other}\n"),
    ],
)
def test_nothing_is_proposed_where_something_calls_or_may_call_out(
    plan_of: Plans, tmp_path: Path, more: str, packages: str, service: str
) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other/run").write_text("#!/bin/sh\nexec sleep 9\n")
    found, _ = plan_of(more, packages, service)
    assert "H447" not in found


@pytest.mark.parametrize("secret", ["SECRET_KEY: 'ssm:/shop/key'", "CUPBOARD: generate"])
def test_secrets_of_the_application_itself_need_no_way_out(plan_of: Plans, secret: str) -> None:
    found, _ = plan_of(service=SERVICE.replace("instances: 2", f"secrets: {{{secret}}}"))
    assert "H447" in found


def test_a_closed_way_out_is_a_warning_for_what_calls_out(plan_of: Plans) -> None:
    found, _ = plan_of("network: {egress: none}", "flask\nstripe\nboto3\n")
    assert found["H448"].severity is Severity.WARNING
    assert "(stripe in requirements.txt:2 and 1 more)" in found["H448"].message
    assert found["H448"].place is not None
    assert found["H448"].place.line == 3
    found, _ = plan_of("network: {egress: none}", "flask\n")
    assert "H448" not in found


def test_graviton_sizes_are_proposed_with_what_they_save(plan_of: Plans) -> None:
    found, plan = plan_of()
    assert "2 t4g.micro with a Graviton processor costs about $12.26 a month, $2.92 less" in found["H449"].message
    assert found["H449"].severity is Severity.INFO
    assert sum("H449" in line for line in lines(plan)) == 1
    database = "resources:\n  db: {type: postgres, multi_az: false}\n"
    _, plan = plan_of(database, service=SERVICE.replace("instances: 2", "needs: [db], size: t4g.micro"))
    (said,) = [line for line in lines(plan) if "H449" in line]
    assert "resources.db: db.t4g.micro with a Graviton processor costs about $11.68 a month, $1.46 less" in said


@pytest.mark.parametrize(
    "service",
    [
        SERVICE.replace("instances: 2", "size: t4g.small"),
        SERVICE.replace("instances: 2", "size: u7i-12tb.224xlarge"),
        "services:\n  web: {runtime: shell, build: make, start: ./server, port: 8000}\n",
    ],
    ids=["has one", "price not known", "own commands"],
)
def test_no_size_is_proposed_that_saves_nothing_or_that_this_machine_cannot_build_for(
    plan_of: Plans, service: str
) -> None:
    found, _ = plan_of(service=service)
    assert "H449" not in found


def test_nothing_is_proposed_for_what_stands_nor_in_the_local_cloud(plan_of: Plans) -> None:
    found, plan = plan_of(standing=True)
    assert not {"H447", "H449"} & set(found)
    assert plan.cost is not None
    assert plan.cost.proposals == ()
    found, plan = plan_of(cloud="local")
    assert not {"H447", "H448", "H449"} & set(found)
    assert plan.cost is None


def test_a_new_production_is_told_what_stage_1_would_cost(plan_of: Plans) -> None:
    _, plan = plan_of()
    assert plan.cost is not None
    assert plan.cost.in_stage_1 == pytest.approx(plan.cost.monthly - 36.5 + 2 * 3.65)
    _, cheap = plan_of("environments: {production: {stage: stage-1}}")
    assert cheap.cost is not None
    assert cheap.cost.in_stage_1 is None
    assert cheap.cost.monthly == plan.cost.in_stage_1
