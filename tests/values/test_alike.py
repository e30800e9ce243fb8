"""Findings that say the same of several services are one for people, and all of them in JSON."""

from __future__ import annotations

import json

import pytest

from hivemind.cli import findings as cli
from hivemind.values.findings import Finding, Place, Severity, alike

pytestmark = pytest.mark.fast


def finding(name: str, line: int, message: str = "services.{0}: the size costs more", **other: str) -> Finding:
    hint = f"Write `size: t4g.micro` for {name}."
    place = Place("hivemind.yaml", line, 3, f"  {name}: {{size: t3.micro}}")
    return Finding("H449", Severity.WARNING, message.format(name), place, hint, path=f"services.{name}.size", **other)


MANY = [finding(f"s{number}", number) for number in range(1, 23)]


def test_what_22_services_have_alike_is_said_once_and_names_each() -> None:
    (one,) = alike(MANY)
    assert (one.first, one.others) == (MANY[0], tuple(MANY[1:]))
    text = cli.text(MANY)
    assert text.count("the size costs more") == 1
    assert "The same for services.s2.size (hivemind.yaml:2:3)" in " ".join(text.split())
    assert "hivemind.yaml:22:3" in text
    assert "22 warnings." in text


def test_json_has_every_one(capsys: pytest.CaptureFixture[str]) -> None:
    cli.render(MANY, as_json=True)
    data = json.loads(capsys.readouterr().out)
    assert (len(data["findings"]), data["warnings"]) == (22, 22)


def test_what_differs_in_more_than_the_name_is_said_each() -> None:
    ones = [
        finding("web", 1),
        finding("web-2", 2),
        finding("api", 3, "services.{0}: the size costs $2 more"),
        finding("jobs", 4, plugin="acme"),
        Finding("H412", Severity.INFO, "large"),
        Finding("H413", Severity.INFO, "large"),
    ]
    assert [len(one.others) for one in alike(ones)] == [1, 0, 0, 0, 0]


def test_a_name_is_no_part_of_another_word() -> None:
    assert len(alike([finding("web", 1, "web: a website"), finding("api", 2, "api: a website")])) == 1
    assert len(alike([finding("web", 1, "web: a website"), finding("api", 2, "api: an apisite")])) == 2
