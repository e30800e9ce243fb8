"""`hivemind iam-policy`: the permissions that a blueprint needs on AWS."""

from __future__ import annotations

import json
from pathlib import Path

import click

from hivemind.cli.context import environment_option, json_option, load_plugins, note, path_argument, role_option


@click.command("iam-policy")
@path_argument
@environment_option
@role_option
@click.option("--of-role", is_flag=True, help="Print the policy of that role, not the one of who deploys.")
@json_option
def command(path: Path, environment: str | None, role_arn: str | None, of_role: bool, as_json: bool) -> None:
    """Print the smallest IAM policy with which the blueprint PATH can be deployed, as JSON.

    With a role that CloudFormation works as, who deploys needs no rights over what the stack holds: the policy then has
    HiveMind's own calls and iam:PassRole, and --of-role prints what the role needs. Needs neither AWS nor credentials.
    With --json, the policy is on one line, beside what it lacks.
    """
    from hivemind import pipeline

    checked = pipeline.check(pipeline.blueprint_file(path), load_plugins(path), environment=environment, lint=False)
    found = pipeline.permissions(checked, role_arn=role_arn, of_role=of_role)
    if as_json:
        click.echo(json.dumps({"policy": found.policy, "lacking": found.lacking, "secrets": found.secrets}))
        return
    click.echo(json.dumps(found.policy, indent=2))
    if found.lacking:
        note(f"Not in the policy: what {', '.join(found.lacking)} needs. `aws cloudformation describe-type` has it.")
    if found.secrets:
        note(f"Add the ARNs of these parameters to ImagesAndKey: {', '.join(found.secrets)}")
