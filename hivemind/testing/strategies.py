"""Hypothesis strategies for tests of HiveMind and its plugins. Needs the package `hypothesis`."""

from __future__ import annotations

import re
from functools import cache
from string import ascii_lowercase, digits
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from hypothesis.strategies import SearchStrategy

_SIZES = ("t3.micro", "t3.small", "t3.medium", "t4g.small", "m7g.large", "c7i.xlarge")
_HOSTS = ("shop.example.com", "api.example.com", "*.example.org", "example.net")
_PATHS = ("/api/*", "/admin/*", "/v1/*", "/static/*", "/")
_ENVIRONMENTS = ("production", "staging", "dev", "qa-2")
_SECRETS = ("ssm:/shop/stripe", "secretsmanager:shop/mail", "secretsmanager:shop/mail#password")


@cache
def names(*, longest: int = 16) -> SearchStrategy[str]:
    """Names of applications, services and resources."""
    from hypothesis import strategies as st

    # Put together and not from a regular expression, which takes ten times as long to draw.
    more = st.text(f"{ascii_lowercase}{digits}-", max_size=longest - 1)
    made = st.tuples(st.sampled_from(ascii_lowercase), more)
    return made.map(lambda parts: re.sub("-+(?=-|$)", "", "".join(parts)))


def services(*, resources: tuple[str, ...] = (), routes: tuple[Mapping[str, str], ...] = ()) -> SearchStrategy[Any]:
    """One service as plain data. resources: names it may need. routes: its routes, as given."""
    return _service()(resources, routes)


# Composites are made once: Hypothesis reads the source of each.


@cache
def _service() -> Callable[..., SearchStrategy[Any]]:
    from hypothesis import strategies as st

    @st.composite
    def service(draw: Any, resources: tuple[str, ...], routes: tuple[Mapping[str, str], ...]) -> dict[str, Any]:
        found: dict[str, Any] = {"routes": [dict(route) for route in routes]} if routes else {}
        found |= draw(_alone())
        if resources and draw(st.booleans()):
            some = st.lists(st.sampled_from(resources), unique=True, max_size=len(resources))
            found["needs"] = draw(some | st.sampled_from(resources))
        return found

    return service


@cache
def _alone() -> SearchStrategy[dict[str, Any]]:
    """What a service says that refers to nothing else. Made once: Hypothesis looks through each new strategy."""
    from hypothesis import strategies as st

    health: SearchStrategy[Any] = st.sampled_from(["/", "/up", "/health"]) | st.fixed_dictionaries(
        {"path": st.sampled_from(["/up", "/ready"])},
        optional={
            "matcher": st.sampled_from(["200", "200-399", "200,301"]),
            "interval": st.integers(10, 300),
            "timeout": st.integers(2, 9),
            "healthy": st.integers(2, 10),
            "unhealthy": st.integers(2, 10),
        },
    )
    optional: dict[str, SearchStrategy[Any]] = {
        "path": st.sampled_from([".", "app", "services/web"]),
        "runtime": st.sampled_from(["python 3.12", "node 20"]),
        "install": st.just("make install"),
        "build": st.just("make build"),
        "start": st.sampled_from(["gunicorn app:app", "node server.js"]),
        "release": st.just("python manage.py migrate --noinput"),
        "port": st.integers(1024, 65535),
        "health": health,
        "instances": st.integers(1, 4),
        "size": st.sampled_from(_SIZES),
        "disk": st.integers(8, 200),
        "os": st.sampled_from(["debian-12", "debian-13", "amazon-linux-2023", "ubuntu-24.04"]),
        "env": st.dictionaries(
            st.sampled_from(["LOG_LEVEL", "WORKERS", "DEBUG", "Region_2"]),
            st.integers(-5, 5000) | st.booleans() | st.text("abc ü:#'\"{}*&!", max_size=12),
            max_size=3,
        ),
        "secrets": st.dictionaries(
            st.sampled_from(["STRIPE_KEY", "MAIL_PASSWORD"]), st.sampled_from(_SECRETS), max_size=2
        ),
    }
    return st.fixed_dictionaries({}, optional=optional)


def blueprints(*, resource_types: Mapping[str, SearchStrategy[Any]] | None = None) -> SearchStrategy[dict[str, Any]]:
    """Valid blueprints as plain data, as a parser reads `hivemind.yaml`.

    resource_types: type name -> options without `type`; default: `postgres` and `redis` with a few of their options.
    """
    from hypothesis import strategies as st

    if resource_types is None:
        resource_types = {
            "postgres": st.fixed_dictionaries(
                {}, optional={"size": st.sampled_from(["db.t3.micro", "db.t4g.small"]), "storage": st.integers(20, 200)}
            ),
            "redis": st.fixed_dictionaries({}, optional={"multi_az": st.booleans(), "tls": st.booleans()}),
        }

    few = st.lists(names(longest=12), unique=True, max_size=2)

    @st.composite
    def blueprint(draw: Any) -> dict[str, Any]:
        resources = {}
        for name in draw(few):
            type_name = draw(st.sampled_from(sorted(resource_types)))
            options = draw(resource_types[type_name])
            resources[name] = {"type": type_name, **options} if options or draw(st.booleans()) else type_name
        data: dict[str, Any] = {
            "hivemind": 1,
            "name": draw(names()),
            "services": draw(_service_set()(tuple(resources))),
        }
        if resources:
            data["resources"] = resources
        data |= draw(_rest())
        environments = draw(
            st.dictionaries(st.sampled_from(_ENVIRONMENTS), _overlays(tuple(data["services"])), max_size=2)
        )
        if environments:
            data["environments"] = environments
        return data

    return blueprint()


@cache
def _service_set() -> Callable[..., SearchStrategy[Any]]:
    """Services by name: the first takes what is left, the other web services have routes of their own."""
    from hypothesis import strategies as st

    several = st.lists(names(longest=12), unique=True, min_size=1, max_size=3)

    @st.composite
    def chosen(draw: Any, resources: tuple[str, ...]) -> dict[str, Any]:
        pairs = [{"host": host, "path": path} for host in _HOSTS for path in _PATHS]
        found: dict[str, Any] = {}
        for index, name in enumerate(draw(several)):
            if index == 0:
                found[name] = draw(services(resources=resources))
            elif draw(st.booleans()):
                found[name] = {**draw(services(resources=resources)), "kind": "worker", "start": "python work.py"}
            else:
                found[name] = draw(services(resources=resources, routes=(pairs[index],)))
        return found

    return chosen


@cache
def _rest() -> SearchStrategy[dict[str, Any]]:
    from hypothesis import strategies as st

    network = st.fixed_dictionaries(
        {},
        optional={
            "egress": st.sampled_from(["nat", "nat-per-az", "none"]),
            "ssh_from": st.lists(st.sampled_from(["203.0.113.0/24", "198.51.100.7/32"]), unique=True, max_size=2),
            "cidr": st.sampled_from(["10.0.0.0/16", "10.20.0.0/16", "172.16.0.0/16"]),
        },
    )
    return st.fixed_dictionaries(
        {},
        optional={
            "region": st.sampled_from(["eu-west-1", "us-east-1", "ap-southeast-2"]),
            "cloud": st.sampled_from(["aws", "local"]),
            "network": network,
            "tags": st.dictionaries(st.sampled_from(["team", "cost center"]), st.text("ab-42", max_size=8), max_size=2),
            "require_clean": st.booleans(),
            "on_interrupt": st.sampled_from(["detach", "cancel"]),
        },
    )


def _overlays(service_names: tuple[str, ...]) -> SearchStrategy[Any]:
    from hypothesis import strategies as st

    service = st.fixed_dictionaries(
        {}, optional={"instances": st.integers(1, 3), "size": st.sampled_from(_SIZES), "env": st.just({"STAGE": "x"})}
    )
    hours = st.sampled_from(["07:00-20:00", "mon-fri 6:30-18:00 Europe/Berlin"])
    timed = st.fixed_dictionaries({"stage": st.just("stage-1"), "hours": hours})
    return timed | st.fixed_dictionaries(
        {},
        optional={
            "stage": st.sampled_from(["production", "stage-1"]),
            "services": st.dictionaries(st.sampled_from(service_names), service, max_size=2),
            "region": st.just("eu-central-1"),
        },
    )
