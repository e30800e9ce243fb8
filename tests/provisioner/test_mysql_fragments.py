"""MySQL and MariaDB on RDS: engine, version, port, variables, price."""

from __future__ import annotations

from typing import Any

import pytest

from hivemind.agents.provisioner import hivemind_fragments
from hivemind.blueprint.engines import MARIADB, MYSQL, nearest_line
from hivemind.blueprint.model import Blueprint, DeploymentStage, Resource, Service
from hivemind.plan.costs.items import items
from hivemind.template.assemble import assemble
from hivemind.template.fragment import Assembly

pytestmark = pytest.mark.fast


def made(kind: str, stage: DeploymentStage = DeploymentStage.PRODUCTION, **options: Any) -> Assembly:
    services = {"web": Service("web", port=8000, needs=("db",))}
    blueprint = Blueprint("shop", services=services, resources={"db": Resource("db", kind, options)}, stage=stage)
    return assemble(blueprint, [("provisioner", hivemind_fragments(blueprint=blueprint))])


@pytest.mark.parametrize(("kind", "version"), [("mysql", "8.4"), ("mariadb", "11.4")])
def test_it_is_encrypted_private_snapshotted_and_of_its_engine(kind: str, version: str) -> None:
    database = made(kind).resources["DbDatabase"]
    assert (database["DeletionPolicy"], database["UpdateReplacePolicy"]) == ("Snapshot", "Snapshot")
    properties = database["Properties"]
    assert (properties["Engine"], properties["EngineVersion"], properties["Port"]) == (kind, version, "3306")
    assert properties["StorageEncrypted"] is properties["MultiAZ"] is properties["AutoMinorVersionUpgrade"] is True
    assert properties["PubliclyAccessible"] is False
    assert properties["EnableCloudwatchLogsExports"] == ["error"]
    (rule,) = made(kind).resources["DbDatabaseSecurityGroup"]["Properties"]["SecurityGroupIngress"]
    assert (rule["FromPort"], rule["ToPort"]) == (3306, 3306)


def test_an_exact_version_stays_what_it_is_and_stage_1_is_small() -> None:
    properties = made("mysql", DeploymentStage.STAGE_1, version="8.4.8").resources["DbDatabase"]["Properties"]
    assert properties["AutoMinorVersionUpgrade"] is False
    assert (properties["MultiAZ"], properties["BackupRetentionPeriod"]) == (False, 1)


@pytest.mark.parametrize("kind", ["mysql", "mariadb"])
def test_services_find_the_variables_of_mysql_clients(kind: str) -> None:
    env = made(kind, database="shop").bindings["db"].env
    assert env["DATABASE_URL"] == env["DB_URL"] == "mysql://{user}:{password}@{host}:{port}/shop"
    assert {name for name in env if name.startswith("MYSQL_")} == {
        "MYSQL_HOST", "MYSQL_PORT", "MYSQL_USER", "MYSQL_PASSWORD", "MYSQL_DATABASE",
    }  # fmt: skip


@pytest.mark.parametrize("kind", ["mysql", "mariadb"])
def test_its_price_is_its_own(kind: str) -> None:
    def month(of: str) -> float | None:
        return next(item.month for item in items(made(of).template) if item.what == "db.t3.micro")

    assert month(kind) == pytest.approx(0.017 * 730)
    assert month("postgres") == pytest.approx(0.018 * 730)
    assert next(item.month for item in items(made(kind, size="db.x2g.large").template) if "x2g" in item.what) is None


@pytest.mark.parametrize(
    ("version", "near"),
    [("8.4", None), ("8.0.46", None), ("8.4.99", None), ("8", "8.0"), ("8.5", "8.4"), ("5.7", "8.4"), ("new", "8.4")],
)
def test_versions_of_mysql(version: str, near: str | None) -> None:
    assert nearest_line(version, MYSQL) == near


@pytest.mark.parametrize(("version", "near"), [("11.4", None), ("10.11.19", None), ("11.5", "11.4"), ("v11.8", "11.8")])
def test_versions_of_mariadb(version: str, near: str | None) -> None:
    assert nearest_line(version, MARIADB) == near
