"""`hivemind validate`: everything that can be said about a blueprint without a cloud."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from hivemind import pipeline
from hivemind.cli.context import environment_option, json_option, load_plugins, path_argument
from hivemind.cli.findings import render
from hivemind.values.errors import FindingsError
from hivemind.values.exits import ExitCode

if TYPE_CHECKING:
    from hivemind.values.findings import Finding


@click.command(name="validate")
@path_argument
@environment_option
@click.option("--lint/--no-lint", default=True, help="Run cfn-lint on the template, or skip it. Default: run it.")
@json_option
def command(path: Path, environment: str | None, lint: bool, as_json: bool) -> int:
    """Check the blueprint PATH, a file or a folder with hivemind.yaml, and its template, and print all findings."""
    try:
        findings = _check(pipeline.blueprint_file(path), environment, lint=lint)
    except FindingsError as error:
        render(error.findings, as_json=as_json, err=False)
        return error.exit_code
    render(findings, as_json=as_json, err=False)
    return ExitCode.OK


def _check(path: Path, environment: str | None, *, lint: bool) -> tuple[Finding, ...]:
    from hivemind.blueprint.source import load

    if not path.is_file():
        load(path)  # says so before plugins are looked for beside it
    plugins = load_plugins(path)
    return pipeline.check(path, plugins, environment=environment, lint=lint).findings
