"""Plugins from objects, without installing anything."""

from __future__ import annotations

from hivemind.plugins.calling import PluginSource
from hivemind.plugins.loading import Plugins, load


def plugins_of(**plugins: object) -> Plugins:
    """The built-in agents and these plugins, by name, without installed plugins.

    Raises PluginError for a plugin that does not work.
    """
    loaded = load(third_party=False)
    for name, plugin in plugins.items():
        loaded.add(PluginSource(name, "-p", getattr(plugin, "__name__", type(plugin).__name__)), plugin)
    return loaded
