from __future__ import annotations

import pytest
from jsonschema import Draft202012Validator

from hivemind.agents.qa import hivemind_checks, hivemind_schema
from hivemind.agents.qa.written import seconds
from hivemind.blueprint.model import Check
from hivemind.checks.kinds import AccessCheck, DatabaseCheck, HttpCheck, PingCheck, RunningCheck, TlsCheck
from hivemind.releases.release import ServiceRelease
from hivemind.testing import release

pytestmark = pytest.mark.fast


def service(name: str = "web", **changes: object) -> ServiceRelease:
    values: dict[str, object] = {
        "name": name,
        "kind": "web",
        "url": "http://shop.localhost:8741",
        "host": None,
        "health_path": "/up",
        "instances": ("i-1",),
        "artifact": "a",
    }
    return ServiceRelease(**{**values, **changes})  # type: ignore[arg-type]


def test_every_web_service_is_asked_for_its_health_and_every_worker_must_stay_up() -> None:
    worker = service("worker", kind="worker", url=None, health_path=None)
    checks = hivemind_checks(release=release(services=(service(), service("api", health_path=None), worker)))
    assert checks == (HttpCheck("web", "/up", under=5), HttpCheck("api", "/", under=5), RunningCheck("worker"))


@pytest.mark.parametrize(
    ("path", "health", "asked", "refusing"),
    [
        ("/api/*", "/health", "/api/", True),
        ("/api/*", "/api/health", "/api/health", False),
        ("/api", "/apis", "/api", True),
        ("/*", "/up", "/up", False),
    ],
)
def test_a_routed_service_is_asked_where_its_route_leads(path: str, health: str, asked: str, refusing: bool) -> None:
    (check,) = hivemind_checks(release=release(services=(service(path=path, health_path=health),)))
    assert check == HttpCheck("web", asked, under=5, refusing=refusing)


def test_a_needed_database_is_logged_in_to() -> None:
    services = (service(needs=("db", "files")), service("idle", instances=(), url=None, needs=("old",)))
    resources = {"db": "postgres", "old": "postgres", "files": "a type of a plugin", "unused": "postgres"}
    checks = hivemind_checks(release=release(services=services, resources=resources))
    assert checks[1:] == (DatabaseCheck("db"),)


def test_a_needed_redis_is_asked_whether_it_is_there() -> None:
    services = (service(needs=("cache",)),)
    checks = hivemind_checks(release=release(services=services, resources={"cache": "redis", "unused": "redis"}))
    assert checks[1:] == (PingCheck("cache"),)


def test_certificates_of_https_listeners() -> None:
    services = (
        service(url="https://lb.example.com", host="shop.example.com"),
        service("api", url="https://x.org:8443"),
    )
    checks = hivemind_checks(release=release(services=services))
    assert checks[2:] == (
        TlsCheck("shop.example.com", 443, connect=("lb.example.com", 443)),
        TlsCheck("x.org", 8443, connect=("x.org", 8443)),
    )


def test_what_the_blueprint_says() -> None:
    written = (
        Check("http", {"http": "/up", "status": 201, "under": "300ms"}),
        Check("http", {"http": "/old", "redirect": "/new", "service": "api"}),
        Check("database", {"database": "db", "query": "select count(*) from orders", "expect": 3}),
        Check("tls", {"tls": "shop.example.com", "days": 30}),
        Check("queue", {"queue": "of another plugin"}),
    )
    checks = hivemind_checks(release=release(services=(service(), service("api", health_path="/")), checks=written))
    assert checks == (
        HttpCheck("web", "/up", status=201, under=0.3),
        HttpCheck("api", "/", under=5),
        HttpCheck("api", "/up", status=201, under=0.3),
        HttpCheck("api", "/old", redirect="/new"),
        DatabaseCheck("db", "select count(*) from orders", "3"),
        TlsCheck("shop.example.com", days=30),
    )


def test_the_schemas_take_their_own_examples() -> None:
    for kind, schema in hivemind_schema().checks.items():
        Draft202012Validator.check_schema(schema)
        for example in schema["examples"]:
            assert list(Draft202012Validator(schema).iter_errors(example)) == []
        assert list(Draft202012Validator(schema).iter_errors({kind: 5})) != []


@pytest.mark.parametrize(("text", "value"), [("300ms", 0.3), ("2s", 2), ("1.5s", 1.5)])
def test_times(text: str, value: float) -> None:
    assert seconds(text) == pytest.approx(value)


def test_what_is_reached_by_api_is_asked_for_by_each_service_that_needs_it() -> None:
    services = (
        service("web", needs=("files", "jobs", "news")),
        service("worker", kind="worker", url=None, needs=("jobs",)),
        service("idle", kind="worker", url=None, needs=("jobs",), instances=()),
    )
    resources = {"files": "bucket", "jobs": "queue", "news": "topic", "unused": "bucket"}
    checks = hivemind_checks(release=release(services=services, resources=resources))
    assert [check.name for check in checks if isinstance(check, AccessCheck)] == [
        "bucket files for web", "queue jobs for web", "topic news for web", "queue jobs for worker",
    ]  # fmt: skip
