"""From the address of a repository to a folder that can be applied: what `hivemind deploy` does before it applies."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from hivemind.flow.drafting import Initial, initial, write
from hivemind.flow.project import loaded_without, own_plugin
from hivemind.repositories.address import address
from hivemind.repositories.clone import Clone
from hivemind.repositories.clone import clone as fetch
from hivemind.text.visible import visible
from hivemind.values.defaults import BLUEPRINT_FILE
from hivemind.values.errors import Refused

if TYPE_CHECKING:
    from hivemind.descriptions import Wishes
    from hivemind.values.asked import PluginChoice


@dataclass(frozen=True)
class Settled:
    """What is to be applied. environment, local: as asked for, else as the description wishes, else None. written: the
    blueprint that was written; None where the repository has one of its own."""

    environment: str | None
    local: bool | None
    written: Initial | None


def clone(repo: str, into: Path | None, ref: str | None, say: Callable[[str], None]) -> Clone:
    """Clones a repository, or takes up the clone that is there. repo: an address, or a folder. into: None for a folder
    of its name. say: told what is waited for. Raises HiveMindError."""
    source = address(repo)
    return fetch(source, into or Path(source.name), ref=ref, say=say)


def described(description: str, say: Callable[[str], None]) -> Wishes:
    """What a description asks for: by the table; what means nothing to it by the language model, where one is
    configured. say: told what the model is asked, and why it failed."""
    from hivemind.descriptions import read
    from hivemind.reasoning.model import ModelFailed, configured

    wishes, model = read(description), configured()
    if model is None or not wishes.unread:
        return wishes
    from hivemind.reasoning.descriptions import read_rest

    say(f"Asking {model.name} about: {', '.join(_plain(word) for word in wishes.unread)}")
    try:
        return read_rest(description, wishes, model)
    except ModelFailed as error:
        say(f"note: read the description without a model: {_plain(error.message)}")
        if error.hint:
            say(f"  {error.hint}")
        return wishes


def settled(
    folder: Path,
    wishes: Wishes,
    choice: PluginChoice,
    say: Callable[[str], None],
    *,
    environment: str | None = None,
    stage: str | None = None,
    local: bool | None = None,
) -> Settled:
    """Writes the blueprint of a clone that has none, with the wishes in it. Runs nothing of the repository.

    stage: for which the environment must be. Raises Refused for a repository whose plugin would run, for a blueprint
    that is a link, and for one without an environment of that stage.
    """
    _refuse_plugin(folder, choice)
    file = folder / BLUEPRINT_FILE
    cloud = wishes.value("cloud")
    local = local if local is not None or cloud is None else cloud == "local"
    if file.exists() or file.is_symlink():
        return Settled(_own_environment(file, wishes, environment, stage, say), local, None)
    plugins = loaded_without(folder, choice, "no code of the repository runs before you approve", say)
    name = wishes.value("name")
    drafted = initial(folder, plugins, say, name, wishes=wishes, environment=environment, stage=stage)
    write(folder, plugins, drafted)
    return Settled(drafted.draft.environment, local, drafted)


def _own_environment(
    file: Path, wishes: Wishes, environment: str | None, stage: str | None, say: Callable[[str], None]
) -> str | None:
    """The environment to apply where a hivemind.yaml is there already; what it says is not changed."""
    if file.is_symlink():
        raise Refused(f"{file} is a symbolic link", hint="Replace the link with the file.")
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
                hint=f"Add to the file: `environments: {{{named or 'staging'}: {{stage: {stage}}}}}`",
            )
    say(f"Using the existing {file}.")
    for wish in wishes.understood:
        if wish.subject not in {"environment", "cloud"}:
            say(f'  Ignored "{_plain(wish.words)}": edit the file, or delete it so that HiveMind writes a new one.')
    return environment or wishes.value("environment")


def _refuse_plugin(folder: Path, choice: PluginChoice) -> None:
    """A plugin in a repository is a program that would run on this machine before anybody approved anything."""
    plugin = own_plugin(folder, choice)
    if plugin is not None:
        raise Refused(
            f"the repository contains a plugin, {plugin.name}, which would run on this machine",
            hint=f"Read it first. To run it: hivemind init {folder} && hivemind apply {folder}\n"
            f"To deploy without it: hivemind -p no:{plugin.stem} deploy ...",
        )


def _plain(text: str) -> str:
    return visible(" ".join(text.split()))
