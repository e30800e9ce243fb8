"""`hivemind template`: the CloudFormation template, as it would be handed over."""

from __future__ import annotations

from pathlib import Path

import click

from hivemind.cli.context import environment_option, load_plugins, path_argument


@click.command(name="template")
@path_argument
@environment_option
@click.option("--yaml", "form", flag_value="yaml", default=True, help="Print YAML (default).")
@click.option("--json", "form", flag_value="json", help="Print JSON.")
def command(path: Path, environment: str | None, form: str) -> None:
    """Print the CloudFormation template of the blueprint PATH. Needs neither AWS nor the local cloud."""
    from hivemind import pipeline
    from hivemind.template import render

    file = pipeline.blueprint_file(path)
    template = pipeline.check(file, load_plugins(path), environment=environment, lint=False).assembly.template
    text = render.as_json(template, indent=2) + "\n" if form == "json" else render.as_yaml(template)
    click.echo(text, nl=False)
