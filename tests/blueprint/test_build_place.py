"""Where a service is built: the forms of `build`."""

from __future__ import annotations

from pathlib import Path

import pytest

from hivemind.blueprint.model import Service
from hivemind.blueprint.source import load
from hivemind.blueprint.validate import validate
from hivemind.values.errors import FindingsError
from hivemind.values.findings import Finding

pytestmark = pytest.mark.fast
HEAD = "hivemind: 1\nname: shop\nservices:\n  web: {start: ./run, build: %s}\n"


def read(folder: Path, build: str, more: str = "") -> tuple[Service, tuple[Finding, ...]]:
    file = folder / "hivemind.yaml"
    file.write_text(HEAD % build + more)
    blueprint, findings = validate(load(file), {})
    return blueprint.services["web"], findings


def refused(folder: Path, build: str) -> Finding:
    with pytest.raises(FindingsError) as raised:
        read(folder, build)
    (finding,) = raised.value.findings
    return finding


@pytest.mark.parametrize(
    ("build", "command", "size"),
    [
        ("npm run build", "npm run build", None),
        ("remote", None, "t3.large"),
        ("{where: remote}", None, "t3.large"),
        ("{where: remote, run: make, size: c7i.xlarge}", "make", "c7i.xlarge"),
        ("{run: remote}", "remote", None),
        ("{run: make, where: here}", "make", None),
    ],
)
def test_forms(tmp_path: Path, build: str, command: str | None, size: str | None) -> None:
    service, findings = read(tmp_path, build)
    assert (service.build, service.build_on, findings) == (command, size, ())


def test_the_build_instance_has_the_services_processor(tmp_path: Path) -> None:
    file = tmp_path / "hivemind.yaml"
    file.write_text("hivemind: 1\nname: shop\nservices:\n  web: {start: ./run, size: t4g.small, build: remote}\n")
    blueprint, _ = validate(load(file), {})
    assert blueprint.services["web"].build_on == "t4g.large"
    assert blueprint.origins["services.web.build_on"].evidence == "hivemind.yaml:4"


def test_an_environment_builds_elsewhere(tmp_path: Path) -> None:
    file = tmp_path / "hivemind.yaml"
    overlay = "environments: {local: {services: {web: {build: {where: here}}}}}\n"
    file.write_text(HEAD % "{where: remote, run: make}" + overlay)
    here, _ = validate(load(file), {}, environment="local")
    there, _ = validate(load(file), {})
    assert [(one.services["web"].build, one.services["web"].build_on) for one in (here, there)] == [
        ("make", None),
        ("make", "t3.large"),
    ]


@pytest.mark.parametrize(
    ("build", "finding", "hint"),
    [
        ("{where: remot}", "H105", "Did you mean remote?"),
        ("{remote: true}", "H101", "Known keys: run, size, where"),
        ("{where: remote, size: t3.lage}", "H104", "Did you mean t3.large?"),
        ("{size: t3.large}", "H136", "Add `where: remote`, or remove the size."),
        ("{where: remote, size: t4g.large}", "H137", "For example: `size: t3.large`"),
        ("3", "H108", "Quote it"),
    ],
)
def test_mistakes(tmp_path: Path, build: str, finding: str, hint: str) -> None:
    found = refused(tmp_path, build)
    assert found.id == finding
    assert hint in f"{found.hint} {found.message}"


def test_a_misspelt_remote_is_a_command_that_people_are_warned_of(tmp_path: Path) -> None:
    service, (warning,) = read(tmp_path, "remot")
    assert service.build == "remot"
    assert (warning.id, warning.is_error, str(warning.place)) == ("H135", False, f"{tmp_path}/hivemind.yaml:4:30")
    assert read(tmp_path, "make")[1] == ()
