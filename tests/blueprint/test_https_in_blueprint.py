"""Names of a deployment, their zone, and the hosts of its routes."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from hivemind.blueprint.https_rules import covers
from hivemind.blueprint.model import Blueprint
from hivemind.values.findings import Finding

pytestmark = pytest.mark.fast

HEAD = "hivemind: 1\nname: shop\nservices: {web: {}}\n"
ZONE = "zone: Z0123456789ABCDEFGHIJ\n"
ARN = "certificate: arn:aws:acm:eu-west-1:123456789012:certificate/0f1e2d3c\n"


@pytest.mark.parametrize(
    ("more", "https", "requests"),
    [
        ("", False, False),
        (ARN, True, False),
        (f"domain: shop.example.com\n{ZONE}", True, True),
        (f"domain: shop.example.com\n{ZONE}{ARN}", True, False),
        (f"domain: shop.example.com\n{ARN}", True, False),
    ],
)
def test_what_makes_it_https(build: Callable[[str], Blueprint], more: str, https: bool, requests: bool) -> None:
    made = build(HEAD + more)
    assert (made.https, made.requests_certificate) == (https, requests)


def test_names_are_one_or_a_list_in_small_letters(build: Callable[[str], Blueprint]) -> None:
    assert build(f"{HEAD}domain: Shop.Example.com\n{ZONE}").domain == ("shop.example.com",)
    assert build(f"{HEAD}domain: [a.org, '*.a.org']\n{ZONE}").domain == ("a.org", "*.a.org")


def test_an_environment_has_names_of_its_own(build: Callable[..., Blueprint]) -> None:
    text = f"{HEAD}domain: a.org\n{ZONE}environments:\n"
    text += "  staging: {domain: staging.a.org}\n  test: {domain: null, zone: null}\n"
    assert build(text, "staging").domain == ("staging.a.org",)
    assert not build(text, "test").https


@pytest.mark.parametrize(
    ("text", "code", "place", "hint"),
    [
        (HEAD + "domain: shop.example.com", "H475", (4, 1), "Add `zone: example.com`"),
        (HEAD + ZONE, "H475", (4, 1), "Add `domain: NAME`"),
        (HEAD + ZONE + f"domain: {'a' * 60}.example.com", "H476", (5, 9), "shorter name first"),
        (HEAD + ZONE + "domain: https://shop.example.com/", "H107", (5, 9), "Did you mean shop.example.com?"),
        (HEAD + ZONE + "domain: [a.org, localhost]", "H107", (5, 17), "For example"),
        (HEAD + ZONE + "domain: shop*.example.com", "H107", (5, 9), "`*.example.com`"),
        (HEAD + "domain: a.org\nzone: example.org", "H478", (5, 7), "zone: a.org"),
        (HEAD + "domain: a.org\nzone: https://a.org/", "H107", (5, 7), "Did you mean a.org?"),
        (HEAD + "domain: a.org\nzone: Z01", "H107", (5, 7), "For example"),
        (HEAD + ZONE + "domain: [a.org, a.org]", "H126", (5, 17), "one of the two"),
    ],
)
def test_a_mistake_has_its_place(
    remarks: Callable[[str], list[Finding]], text: str, code: str, place: tuple[int, int], hint: str
) -> None:
    (finding,) = remarks(text)
    assert (finding.id, (finding.place.line, finding.place.column)) == (code, place)
    assert hint in (finding.hint or "")


def test_every_host_of_a_route_is_in_the_requested_certificate(remarks: Callable[[str], list[Finding]]) -> None:
    text = f"hivemind: 1\nname: shop\ndomain: [example.com, '*.example.com']\n{ZONE}services:\n  web: {{routes: [%s]}}"
    assert not remarks(text % "example.com, api.example.com, '*.example.com'")
    (finding,) = remarks(text % "a.b.example.com")
    assert (finding.id, finding.place.line) == ("H477", 6)
    assert "a.b.example.com" in finding.message
    (finding,) = remarks(text.replace(", '*.example.com'", "") % "exampel.com")
    assert finding.hint == "Did you mean example.com?"
    assert not remarks(text.replace(ZONE, ARN) % "elsewhere.org"), "what is in that certificate, nobody knows here"


@pytest.mark.parametrize(
    ("name", "host", "covered"),
    [
        ("a.org", "a.org", True),
        ("*.a.org", "x.a.org", True),
        ("*.a.org", "a.org", False),
        ("*.a.org", "x.y.a.org", False),
        ("*.a.org", ".a.org", False),
        ("*.a.org", "*.a.org", True),
        ("a.org", "b.org", False),
    ],
)
def test_what_a_certificate_covers(name: str, host: str, covered: bool) -> None:
    assert covers(name, host) is covered
