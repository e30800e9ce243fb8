"""What a hook answers with is checked all the way down, against the annotations of the hooks and of the values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pytest
from sample_plugins import Install, plugin

from hivemind import (
    Artifact,
    Binding,
    Check,
    Detection,
    Finding,
    Fragment,
    Place,
    Precedence,
    Provenance,
    ResourceType,
    SchemaPart,
    Severity,
)
from hivemind.plugins.answers import first_wrong
from hivemind.plugins.calling import PluginError
from hivemind.plugins.loading import load
from hivemind.testing import plugins_of
from hivemind.values.annotations import Json

pytestmark = pytest.mark.fast
ARGUMENTS: Mapping[str, Mapping[str, object]] = {
    "hivemind_schema": {},
    "hivemind_detect": {"repository": None, "path": "."},
    "hivemind_fragments": {"blueprint": None},
    "hivemind_lint": {"assembly": None, "blueprint": None},
    "hivemind_checks": {"release": None},
    "hivemind_runtimes": {},
    "hivemind_review": {"blueprint": None, "repository": None, "platforms": None},
    "hivemind_build": {"service": None, "repository": None, "place": None},
}
DIGEST = "0" * 64


def refused(hook: str, answer: object) -> PluginError:
    """The error that a plugin gets for its result."""
    plugins = plugins_of(aaa=plugin(**{hook: lambda: answer}))
    if hook == "hivemind_build":
        with pytest.raises(PluginError) as raised:
            plugins.first(hook, **ARGUMENTS[hook])
        return raised.value
    return next(one for one in plugins.gather(hook, **ARGUMENTS[hook])[1] if one.source.name == "aaa")


def resource(properties: object) -> tuple[Fragment, ...]:
    return (Fragment("services.web", resources={"Db": {"Type": "T", "Properties": properties}}),)


def nested() -> object:
    whole: dict[str, Any] = {}
    whole["itself"] = whole
    return whole


class Nameless:
    def run(self, probe: object) -> str:
        return "yes"


class Numbered(Nameless):
    name = 7


class Raising(Nameless):
    @property
    def name(self) -> str:
        raise RuntimeError("no")


WRONG: list[tuple[str, object, str]] = [
    ("hivemind_lint", [Finding("A1", Severity.INFO, "m")], "it returned a list; return a tuple of Finding"),
    ("hivemind_lint", 7, "it returned an int, 7; return a tuple of Finding"),
    ("hivemind_lint", (item for item in ()), "it returned a generator; return a plain result"),
    ("hivemind_lint", (Fragment("x"),), "its result[0] is a Fragment; expected a Finding"),
    (
        "hivemind_lint",
        (Finding("A1", Severity.INFO, "m"), Finding("A1", "error", "m")),  # type: ignore[arg-type]
        "its result[1].severity is a str, 'error'; expected Severity.ERROR, Severity.WARNING or Severity.INFO",
    ),
    (
        "hivemind_lint",
        (Finding("A1", Severity.INFO, "m", Place("f", "3")),),  # type: ignore[arg-type]
        "its result[0].place.line is a str, '3'; expected an int or None",
    ),
    (
        "hivemind_lint",
        (Finding("A1", Severity.INFO, "\ud800"),),
        "its result[0].message is a str that is not Unicode text",
    ),
    ("hivemind_lint", (Finding("H104", Severity.INFO, "m"),), "its result[0].id is 'H104', an id of HiveMind"),
    ("hivemind_lint", (Finding("E3012", Severity.INFO, "m"),), "its result[0].id is 'E3012', an id of cfn-lint"),
    ("hivemind_fragments", resource({"Tags": {"a"}}), "its result[0].resources['Db']['Properties']['Tags'] is a set"),
    ("hivemind_fragments", resource([object()]), "its result[0].resources['Db']['Properties'][0] is an object"),
    (
        "hivemind_fragments",
        resource({1: "a"}),
        "its result[0].resources['Db']['Properties'] has a key that is an int, 1",
    ),
    ("hivemind_fragments", resource(float("inf")), "its result[0].resources['Db']['Properties'] is inf"),
    ("hivemind_fragments", resource(float("nan")), "its result[0].resources['Db']['Properties'] is nan"),
    ("hivemind_fragments", resource(nested()), "nested too deeply"),
    (
        "hivemind_fragments",
        (Fragment("x", bindings=[]),),
        "its result[0].bindings is a list; expected a tuple of Binding",
    ),
    (
        "hivemind_fragments",
        (Fragment("x", bindings=(Binding("db", {}, secrets={"a": ("b",)}),)),),  # type: ignore[dict-item]
        "its result[0].bindings[0].secrets['a'] is a tuple of 1; expected one of 2, a tuple of str, str",
    ),
    (
        "hivemind_schema",
        SchemaPart(resource_types={"queue": {"type": "object"}}),  # type: ignore[dict-item]
        "its result.resource_types['queue'] is a dict; expected a ResourceType",
    ),
    (
        "hivemind_schema",
        SchemaPart(resource_types={"queue": ResourceType({"default": {1, 2}}, "x")}),
        "its result.resource_types['queue'].schema['default'] is a set; expected JSON data",
    ),
    ("hivemind_schema", SchemaPart, "it returned the class SchemaPart; return a SchemaPart"),
    (
        "hivemind_detect",
        (Detection("port", 8000, "f", 1, 40),),  # type: ignore[arg-type]
        "its result[0].precedence is an int, 40; expected Precedence.",
    ),
    (
        "hivemind_detect",
        (Detection("port", True, "f", 1, Precedence.CODE),),
        "its result[0].value is a bool, True; expected a str or an int",
    ),
    (
        "hivemind_detect",
        (Detection("port", 1, "f", 1, Precedence.CODE, float("nan")),),
        "its result[0].confidence is nan; expected a number",
    ),
    (
        "hivemind_detect",
        (Detection("port", "http", "f", 1, Precedence.CODE),),
        "its result[0].value is a str, 'http'; expected a port from 1 to 65535",
    ),
    (
        "hivemind_detect",
        (Detection("start", 7, "f", 1, Precedence.CODE),),
        "its result[0].value is an int, 7; expected a str, as the value of start",
    ),
    (
        "hivemind_detect",
        (Detection("start", "run", "f", 1, Precedence.CODE, 90),),
        "its result[0].confidence is an int, 90; expected a number from 0 to 1",
    ),
    (
        "hivemind_lint",
        (Finding("", Severity.INFO, "m"),),
        "its result[0].id is a str, ''; expected a word such as ACME1",
    ),
    (
        "hivemind_build",
        Artifact("web", DIGEST, "x", 1, "cobol", Provenance(None, False, DIGEST), "run"),  # type: ignore[arg-type]
        "its result.path is a str, 'x'; expected a Path",
    ),
    ("hivemind_runtimes", "perl", "it returned a str, 'perl'; return a tuple of str"),
    ("hivemind_runtimes", (5,), "its result[0] is an int, 5; expected a str"),
    ("hivemind_review", ["ACME1"], "it returned a list; return a tuple of Finding"),
    (
        "hivemind_review",
        (Finding("H503", Severity.ERROR, "m"),),
        "its result[0].id is 'H503', an id of HiveMind; use an id of your own, such as ACME1",
    ),
    ("hivemind_checks", ("works",), "its result[0] is a str, 'works'; expected a Check, which has name"),
    ("hivemind_checks", (Nameless(),), "its result[0] is a Nameless; expected a Check, which has name"),
    ("hivemind_checks", (Numbered(),), "its result[0].name is an int, 7; expected a str"),
    ("hivemind_checks", (Raising(),), "its result cannot be read: RuntimeError: no"),
]


@pytest.mark.parametrize(
    ("hook", "answer", "problem"), WRONG, ids=lambda value: value if isinstance(value, str) else ""
)
def test_a_wrong_answer_is_the_plugins_mistake(hook: str, answer: object, problem: str) -> None:
    error = refused(hook, answer)
    assert problem in error.summary
    assert error.message.startswith(f'plugin "aaa" (third) in {hook}: ')
    assert error.at is not None
    assert Path(error.at.file).name == "test_answers_of_plugins.py"


def test_a_wrong_answer_names_distribution_version_and_the_line_of_the_hook(install: Install) -> None:
    module = install("slack", "\nfrom hivemind import hook\n\n@hook\ndef hivemind_lint(assembly):\n    return [1]\n")
    (error,) = load().gather("hivemind_lint", **ARGUMENTS["hivemind_lint"])[1][-1:]
    said = 'plugin "slack" (hivemind-slack 1.2) in hivemind_lint: it returned a list; return a tuple of Finding'
    assert error.message == f"{said} ({module}.py:4)"
    assert error.as_finding().place == Place(str(install.folder / f"{module}.py"), 4, None, "@hook")


class Works:
    name = "works"

    def run(self, probe: object) -> str:
        return "yes"


RIGHT: list[tuple[str, object]] = [
    ("hivemind_lint", ()),
    ("hivemind_lint", (Finding("ACME1", Severity.INFO, "m", Place("f", 3), path="tags"),)),
    ("hivemind_fragments", resource({"a": [1, 2.5, None, True, ("t", {"b": "ä"})]})),
    ("hivemind_schema", SchemaPart(options={"properties": {}}, checks={"json": {"type": "object"}})),
    ("hivemind_detect", (Detection("port", 8000, "f", None, Precedence.CODE, 1),)),
    ("hivemind_checks", (Works(),)),
]


@pytest.mark.parametrize(("hook", "answer"), RIGHT)
def test_a_right_answer_passes(hook: str, answer: object) -> None:
    answers = plugins_of(aaa=plugin(**{hook: lambda: answer})).gather(hook, **ARGUMENTS[hook])[0]
    assert [one.result for one in answers if one.plugin == "aaa"] == [answer]


@dataclass(frozen=True)
class Shape:
    """Every form of annotation that a hook to come may use."""

    word: Literal["a", "b"]
    pair: tuple[int, str]
    act: Callable[[int], str]
    check: Check | None
    sizes: frozenset[int]
    many: Mapping[str, tuple[Place, ...]]
    anything: Any
    data: Json
    share: float = 0.5


def shape(**changed: Any) -> Shape:
    right: dict[str, Any] = {
        "word": "a", "pair": (1, "b"), "act": str, "check": None, "sizes": frozenset({1}),
        "many": {"x": (Place("f"),)}, "anything": object(), "data": {"a": [1]},
    }  # fmt: skip
    return Shape(**(right | changed))


def test_every_form_of_annotation_that_is_kept_passes() -> None:
    assert first_wrong(shape(), Shape) is None
    assert first_wrong(shape(check=Works(), share=1), Shape) is None


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"word": "c"}, ".word is a str, 'c'; expected 'a' or 'b'"),
        ({"pair": (1, 2)}, ".pair[1] is an int, 2; expected a str"),
        ({"act": "f"}, ".act is a str, 'f'; expected a function"),
        ({"check": Nameless()}, ".check is a Nameless; expected a Check or None"),
        ({"check": Numbered()}, ".check.name is an int, 7; expected a str"),
        ({"sizes": {1}}, ".sizes is a set; expected a frozenset"),
        ({"sizes": frozenset({"a"})}, ".sizes[0] is a str, 'a'; expected an int"),
        ({"many": [("x", ())]}, ".many is a list; expected a mapping"),
        ({"many": {"x": (Place(3),)}}, ".many['x'][0].file is an int, 3; expected a str"),  # type: ignore[arg-type]
        ({"data": {"a": b"x"}}, ".data['a'] is a bytes, b'x'; expected JSON data"),
        ({"share": "1"}, ".share is a str, '1'; expected a float"),
    ],
)
def test_every_form_of_annotation_is_looked_into(changed: dict[str, Any], said: str) -> None:
    assert str(first_wrong(shape(**changed), Shape)) == said


def test_a_field_that_was_never_set_is_wrong() -> None:
    assert ".file is missing" in str(first_wrong(object.__new__(Place), Place))
