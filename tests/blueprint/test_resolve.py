from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from hivemind.blueprint.model import Blueprint, Health, Resource, Route, SecretReference, Service, ServiceKind
from hivemind.blueprint.resolve import Sighting, resolve
from hivemind.detections.detection import Detection, Precedence
from hivemind.values.findings import Finding, Severity

pytestmark = pytest.mark.fast
CODE, DECLARED = Precedence.CODE, Precedence.DECLARED


def saw(field: str, value: str | int, precedence: Precedence = DECLARED, **more: object) -> Sighting:
    settled: dict[str, object] = {"file": "f", "line": 3, "language": "python", **more}
    return "recon", Detection(field, value, precedence=precedence, **settled)  # type: ignore[arg-type]


LANGUAGE = saw("language", "python")
START = saw("start", "gunicorn app:app --bind 0.0.0.0:$PORT", file="Procfile", line=1)


def one(
    *sightings: Sighting, service: Service | None = None, resources: Mapping[str, Resource] | None = None
) -> tuple[Blueprint, Service, tuple[Finding, ...]]:
    blueprint = Blueprint("x", services={"web": service or Service("web")}, resources=resources or {})
    filled, findings = resolve(blueprint, {"web": sightings})
    return filled, filled.services["web"], findings


def test_fills_what_is_open_and_says_from_where() -> None:
    blueprint, web, findings = one(
        LANGUAGE,
        START,
        saw("runtime_version", "3.12", file=".python-version", line=1),
        saw("install", "pip install -r requirements.txt"),
        saw("health_path", "/up"),
        saw("kind", "web"),
    )
    assert findings == ()
    assert (web.runtime, web.start, web.port, web.health.path) == ("python 3.12", START[1].value, 8000, "/up")
    assert web.install == "pip install -r requirements.txt"
    assert web.kind is ServiceKind.WEB
    assert blueprint.origins["services.web.runtime"].evidence == ".python-version:1"
    assert blueprint.origins["services.web.start"].kind == "recon"
    assert blueprint.origins["services.web.port"].evidence == "$PORT in Procfile:1"
    assert blueprint.origins["services.web.health.path"].evidence == "f:3"


def test_blueprint_values_win() -> None:
    said = Service("web", runtime="python 3.11", start="mine", port=99, install="i", kind=ServiceKind.WORKER)
    blueprint, web, _ = one(LANGUAGE, START, saw("port", 1), saw("kind", "web"), saw("install", "x"), service=said)
    assert (web.runtime, web.start, web.port, web.install, web.kind) == (
        "python 3.11",
        "mine",
        99,
        "i",
        ServiceKind.WORKER,
    )
    assert "services.web.start" not in blueprint.origins


def test_other_languages_do_not_mix_in() -> None:
    _, web, _ = one(
        LANGUAGE,
        START,
        saw("language", "node", confidence=0.5, language="node"),
        saw("start", "node a.js", Precedence.DECLARED_FOR_PRODUCTION, language="node"),
        saw("build", "npm run build", language="node"),
    )
    assert web.start == START[1].value
    assert web.build is None


def test_a_runtime_in_the_blueprint_decides_the_language() -> None:
    _, web, _ = one(
        LANGUAGE, START, saw("start", "node a.js", language="node"), service=Service("web", runtime="node 20")
    )
    assert web.start == "node a.js"
    assert web.port == 3000


def test_precedence_then_confidence() -> None:
    _, web, _ = one(LANGUAGE, saw("start", "guess", CODE), saw("start", "unsure", confidence=0.5), saw("start", "sure"))
    assert web.start == "sure"


@pytest.mark.parametrize(
    ("start", "ports", "port"),
    [
        ("serve", [saw("port", 5000, CODE)], 5000),
        ("serve --port $PORT", [saw("port", 5000, CODE)], 5000),
        ("serve --port $PORT", [saw("port", 5000, Precedence.CONVENTION)], 8000),
        ("serve", [saw("port", 5000, Precedence.CONVENTION)], 5000),
        ("serve", [], 8000),
    ],
)
def test_port(start: str, ports: list[Sighting], port: int) -> None:
    assert one(LANGUAGE, saw("start", start), *ports)[1].port == port


def test_a_needed_database_is_added_once() -> None:
    blueprint, web, _ = one(LANGUAGE, START, saw("need", "postgres"), saw("need", "postgres", CODE, file="g"))
    assert web.needs == ("db",)
    assert blueprint.resources["db"].type == "postgres"
    assert blueprint.origins["resources.db"].evidence == "f:3"


def test_a_resource_of_the_type_is_used() -> None:
    blueprint, web, _ = one(LANGUAGE, START, saw("need", "postgres"), resources={"main": Resource("main", "postgres")})
    assert web.needs == ("main",)
    assert set(blueprint.resources) == {"main"}


@pytest.mark.parametrize("kind", ["mysql", "mariadb"])
def test_mysql_and_mariadb_fulfil_one_need(kind: str) -> None:
    blueprint, web, findings = one(LANGUAGE, START, saw("need", "mysql"), resources={"main": Resource("main", kind)})
    assert (web.needs, web.needed_types, findings) == (("main",), {"main": kind}, ())
    assert set(blueprint.resources) == {"main"}
    said = saw("server", "mariadb") if kind == "mariadb" else saw("server", "other")
    blueprint, web, _ = one(LANGUAGE, START, saw("need", "mysql"), said)
    assert (web.needs, blueprint.resources["db"].type) == (("db",), kind)


def test_two_services_share_the_added_database() -> None:
    blueprint = Blueprint("x", services={"a": Service("a"), "b": Service("b")})
    filled, _ = resolve(blueprint, dict.fromkeys("ab", (LANGUAGE, START, saw("need", "postgres"))))
    assert [filled.services[name].needs for name in "ab"] == [("db",), ("db",)]
    assert list(filled.resources) == ["db"]


def test_redis_becomes_a_cache_and_its_variables_are_set() -> None:
    """Names of the application's own are told which of HiveMind's to take."""
    names = ("REDIS_URL", "CACHE_URL", "CELERY_BROKER_URL", "REDIS_PASSWORD", "DATABASE_URL")
    blueprint, web, findings = one(
        LANGUAGE, START, saw("need", "redis"), *(saw("env_required", name) for name in names)
    )
    assert (web.needs, blueprint.resources["cache"]) == (("cache",), Resource("cache", "redis"))
    hints = {each.message.split()[2]: each.hint for each in findings}
    assert hints == {
        "CELERY_BROKER_URL": "Add to services.web: `env: {CELERY_BROKER_URL: $REDIS_URL}`.",
        "DATABASE_URL": "Add to services.web: `env: {DATABASE_URL: VALUE}`.",
    }


def test_needs_in_the_blueprint_are_the_last_word() -> None:
    said = Service("web", needs=("cache",))
    blueprint, web, _ = one(
        LANGUAGE, START, saw("need", "postgres"), service=said, resources={"cache": Resource("cache", "redis")}
    )
    assert web.needs == ("cache",)
    assert set(blueprint.resources) == {"cache"}


def test_what_nothing_provides_is_a_warning() -> None:
    _, web, findings = one(LANGUAGE, START, saw("need", "mongodb"))
    assert web.needs == ()
    assert [(each.id, each.severity) for each in findings] == [("H303", Severity.WARNING)]


def test_no_start_command_is_an_error_that_says_what_to_write() -> None:
    _, _, (finding,) = one()
    assert (finding.id, finding.severity, finding.path) == ("H301", Severity.ERROR, "services.web")
    assert "start: COMMAND" in str(finding.hint)


@pytest.mark.parametrize(
    ("language", "example"),
    [("python", "gunicorn app:app"), ("node", "node server.js"), ("go", "./server"), ("gleam", "COMMAND")],
)
def test_the_example_of_a_start_command_is_one_of_the_language(language: str, example: str) -> None:
    _, _, (finding,) = one(saw("language", language, language=language))
    assert finding.id == "H301"
    assert (finding.hint or "").endswith(example) or example in (finding.hint or "")
    assert "gunicorn" not in (finding.hint or "") or language == "python"


@pytest.mark.parametrize(
    ("start", "hint"),
    [
        ("gunicorn app:app", "runtime: python"),
        ("npm start", "runtime: node"),
        ("/usr/bin/java -jar a.jar", "runtime: java"),
        ("./server --port $PORT", "runtime: LANGUAGE"),
    ],
)
def test_a_start_command_without_a_runtime_is_an_error(start: str, hint: str) -> None:
    _, _, (finding,) = one(service=Service("web", start=start))
    assert (finding.id, finding.severity, finding.path) == ("H306", Severity.ERROR, "services.web")
    assert hint in (finding.hint or "")


def test_a_start_command_with_a_runtime_is_enough() -> None:
    assert one(service=Service("web", start="./server", runtime="go"))[2] == ()


@pytest.mark.parametrize(("kind", "said"), [("library", "a library"), ("cli", "a command-line tool")])
def test_a_library_is_told_apart(kind: str, said: str) -> None:
    _, _, (finding,) = one(LANGUAGE, saw("kind", kind))
    assert finding.id == "H302"
    assert said in finding.message


def test_static_pages() -> None:
    _, web, findings = one(
        saw("language", "static", language="static"),
        saw("kind", "static", language="static"),
        saw("static_dir", "public", language="static"),
    )
    assert findings == ()
    assert (web.kind, web.runtime, web.static_dir, web.port) == (ServiceKind.STATIC, "static", "public", 8080)


def test_a_variable_that_nothing_sets() -> None:
    wanted = [saw("env_required", name) for name in ("SECRET_KEY", "STRIPE_SECRET_KEY", "LEVEL", "SET", "KEPT")]
    said = Service("web", env={"SET": "1"}, secrets={"KEPT": SecretReference("ssm", "/a")})
    _, _, findings = one(LANGUAGE, START, *wanted, service=said)
    assert [each.hint for each in findings] == [
        "Add to services.web: `env: {LEVEL: VALUE}`.",
        "Add to services.web: `secrets: {SECRET_KEY: generate}`.",
        "Add to services.web: `secrets: {STRIPE_SECRET_KEY: ssm:/NAME}`.",
    ]


def test_a_worker_has_no_port() -> None:
    _, web, findings = one(LANGUAGE, saw("kind", "worker"), saw("start", "python bot.py"))
    assert (web.kind, web.port, findings) == (ServiceKind.WORKER, None, ())


@pytest.mark.parametrize("said", [{"port": 8000}, {"health": Health("/up")}, {"routes": (Route(path="/api/*"),)}])
def test_what_only_a_web_service_has_makes_it_one(said: dict[str, Any]) -> None:
    assert one(LANGUAGE, START, saw("kind", "worker"), service=Service("web", **said))[1].kind is ServiceKind.WEB
    assert one(LANGUAGE, START, saw("kind", "worker"))[1].kind is ServiceKind.WORKER


def test_what_is_unset_on_purpose_is_not_missed() -> None:
    asked = saw("env_required", "MAIL_HOST"), saw("env", "MODE=live", note="set by ENV")
    _, _, found = one(LANGUAGE, START, *asked)
    assert [(each.id, each.hint) for each in found] == [
        ("H304", "Add to services.web: `env: {MODE: live}`."),
        ("H304", "Add to services.web: `env: {MAIL_HOST: VALUE}`."),
    ]
    assert found[0].message == "services.web does not set MODE (set by ENV in f:3)"
    assert one(LANGUAGE, START, *asked, service=Service("web", unset=("MAIL_HOST", "MODE")))[2] == ()


def test_a_value_that_refers_to_what_is_not_there_is_not_proposed() -> None:
    assert one(LANGUAGE, START, saw("env", "STORE=$DATABASE_URL"))[2] == ()
