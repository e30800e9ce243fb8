"""Plugins as written: hooks that do not exist or would never be called, and the names that plugins go by. Pure."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable

from hivemind import hookspecs
from hivemind.plugins.calling import PluginSource


def misuse(plugin: object) -> str | None:
    """What is wrong with a plugin's hooks as written, or None."""
    specs = {name for name in vars(hookspecs) if name.startswith("hivemind_")}
    for name in sorted(dir(plugin)):
        function = inspect.getattr_static(plugin, name)
        function = getattr(function, "__func__", function)
        if not inspect.isfunction(function):
            continue
        options = getattr(function, "hivemind_impl", None)
        hook = (options or {}).get("specname") or name
        if options is None:
            if name in specs and not hasattr(function, "hivemind_spec"):
                return f"{name} is not marked with @hook (from hivemind import hook), so HiveMind would never call it"
        elif options.get("wrapper") or options.get("hookwrapper"):
            return f"{hook} is a hook wrapper; HiveMind calls every plugin on its own and supports no wrappers"
        elif hook not in specs and not options.get("optionalhook"):
            near = nearest(hook, specs)
            return f'no hook has the name "{hook}"' + (f"; did you mean {near}?" if near else "")
        elif inspect.isgeneratorfunction(function) or inspect.iscoroutinefunction(function):
            return f"{hook} is a generator or coroutine; return a plain result, without yield or async"
    return None


def names_of(sources: Iterable[PluginSource]) -> list[str]:
    """What plugins may be called by: their own names, then their distributions."""
    found = list(sources)
    return [*(one.name for one in found), *(one.distribution for one in found if one.distribution)]


def nearest(name: str, known: Iterable[str]) -> str | None:
    import difflib

    plain = {_plain(one): one for one in reversed(list(known))}
    return next((plain[one] for one in difflib.get_close_matches(_plain(name), plain, n=1)), None)


def goes_by(source: PluginSource, name: str) -> bool:
    return name == source.module or (source.distribution is not None and _plain(source.distribution) == _plain(name))


def _plain(name: str) -> str:
    """A distribution's name as package indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def taker(source: PluginSource) -> str:
    return "a built-in agent" if source.kind == "builtin" else f"{source.distribution or source.module}"
