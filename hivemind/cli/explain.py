"""`hivemind explain`: what a finding's id means, and how to fix it."""

from __future__ import annotations

import json
import textwrap

import click

from hivemind.cli.context import json_option


@click.command(name="explain")
@click.argument("finding", metavar="[ID]", required=False)
@json_option
def command(finding: str | None, as_json: bool) -> None:
    """Explain finding ID, such as H112. Without ID, list all findings."""
    from hivemind.blueprint.catalogue import CATALOGUE
    from hivemind.cli.paragraphs import width
    from hivemind.text.suggest import did_you_mean
    from hivemind.values.errors import HiveMindError
    from hivemind.values.exits import ExitCode

    if finding is None:
        if as_json:
            click.echo(json.dumps({"findings": [entry.as_json() for entry in CATALOGUE.values()]}))
        else:
            click.echo("\n".join(f"{entry.id}  {entry.title}" for entry in CATALOGUE.values()))
        return
    entry = CATALOGUE.get(finding.upper())
    if entry is None:
        hint = did_you_mean(finding.upper(), CATALOGUE) or (
            f"If a plugin reports {finding}, see the plugin's documentation. "
            "`hivemind explain` lists HiveMind's findings."
        )
        if finding[:1].upper() in {"E", "W", "I"} and finding[1:].isdigit():
            hint = f"{finding.upper()} is a rule of cfn-lint. `cfn-lint --list-rules` lists its rules."
        raise HiveMindError(f'no explanation for finding "{finding}"', hint=hint, exit_code=ExitCode.NOT_FOUND)
    if as_json:
        click.echo(json.dumps(entry.as_json()))
        return
    click.secho(f"{entry.id}  {entry.title}", bold=True)
    click.echo("\n" + textwrap.fill(entry.meaning, min(90, width())))
    if entry.example:
        click.echo("\nFor example:\n" + textwrap.indent(entry.example, "    "))
    click.echo("\n" + textwrap.fill(entry.fix, min(90, width())))
