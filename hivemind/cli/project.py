"""What `plan`, `apply` and `verify` do first: load the plugins, check the blueprint, tell of its findings."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from hivemind.cli.context import load_plugins
from hivemind.flow.clouds import region_of
from hivemind.values.defaults import BLUEPRINT_FILE

if TYPE_CHECKING:
    from hivemind.pipeline import Checked
    from hivemind.values.findings import Finding


def blueprint_file(path: Path) -> Path:
    """The blueprint that PATH means: itself, or `hivemind.yaml` in it when it is a folder."""
    return path / BLUEPRINT_FILE if path.is_dir() else path


def checked_project(path: Path, environment: str | None, *, as_json: bool = False, lint: bool = True) -> Checked:
    """A blueprint that passed every check; warnings are shown on standard error. Raises FindingsError."""
    from hivemind import pipeline
    from hivemind.blueprint.source import load

    file = blueprint_file(path)
    if not file.is_file():
        load(file)  # says what is wrong with it before plugins are looked for beside it
    checked = pipeline.check(file, load_plugins(file), environment=environment, region=region_of(None), lint=lint)
    _tell(checked.findings, as_json=as_json)
    return checked


def tell_new(before: Checked, after: Checked, *, as_json: bool = False) -> None:
    """Shows the warnings that comparing with what stands has brought up, on standard error."""
    _tell([finding for finding in after.findings if finding not in before.findings], as_json=as_json)


def _tell(findings: Iterable[Finding], *, as_json: bool) -> None:
    from hivemind.cli.findings import render

    remarks = [finding for finding in findings if finding.severity != "info"]
    if remarks and not as_json:
        render(remarks, as_json=False)
