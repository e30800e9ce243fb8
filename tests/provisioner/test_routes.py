from __future__ import annotations

import pytest

from hivemind.agents.provisioner.routes import catches_all, conditions, rules
from hivemind.blueprint.model import Route, Service

pytestmark = pytest.mark.fast


def order(*services: Service) -> list[str]:
    return [f"{rule.service} {rule.route.host or ''}{rule.route.path or ''}" for rule in rules(services)]


def test_the_more_specific_route_is_asked_first() -> None:
    found = order(
        Service("a", routes=(Route(path="/api"), Route(path="/api/v1"), Route(path="/*"))),
        Service("b", routes=(Route(host="*.example.com"), Route(host="www.example.com"))),
        Service("c", routes=(Route(host="www.example.com", path="/api/*"), Route(host="*.example.com", path="/x"))),
    )
    assert found == [
        "c www.example.com/api/*",
        "b www.example.com",
        "c *.example.com/x",
        "b *.example.com",
        "a /api/v1",
        "a /api",
    ]


def test_priorities_are_legal_unique_and_independent_of_other_services() -> None:
    many = [Service(f"s{number}", routes=(Route(path=f"/p{number:02}"),)) for number in range(90)]
    placed = {rule.service: rule.priority for rule in rules(many)}
    assert len(set(placed.values())) == 90
    assert all(1 <= priority <= 50_000 for priority in placed.values())
    assert placed == {rule.service: rule.priority for rule in rules(reversed(many))}
    few = {rule.service: rule.priority for rule in rules(many[:10])}
    assert sum(few[name] == placed[name] for name in few) >= 8


def test_a_path_is_itself_and_all_below_it() -> None:
    assert conditions(Route(path="/api/")) == [
        {"Field": "path-pattern", "PathPatternConfig": {"Values": ["/api", "/api/*"]}}
    ]
    assert conditions(Route(path="/a?c")) == [{"Field": "path-pattern", "PathPatternConfig": {"Values": ["/a?c"]}}]
    both = conditions(Route(host="a.example.com", path="/v1/*"))
    assert [one["Field"] for one in both] == ["host-header", "path-pattern"]


@pytest.mark.parametrize("routes", [(), (Route(),), (Route(path="/"),), (Route(path="/*"), Route(host="x.example"))])
def test_a_service_without_routes_takes_the_rest(routes: tuple[Route, ...]) -> None:
    assert catches_all(Service("web", routes=routes))
    assert not catches_all(Service("web", routes=(Route(host="x.example"),)))
