"""From a valid text to the Blueprint: short forms, defaults, environments, origins."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from hivemind.blueprint.model import Blueprint, DeploymentStage, Health, Origin, Route, SecretReference, ServiceKind
from hivemind.machine import shipped
from hivemind.values.findings import Finding

pytestmark = pytest.mark.fast
Build = Callable[..., Blueprint]
HEAD = "hivemind: 1\nname: shop\n"


def test_smallest(build: Build) -> None:
    blueprint = build(HEAD + "services:\n  web:\n")
    assert (blueprint.name, blueprint.environment, blueprint.stack_name) == ("shop", "production", "shop-production")
    assert blueprint.stage is DeploymentStage.PRODUCTION
    assert blueprint.require_clean is False
    assert (blueprint.services["web"].instances, blueprint.services["web"].kind) == (1, None)


def test_short_and_long_forms_are_one(build: Build) -> None:
    short = build(
        HEAD
        + "services:\n  web: {health: /up, needs: db, routes: [X.org/api/*, /b, y.org]}\nresources: {db: postgres}\n"
        "network: {ssh_from: 10.1.0.0/16}\nplugins: [slack]\n"
    )
    long = build(
        HEAD + "services:\n  web:\n    health: {path: /up}\n    needs: [db]\n"
        "    routes: [{host: x.org, path: /api/*}, {path: /b}, {host: y.org}]\n"
        "resources: {db: {type: postgres}}\nnetwork: {ssh_from: [10.1.0.0/16]}\nplugins: {slack: }\n"
    )
    assert short.services == long.services
    assert short.resources == long.resources
    assert short.network == long.network
    assert short.plugins == long.plugins == {"slack": {}}
    assert short.services["web"].routes == (Route("x.org", "/api/*"), Route(None, "/b"), Route("y.org", None))


def test_variables_are_text_as_written(build: Build) -> None:
    text = HEAD + "services: {web: {env: {A: 3.10, B: true, C: 1e3, D: 12:30, E: on, F: ''}}}"
    assert build(text).services["web"].env == {"A": "3.10", "B": "true", "C": "1e3", "D": "12:30", "E": "on", "F": ""}


def test_null_leaves_a_variable_unset_in_any_environment(build: Build) -> None:
    text = HEAD + "services: {web: {env: {A: null, B: b, C: ~}}}\n"
    text += "environments: {staging: {services: {web: {env: {B: null, A: a}}}}}\n"
    web = build(text).services["web"]
    assert (dict(web.env), web.unset) == ({"B": "b"}, ("A", "C"))
    web = build(text, environment="staging").services["web"]
    assert (dict(web.env), web.unset) == ({"A": "a"}, ("B", "C"))


def test_keys_of_ones_own_hold_what_anchors_name(build: Build) -> None:
    blueprint = build(HEAD + "x-small: &small {instances: 2}\nservices:\n  web:\n    <<: *small\n")
    assert blueprint.services["web"].instances == 2


def test_secrets(build: Build) -> None:
    text = HEAD + "services: {web: {secrets: {A: 'ssm:/a/b', B: 'secretsmanager:c/d', C: 'secretsmanager:e#f'}}}"
    assert build(text).services["web"].secrets == {
        "A": SecretReference("ssm", "/a/b"),
        "B": SecretReference("secretsmanager", "c/d"),
        "C": SecretReference("secretsmanager", "e", "f"),
    }


def test_defaults_of_resource_types_are_filled_in(build: Build) -> None:
    text = HEAD + "services: {web: {}}\nresources: {db: {type: postgres, storage: 50}}"
    blueprint = build(text)
    assert blueprint.resources["db"].options == {
        "version": "16", "size": "db.t3.micro", "storage": 50, "backup": {"days": 7},
    }  # fmt: skip
    assert blueprint.origins["resources.db.storage"] == Origin("blueprint", "hivemind.yaml:4")
    assert blueprint.origins["resources.db.size"].kind == "default"


def test_checks_keep_their_entry_and_kind(build: Build) -> None:
    text = HEAD + "services: {web: {needs: db}}\nresources: {db: postgres}\nchecks: [{http: /up}, {database: db}]"
    http, database = build(text).checks
    assert (http.kind, dict(http.options)) == ("http", {"http": "/up"})
    assert (database.kind, dict(database.options)) == ("database", {"database": "db", "query": "select 1"})


OVERLAID = (
    HEAD
    + """\
region: eu-west-1
services:
  web: {health: /up, env: {A: a, B: b}, routes: [x.org], size: t3.small}
  worker: {kind: worker}
resources: {db: postgres}
environments:
  production: {stage: production}
  staging:
    stage: stage-1
    region: us-east-1
    services:
      web: {health: {interval: 10}, env: {B: c, A: null}, routes: [y.org], size: null}
      worker: null
    resources: {db: {storage: 30}}
"""
)


def test_environment_merges_replaces_and_removes(build: Build) -> None:
    blueprint = build(OVERLAID, "staging")
    web = blueprint.services["web"]
    assert blueprint.stage is DeploymentStage.STAGE_1
    assert blueprint.region == "us-east-1"
    assert set(blueprint.services) == {"web"}
    assert web.health == Health(path="/up", interval=10)
    assert (web.env, web.routes, web.size) == ({"B": "c"}, (Route("y.org"),), "t3.micro")
    assert blueprint.resources["db"].options["storage"] == 30


def test_origins_point_to_where_a_value_really_stands(build: Build) -> None:
    origins = build(OVERLAID, "staging").origins
    assert origins["services.web.health.path"].evidence == "hivemind.yaml:5"
    assert origins["services.web.health.interval"].evidence == "hivemind.yaml:14"
    assert origins["region"].evidence == "hivemind.yaml:12"
    assert origins["stage"].evidence == "hivemind.yaml:11"
    assert origins["resources.db.type"].evidence == "hivemind.yaml:7"
    assert origins["services.web.size"].kind == "default"
    assert origins["services.web.instances"].kind == "default"


def test_clean_work_tree_is_required_where_production_is_declared(build: Build) -> None:
    assert build(OVERLAID).require_clean is True
    assert build(OVERLAID, "staging").require_clean is False
    assert build(HEAD + "services: {web: {}}\nenvironments: {production: {}}").require_clean is False
    assert build(HEAD + "services: {web: {}}\nrequire_clean: true").require_clean is True


def test_kind_of_a_service(build: Build) -> None:
    service = build(HEAD + "services: {docs: {kind: static, static: build}}").services["docs"]
    assert (service.kind, service.static_dir) == (ServiceKind.STATIC, "build")


def test_values_are_frozen(build: Build) -> None:
    blueprint = build(OVERLAID)
    with pytest.raises(TypeError):
        blueprint.services["x"] = blueprint.services["web"]  # type: ignore[index]


def test_example_says_every_key_and_is_valid(build: Build, remarks: Callable[..., tuple[Finding, ...]]) -> None:
    text = (shipped.folder("schemas").parent / "hivemind.yaml.example").read_text(encoding="utf-8")
    text = text.replace("  - {tls: shop.example.com, days: 14}\n", "").replace(
        "status: 200, under: 300ms", "service: web"
    )
    text = text.replace("service: web, service: web", "service: web")
    assert remarks(text) == ()
    blueprint = build(text, "staging")
    assert set(blueprint.services) == {"web", "worker"}
    assert blueprint.certificate is None


def test_numbers_with_a_point_are_whole_numbers_in_the_end(build: Build) -> None:
    port = build(HEAD + "services: {web: {port: 8000.0}}").services["web"].port
    assert isinstance(port, int)


def test_path_of_the_shipped_folders() -> None:
    assert (shipped.folder("schemas") / "blueprint.schema.json").is_file()
    with pytest.raises(FileNotFoundError):
        shipped.folder("nothing")
    assert Path(shipped.folder("schemas")).is_absolute()
