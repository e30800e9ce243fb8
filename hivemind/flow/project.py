"""What a face's request means on disk: the blueprint, its plugins, and what the checks say of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from hivemind.values.defaults import BLUEPRINT_FILE, PROJECT_PLUGIN

if TYPE_CHECKING:
    from hivemind.flow.checking import Checked
    from hivemind.flow.face import Face
    from hivemind.plugins.loading import Plugins
    from hivemind.values.asked import Asked, PluginChoice


def blueprint_file(path: Path) -> Path:
    """The blueprint that a path means: itself, or `hivemind.yaml` in it when it is a folder."""
    return path / BLUEPRINT_FILE if path.is_dir() else path


def checked_project(asked: Asked, face: Face, *, lint: bool = True) -> Checked:
    """A blueprint that passed every check; its findings are told. Raises FindingsError, PluginError."""
    from hivemind.blueprint.source import load
    from hivemind.flow.checking import check

    file = blueprint_file(asked.path)
    if not file.is_file():
        load(file)  # says what is wrong with it before plugins are looked for beside it
    plugins = loaded(file.parent, asked.plugins, face.note)
    checked = check(file, plugins, environment=asked.environment, lint=lint)
    if asked.role_arn is not None:
        checked = replace(checked, blueprint=replace(checked.blueprint, role_arn=asked.role_arn))
    if checked.findings:
        face.findings(checked.findings)
    return checked


def loaded(project: Path | None, choice: PluginChoice, say: Callable[[str], None]) -> Plugins:
    """The plugins of a run, with that of a project's folder where there is one. say: told what one should know."""
    from hivemind.plugins.loading import load

    plugins = load(project=project, names=choice.names, blocked=choice.blocked, third_party=choice.third_party)
    for line in plugins.notes:
        say(f"note: {line}")
    return plugins


def loaded_without(path: Path, choice: PluginChoice, why: str, say: Callable[[str], None]) -> Plugins:
    """As `loaded`, without the plugin that lies in a folder: nothing of it is run. why: said where there is one, after
    "not loading FILE: "."""
    file = own_plugin(folder_of(path), choice)
    if file is not None:
        say(f"note: not loading {file}: {why}")
    return loaded(None, choice, say)


def folder_of(path: Path) -> Path:
    """The folder that a path means: itself, or the one that the file is in."""
    return path if path.is_dir() else path.parent


def tell_new(before: Checked, after: Checked, face: Face) -> None:
    """Tells the findings that comparing with what stands has brought up."""
    found = [finding for finding in after.findings if finding not in before.findings]
    if found:
        face.findings(found)


def own_plugin(folder: Path, choice: PluginChoice) -> Path | None:
    """The plugin that would be loaded from a folder."""
    file = folder / PROJECT_PLUGIN
    there = file.is_symlink() or file.exists()
    return file if there and choice.third_party and file.stem not in choice.blocked else None


def tell_broken_plugin(asked: Asked, face: Face) -> None:
    """Tells that a project's own plugin can't be loaded, for what goes on without it."""
    from hivemind.plugins.loading import load

    folder = folder_of(asked.path)
    if own_plugin(folder, asked.plugins) is None:
        return
    for plugin in load(project=folder, blocked=asked.plugins.blocked).list():
        if plugin.source == "project" and plugin.quarantined:
            face.note(f'warning: plugin "{plugin.name}" ({plugin.module}) is not loaded: {plugin.quarantined}')
