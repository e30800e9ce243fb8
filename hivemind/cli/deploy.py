"""`hivemind deploy`: from the address of a repository to a running application."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from hivemind.cli.context import asked, environment_option, json_option, local_option, plugins_without, yes_option
from hivemind.cli.table import table
from hivemind.text.visible import visible
from hivemind.values.defaults import BLUEPRINT_FILE
from hivemind.values.errors import Refused
from hivemind.values.exits import ExitCode

if TYPE_CHECKING:
    from hivemind.cli.init import Initial
    from hivemind.descriptions import Wishes
    from hivemind.repositories.clone import Clone

_MEANS = {
    "need": "a resource of type {}",
    "no-need": "no {}",
    "instances": "instances: {}",
    "size": "size: {}",
    "database-size": "size of the database: {}",
    "cache-size": "size of the cache: {}",
    "storage": "{} GB of storage for the database",
    "region": "region: {}",
    "stage": "stage: {}",
    "environment": "environment: {}",
    "cloud": "cloud: {}",
    "available": "a standby in a second zone: {}",
    "port": "port: {}",
    "health": "health: {}",
    "name": "name: {}",
}


@click.command("deploy")
@click.argument("repo")
@click.argument("description", default="")
@click.option("--stage-1", "stage_1", is_flag=True, help="The cost-optimised stage: no NAT gateway, short backups.")
@environment_option
@click.option("--ref", metavar="REF", help="Branch, tag or commit. Default: the default branch.")
@click.option("--into", type=click.Path(path_type=Path), metavar="DIR", help="Clone into DIR. Default: ./NAME.")
@local_option
@yes_option
@json_option
@click.pass_context
def command(
    ctx: click.Context,
    repo: str,
    description: str,
    stage_1: bool,
    environment: str | None,
    ref: str | None,
    into: Path | None,
    local: bool | None,
    yes: bool,
    as_json: bool,
) -> int:
    """Clone REPO, write its hivemind.yaml, show the plan, and apply it once it is approved.

    REPO is an https, ssh or file URL of a git repository, or a folder with one. DESCRIPTION says in plain words what
    is wanted: "two instances in frankfurt with a postgres database". Nothing of the repository runs before approval.
    """
    from hivemind.cli.apply import command as apply_command
    from hivemind.repositories.address import address
    from hivemind.repositories.clone import clone

    source = address(repo)
    wishes = _read(description)
    folder = into or Path(source.name)
    cloned = clone(source, folder, ref=ref, say=_note)
    _tell_clone(cloned, as_json=as_json)
    _refuse_plugin(cloned.folder)
    stage = "stage-1" if stage_1 else None
    file = cloned.folder / BLUEPRINT_FILE
    if file.exists() or file.is_symlink():
        environment = _own_file(file, wishes, environment, stage)
        local = local if local is not None else _cloud(wishes)
    else:
        initial = _initial(cloned.folder, wishes, environment, stage)
        environment = initial.draft.environment
        local = local if local is not None else _cloud(wishes)
        _tell_file(initial, wishes, as_json=as_json)
    applied = ctx.invoke(
        apply_command,
        path=cloned.folder,
        environment=environment,
        local=local,
        yes=yes,
        require_clean=None,
        lose=(),
        wait=0.0,
        again=False,
        as_json=as_json,
    )
    return int(applied or ExitCode.OK)


def _read(description: str) -> Wishes:
    """By the table; what means nothing to it by the language model, where one is configured."""
    from hivemind.descriptions import read
    from hivemind.reasoning.model import ModelFailed, configured

    wishes, model = read(description), configured()
    if model is None or not wishes.unread:
        return wishes
    from hivemind.reasoning.descriptions import read_rest

    _note(f"Asking {model.name} about: {', '.join(_plain(word) for word in wishes.unread)}")
    try:
        return read_rest(description, wishes, model)
    except ModelFailed as error:
        _note(f"note: read without a model: {_plain(error.message)}")
        if error.hint:
            _note(f"  {error.hint}")
        return wishes


def _initial(folder: Path, wishes: Wishes, environment: str | None, stage: str | None) -> Initial:
    """Writes the file, as `hivemind init --yes` does, with the wishes in it."""
    from hivemind.cli.init import compose, write

    plugins = plugins_without(folder, "nothing of the repository runs before approval")
    initial = compose(folder, plugins, wishes.value("name"), wishes=wishes, environment=environment, stage=stage)
    write(folder, plugins, initial)
    return initial


def _own_file(file: Path, wishes: Wishes, environment: str | None, stage: str | None) -> str | None:
    """The environment to apply where a hivemind.yaml is there already; what it says is not changed."""
    if file.is_symlink():
        raise Refused(f"{file} is a link, which is not followed", hint="Put the file itself there.")
    from hivemind.blueprint.overlay import environments_of, view_of
    from hivemind.blueprint.source import load

    blueprint = load(file)
    if stage is not None:
        named = environment or wishes.value("environment")
        staged = [name for name in environments_of(blueprint) if view_of(blueprint, name).stage == stage]
        if named is None and staged:
            return staged[0]
        if named not in staged:
            raise Refused(
                f"{file} has no environment {named + ' ' if named else ''}with stage: {stage}",
                hint=f"Add to it:  environments: {{{named or 'staging'}: {{stage: {stage}}}}}",
            )
    asked = [wish for wish in wishes.understood if wish.subject not in {"environment", "cloud"}]
    _note(f"{file} is there already: it is what is applied.")
    for wish in asked:
        _note(f'  not changed for "{_plain(wish.words)}": edit the file, or remove it to have it written anew')
    return environment or wishes.value("environment")


def _refuse_plugin(folder: Path) -> None:
    """A plugin in a repository is a program that would run on this machine before anybody approved anything."""
    from hivemind.flow.project import own_plugin

    plugin = own_plugin(folder, asked().plugins)
    if plugin is not None:
        raise Refused(
            f"the repository has a plugin of its own, {plugin.name}, which would run on this machine",
            hint=f"Read it; then  hivemind init {folder} && hivemind apply {folder}\n"
            f"Without it:  hivemind -p no:{plugin.stem} deploy ...",
        )


def _cloud(wishes: Wishes) -> bool | None:
    cloud = wishes.value("cloud")
    return None if cloud is None else cloud == "local"


def _tell_clone(cloned: Clone, *, as_json: bool) -> None:
    for remark in cloned.remarks:
        _note(f"note: {_plain(remark)}")
    if as_json:
        data = {
            "folder": str(cloned.folder), "commit": cloned.commit, "ref": cloned.ref, "updated": cloned.updated,
            "remarks": list(cloned.remarks),
        }  # fmt: skip
        click.echo(json.dumps({"cloned": data}))
    else:
        _note(f"{cloned.folder}  {cloned.ref} at {cloned.commit[:12]}")


def _tell_file(initial: Initial, wishes: Wishes, *, as_json: bool) -> None:
    """What was written, and how the description was read: the approval is of this."""
    if as_json:
        data = {
            "understood": [
                {"subject": w.subject, "value": w.value, "words": w.words, "by": w.by} for w in wishes.understood
            ],
            "not_understood": list(wishes.unread),
            "findings": [finding.as_json() for finding in initial.draft.findings],
            "blueprint": initial.text,
        }
        click.echo(json.dumps(data))
        return
    from hivemind.cli.findings import render
    from hivemind.cli.init import show_found

    show_found(initial.draft)
    if wishes.understood or wishes.unread:
        click.echo("\nThe description, as it was read:")
        rows = [
            (f'  "{_plain(wish.words)}"', _MEANS[wish.subject].format(wish.value), f"by {wish.by}" if wish.by else "")
            for wish in wishes.understood
        ]
        click.echo(table(rows), nl=bool(rows))
        if wishes.unread:
            click.echo(table([(f"  Not understood, and not used: {', '.join(wishes.unread)}",)]))
    if initial.draft.findings:
        render(initial.draft.findings, as_json=False)
    click.echo("\nhivemind.yaml:")
    for line in initial.text.splitlines():
        click.echo(f"  {line}")
    click.echo()


def _plain(text: str) -> str:
    return visible(" ".join(text.split()))


def _note(text: str) -> None:
    click.echo(text, err=True)
