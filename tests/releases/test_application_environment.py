from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hivemind.blueprint.model import Blueprint, SecretReference, Service, ServiceKind, Timeouts
from hivemind.hosts.onhost.request import parse
from hivemind.releases.application_environment import install_requests, service_environment, with_release_command
from hivemind.releases.bindings import fill
from hivemind.releases.secret_values import SecretValues, marks
from hivemind.template.fragment import Binding
from hivemind.values.artifact import Artifact, Platform, Provenance
from hivemind.values.errors import StageError

OUTPUTS = {"DbHost": "db.internal", "DbPort": "5432", "DbSecretArn": "arn:db"}
SECRETS = SecretValues(
    {("arn:db", "username"): "app", ("arn:db", "password"): "p@ss/w:rd", ("ssm:/shop/key", None): "k"}
)


def binding(resource: str = "db") -> Binding:
    return Binding(
        resource,
        env={
            "DATABASE_URL": "postgresql://{user}:{password}@{host}:{port}/app",
            f"{resource.upper()}_PASSWORD": "{password}",
            "PGHOST": "{host}",
        },
        outputs={"host": "DbHost", "port": "DbPort"},
        secrets={"user": ("DbSecretArn", "username"), "password": ("DbSecretArn", "password")},
    )


def artifact(service: str = "web", runtime: str = "python 3.11", **changes: object) -> Artifact:
    values: dict[str, object] = {"start": "serve", "env": {"RUNTIME": "1", "LEVEL": "artifact"}, **changes}
    return Artifact(service, "a" * 64, Path("/a.tar.gz"), 1, runtime, Provenance(None, False, "0"), **values)  # type: ignore[arg-type]


def variables(service: Service, bindings: Mapping[str, Binding] | None = None) -> dict[str, str]:
    found = service_environment(service, artifact(), bindings or {"db": binding()}, OUTPUTS, SECRETS)
    return dict(found.variables)


@pytest.mark.fast
def test_what_is_needed_is_in_the_environment() -> None:
    found = variables(Service("web", needs=("db",)))
    assert found["DATABASE_URL"] == "postgresql://app:p%40ss%2Fw%3Ard@db.internal:5432/app"
    assert found["DB_PASSWORD"] == "p@ss/w:rd"
    assert found["PGHOST"] == "db.internal"
    assert found["PORT"] == "8000"


@pytest.mark.fast
def test_limits_and_data_reach_the_installer() -> None:
    service = Service("web", data=("db.sqlite3",), timeouts=Timeouts(start=180, release=3600))
    blueprint = Blueprint("shop", services={"web": service})
    request = install_requests(blueprint, {"web": artifact()}, {}, OUTPUTS, SECRETS, revision="r1")["web"]
    assert (request.ready_timeout, request.release_timeout, request.data) == (180, 3600, ("db.sqlite3",))
    assert parse(json.loads(request.as_json())) == replace(request, env=dict(request.env))


@pytest.mark.fast
def test_variables_of_its_own_may_refer_to_what_is_needed() -> None:
    own = {"PROD_DB_HOST": "$PGHOST", "PROD_DB_PASS": "${DB_PASSWORD}", "AT": "tcp:$PGHOST/x", "PRICE": "$5 $HOME"}
    service = Service("web", needs=("db",), env=own)
    found = service_environment(service, artifact(), {"db": binding()}, OUTPUTS, SECRETS)
    assert {name: found.variables[name] for name in own} == {
        "PROD_DB_HOST": "db.internal",
        "PROD_DB_PASS": "p@ss/w:rd",
        "AT": "tcp:db.internal/x",
        "PRICE": "$5 $HOME",
    }
    assert "PROD_DB_PASS" in found.hidden
    assert "PROD_DB_HOST" not in found.hidden


@pytest.mark.fast
def test_a_dollar_and_a_brace_stay_what_they_are() -> None:
    own = {"JSON": '{"host":"$PGHOST"}', "LITERAL": "$$DB_PASSWORD"}
    found = service_environment(Service("web", needs=("db",), env=own), artifact(), {"db": binding()}, OUTPUTS, SECRETS)
    assert (found.variables["JSON"], found.variables["LITERAL"]) == ('{"host":"db.internal"}', "$DB_PASSWORD")
    assert "LITERAL" not in found.hidden


@pytest.mark.fast
@pytest.mark.parametrize(
    ("runtime", "needs", "own", "mode"),
    [
        ("node 22.1.0", ("db",), {}, "no-verify"),
        ("node 22.1.0", ("db",), {"PGSSLMODE": "verify-full"}, "verify-full"),
        ("node 22.1.0", (), {}, None),
        ("python 3.11", ("db",), {}, None),
    ],
)
def test_clients_of_node_are_told_to_encrypt(
    runtime: str, needs: tuple[str, ...], own: dict[str, str], mode: str | None
) -> None:
    service = Service("web", needs=needs, env=own)
    found = service_environment(service, artifact(runtime=runtime), {"db": binding()}, OUTPUTS, SECRETS).variables
    assert found.get("PGSSLMODE") == mode
    assert ("PGSSL" in found) == (mode is not None)


@pytest.mark.fast
def test_what_is_not_needed_is_not() -> None:
    assert variables(Service("worker", kind=ServiceKind.WORKER)) == {"RUNTIME": "1", "LEVEL": "artifact"}


@pytest.mark.fast
def test_precedence() -> None:
    service = Service(
        "web",
        needs=("db",),
        port=3000,
        env={"PGHOST": "mine", "LEVEL": "blueprint", "KEY": "plain"},
        secrets={"KEY": SecretReference("ssm", "/shop/key")},
    )
    found = service_environment(service, artifact(), {"db": binding()}, OUTPUTS, SECRETS)
    assert found.variables["PGHOST"] == "mine"
    assert found.variables["LEVEL"] == "blueprint"
    assert found.variables["KEY"] == "k"
    assert found.variables["PORT"] == "3000"
    assert found.hidden == ("DATABASE_URL", "DB_PASSWORD", "KEY")


@pytest.mark.fast
def test_the_first_need_gives_shared_names() -> None:
    first = Binding("one", env={"DATABASE_URL": "first://"})
    second = Binding("two", env={"DATABASE_URL": "second://", "TWO_URL": "second://"})
    found = variables(Service("web", needs=("one", "two")), {"one": first, "two": second})
    assert (found["DATABASE_URL"], found["TWO_URL"]) == ("first://", "second://")


@pytest.mark.property
@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_any_password_survives_a_url(password: str) -> None:
    url = urlsplit(fill("postgresql://{user}:{password}@h:1/d", {"user": "u", "password": password}, "db"))
    assert unquote(url.password or "") == password
    assert fill("{password}", {"password": password}, "db") == password


@pytest.mark.fast
def test_a_missing_output_names_the_resource() -> None:
    with pytest.raises(StageError, match="no output 'DbHost' for db") as caught:
        service_environment(Service("web", needs=("db",)), artifact(), {"db": binding()}, {}, SECRETS)
    assert caught.value.path == "resources.db"


@pytest.mark.fast
def test_requests_show_no_secret() -> None:
    web = Service("web", needs=("db",), release="migrate", os="host")
    worker = Service("worker", kind=ServiceKind.WORKER, os="host")
    platform = Platform("host", "x86_64", (2, 36), (("3.12", "python3.12"), ("3.11", "/opt/python3.11")), None)
    requests = install_requests(
        Blueprint("shop", services={"web": web, "worker": worker}),
        {"web": artifact(), "worker": artifact("worker", "node 20")},
        {"db": binding()},
        OUTPUTS,
        SECRETS,
        revision="r12",
        platforms={"host": platform},
    )
    assert "p@ss" not in repr(requests)
    assert "p%40" not in repr(requests)
    assert requests["web"].release == "r12-aaaaaaaaaaaa"
    assert (requests["web"].python, requests["web"].interpreters) == ("3.11", ("/opt/python3.11",))
    assert (requests["web"].port, requests["worker"].port) == (8000, None)
    assert requests["worker"].python is None
    assert requests["web"].release_command is None
    assert with_release_command(requests["web"], web, artifact()).release_command == "migrate"
    assert with_release_command(requests["web"], web, artifact(release="own")).release_command == "own"


@pytest.mark.fast
def test_marks_take_the_place_of_secrets_in_the_same_environment() -> None:
    own = {"STRIPE": SecretReference("secretsmanager", "shop/stripe", "live")}
    service = Service("web", needs=("db",), secrets=own, env={"OTHER": "$DATABASE_URL"})
    values, sources = marks(Blueprint("shop", services={"web": service}), {"db": binding()}, OUTPUTS, "web")
    found = service_environment(service, artifact(), {"db": binding()}, OUTPUTS, values)
    password = next(mark for mark, source in sources.items() if source["key"] == "password")
    stripe = next(mark for mark, source in sources.items() if source["key"] == "live")
    assert sources[password] == {"store": "secretsmanager", "name": "arn:db", "key": "password"}
    assert sources[stripe] == {"store": "secretsmanager", "name": "shop/stripe", "key": "live"}
    assert found.variables["DB_PASSWORD"] == f"{password}/"
    assert found.variables["STRIPE"] == f"{stripe}/"
    assert f":{password}%2F@db.internal" in found.variables["OTHER"], "in an address, values are percent-encoded"
    assert set(found.hidden) == {"DATABASE_URL", "DB_PASSWORD", "OTHER", "STRIPE"}


@pytest.mark.fast
def test_a_generated_secret_is_marked_by_the_secret_that_the_stack_made() -> None:
    own = {"SECRET_KEY": SecretReference("generated", "SECRET_KEY")}
    shop = Blueprint("shop", services={"web": Service("web", secrets=own)})
    values, sources = marks(shop, {}, {"SecretDashKeyGeneratedSecretArn": "arn:made"}, "web")
    assert list(sources.values()) == [{"store": "secretsmanager", "name": "arn:made", "key": None}]
    assert values.of(own["SECRET_KEY"]) == f"{next(iter(sources))}/"
