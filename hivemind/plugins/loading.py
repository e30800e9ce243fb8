"""Plugins: finding, registering, blocking and calling them, each on its own and by its name.

Built-in agents come first, by name; then the project's `hivemind_plugin.py`, `-p NAME`, and the entry points of
group `hivemind`. One that can't be loaded is set aside with its reason, and the others go on.
"""

from __future__ import annotations

import builtins
import importlib
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import pluggy

from hivemind import hookspecs
from hivemind.machine.installed import GROUP, entry_points
from hivemind.plugins.calling import PluginError, PluginOverdue, PluginSource, ask, call
from hivemind.plugins.essential import refuse_essential
from hivemind.plugins.frames import origin
from hivemind.plugins.listeners import Listeners
from hivemind.plugins.misuse import goes_by, misuse, names_of, nearest, taker
from hivemind.values.defaults import PROJECT_PLUGIN
from hivemind.values.events import Event
from hivemind.values.findings import Finding, Place, Severity
from hivemind.values.frozen import frozen

BUILTIN_AGENTS = ("recon", "compiler", "provisioner", "deployer", "qa", "conductor")
IMPORTING = 60.0
"""Seconds that the import of one plugin's module may take."""
KINDS = ("project", "-p", "entry point", "builtin")
"""Where plugins come from, in the order in which a hook with one answer asks them."""


Implementation = tuple[PluginSource, Callable[..., object], tuple[str, ...]]
"""A plugin, its function for a hook, and the arguments that it takes."""


@dataclass(frozen=True)
class LoadedPlugin:
    """One plugin as `hivemind plugins` lists it. source: where it comes from (one of KINDS). hooks: those it
    implements. quarantined: why it was set aside, None when it works. place: where in its code, if that is known."""

    name: str
    module: str
    distribution: str | None
    version: str | None
    source: str
    hooks: tuple[str, ...]
    quarantined: str | None = None
    place: Place | None = None

    def as_json(self) -> dict[str, object]:
        return {
            "name": self.name,
            "module": self.module,
            "distribution": self.distribution,
            "version": self.version,
            "source": self.source,
            "hooks": list(self.hooks),
            "quarantined": self.quarantined,
        }


@dataclass(frozen=True)
class Contribution:
    """What one plugin answered to a hook."""

    plugin: str
    result: Any
    source: PluginSource


@dataclass
class Plugins:
    """The plugins of one run. Made by `load`.

    notes: lines to tell the user once (a project's own plugin, plugins set aside).
    """

    _manager: pluggy.PluginManager
    _sources: dict[str, PluginSource] = field(default_factory=dict)
    _quarantined: dict[str, PluginError] = field(default_factory=dict)
    _blocked: frozenset[str] = frozenset()
    _listeners: Listeners = field(default_factory=Listeners)
    _lost: dict[str, PluginError] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def collect(self, hook: str, **arguments: Any) -> tuple[Contribution, ...]:
        """Every plugin's answer to a hook, built-ins first, then by name. None is no answer.

        Raises PluginError naming the plugin that failed; every plugin is asked before.
        """
        contributions, failures = self.gather(hook, **arguments)
        if failures:
            raise failures[0]
        return contributions

    def gather(self, hook: str, **arguments: Any) -> tuple[tuple[Contribution, ...], tuple[PluginError, ...]]:
        """As `collect`, for hooks where one plugin's failure does not void the others' answers."""
        contributions: list[Contribution] = []
        failures: list[PluginError] = []
        handed = frozen(arguments)
        for implementation in self._implementations(hook, kinds=tuple(reversed(KINDS)), by_name=True):
            try:
                contribution = self._ask(hook, implementation, handed)
            except PluginError as error:
                failures.append(error)
            else:
                if contribution is not None:
                    contributions.append(contribution)
        return tuple(contributions), tuple(failures)

    def first(self, hook: str, **arguments: Any) -> Contribution | None:
        """The first answer to a hook that wants one: the project's plugin, `-p`, installed plugins by name, built-ins.

        None where nobody answers. Raises PluginError naming the plugin that failed.
        """
        handed = frozen(arguments)
        answers = (
            self._ask(hook, implementation, handed) for implementation in self._implementations(hook, kinds=KINDS)
        )
        return next((answer for answer in answers if answer is not None), None)

    def _ask(self, hook: str, implementation: Implementation, arguments: Mapping[str, Any]) -> Contribution | None:
        """One plugin's answer. One that hung once is not asked again: each time would take its whole deadline."""
        source, function, names = implementation
        if source.name in self._lost:
            raise self._lost[source.name]
        try:
            result = ask(source, hook, function, {name: arguments[name] for name in names})
        except PluginOverdue as error:
            self._lost[source.name] = error
            raise
        return None if result is None else Contribution(source.name, result, source)

    def described(self) -> Mapping[str, str]:
        """Plugin that is not built in -> its distribution and version, or its file: for messages that name it."""
        return {
            one.name: f"{one.distribution} {one.version}" if one.distribution else one.module
            for one in self._sources.values()
            if one.kind != "builtin"
        }

    def placed(self, findings: Iterable[Finding], hook: str) -> tuple[Finding, ...]:
        """The findings, those on a plugin that have no place at its function for a hook: a mistake in what it says."""
        functions = {source.name: function for source, function, _ in self._implementations(hook, kinds=KINDS)}

        def place(one: Finding) -> Place | None:
            own = one.plugin in self.described() and one.plugin in functions and not one.path
            return origin(self._sources[one.plugin].module, functions[one.plugin]).definition if own else None

        return tuple(replace(one, place=one.place or place(one)) for one in findings)

    def others(self, hook: str) -> bool:
        """Whether plugins beside the built-in ones implement a hook."""
        return any(source.kind != "builtin" for source, _, _ in self._implementations(hook, kinds=KINDS))

    def notify(self, event: Event) -> tuple[PluginError, ...]:
        """Hands an event to every listener (`hivemind_event`), each of which hears it on a thread of its own.

        Returns what went wrong with earlier events and was not reported before. Never raises, and never waits.
        """
        implementations = self._implementations("hivemind_event", kinds=tuple(reversed(KINDS)))
        listeners = [(source, function, bool(names)) for source, function, names in implementations]
        return self._listeners.tell(listeners, frozen(event)) if listeners else ()

    def flush(self) -> tuple[PluginError, ...]:
        """Waits, at the end of a run, for listeners that are behind; returns as `notify`."""
        return self._listeners.flush()

    def list(self) -> tuple[LoadedPlugin, ...]:
        """All plugins, those set aside included: built-ins first, then by name."""
        entries: builtins.list[tuple[PluginSource, PluginError | None]] = [
            (one, None) for one in self._sources.values()
        ]
        entries += [(error.source, error) for error in self._quarantined.values()]
        entries.sort(key=lambda entry: (entry[0].kind != "builtin", entry[0].name))
        return tuple(
            LoadedPlugin(
                source.name,
                source.module,
                source.distribution,
                source.version,
                source.kind,
                () if error else self._hooks_of(source.name),
                error.summary if error else None,
                error.at if error else None,
            )
            for source, error in entries
        )

    def named(self, name: str) -> str | None:
        """The plugin's own name for a name that a blueprint uses: its name, distribution or module."""
        return next((own for own, source in self._sources.items() if name == own or goes_by(source, name)), None)

    def require(
        self, names: Iterable[str], place: Callable[[str], Place | None] = lambda _: None
    ) -> tuple[Finding, ...]:
        """Findings for plugins that a blueprint names under `plugins` and that are not loaded.

        place: where in the blueprint a name stands.
        """
        return tuple(self._missing(name, place(name)) for name in names if self.named(name) is None)

    def add(self, source: PluginSource, plugin: object) -> None:
        """Registers one plugin. Raises PluginError, and leaves nothing of it behind, when it can't serve."""
        taken = self._sources.get(source.name)
        if taken:
            raise PluginError(source, f"the name is taken by {taker(taken)}")
        problem = misuse(plugin)
        if problem:
            raise PluginError(source, problem)
        try:
            self._manager.register(plugin, source.name)
        except (pluggy.PluginValidationError, ValueError) as error:
            raise PluginError(source, " ".join(str(error).split())) from error
        self._sources[source.name] = source

    def _missing(self, name: str, place: Place | None) -> Finding:
        errors = self._quarantined.values()
        broken = next((error for error in errors if error.source.name == name or goes_by(error.source, name)), None)
        path = f"plugins.{name}"
        if broken:
            message = f"the blueprint needs plugin {broken.source}, which HiveMind could not load: {broken.summary}"
            return Finding(
                "H602",
                Severity.ERROR,
                message,
                place,
                "Fix or update it. `hivemind plugins` lists all plugins.",
                path=path,
            )
        if name in self._blocked:
            message = f'the blueprint needs plugin "{name}", which is disabled'
            return Finding(
                "H602", Severity.ERROR, message, place, f"Remove `-p no:{name}` or `--no-plugins`.", path=path
            )
        near = nearest(name, names_of((*self._sources.values(), *(error.source for error in errors))))
        hint = f"Did you mean {near}?" if near else f"Install it where hivemind runs: `pip install {name}`."
        return Finding("H601", Severity.ERROR, f'plugin "{name}" is not installed', place, hint, path=path)

    def _implementations(self, hook: str, *, kinds: Sequence[str], by_name: bool = False) -> Sequence[Implementation]:
        """Implementations of a hook, sorted by kind and name, so that registration order means nothing."""
        caller: pluggy.HookCaller = getattr(self._manager.hook, hook)
        found = [
            (self._sources[implementation.plugin_name], implementation.function, implementation.argnames)
            for implementation in caller.get_hookimpls()
        ]

        def rank(source: PluginSource) -> int:
            return int(source.kind != "builtin") if by_name else kinds.index(source.kind)

        return sorted(found, key=lambda entry: (rank(entry[0]), entry[0].name))

    def _hooks_of(self, name: str) -> tuple[str, ...]:
        callers = self._manager.get_hookcallers(self._manager.get_plugin(name)) or ()
        return tuple(sorted(caller.name for caller in callers))

    def _set_aside(self, error: PluginError) -> None:
        key = source_key = error.source.name
        while key in self._quarantined:
            key += f" ({error.source.distribution})" if key == source_key else "+"
        self._quarantined[key] = error


def load(
    *, project: Path | None = None, names: Sequence[str] = (), blocked: Sequence[str] = (), third_party: bool = True
) -> Plugins:
    """Loads the built-in agents and, unless `third_party` is off, the project's plugin and all installed ones.

    project: folder of the blueprint. names: from `-p NAME`: entry points or modules, loaded even when third
    parties are off. blocked: from `-p no:NAME`. Raises PluginError when one of `names` can't be loaded, HiveMindError
    when one of `blocked` is ESSENTIAL.
    """
    refuse_essential(blocked)
    manager = pluggy.PluginManager(GROUP)
    manager.add_hookspecs(hookspecs)
    plugins = Plugins(manager, _blocked=frozenset(blocked))
    notes: list[str] = []
    for name in BUILTIN_AGENTS:
        module = f"hivemind.agents.{name}"
        if name not in blocked:
            plugins.add(PluginSource(name, "builtin", module), importlib.import_module(module))
    points = _entry_points() if third_party or names else {}
    for name in dict.fromkeys(names):
        _add_named(plugins, name, points)
    if third_party:
        notes += _add_project(plugins, project)
        for source in (entry for entries in points.values() for entry in entries):
            if source.name not in blocked and not _loaded(plugins, source):
                try:
                    _load_entry_point(plugins, source)
                except PluginError as error:
                    plugins._set_aside(error)
    known = {*BUILTIN_AGENTS, *points, *plugins._sources, Path(PROJECT_PLUGIN).stem}
    notes += [_unknown_block(name, known) for name in blocked if name not in known]
    notes += [f"skipping plugin {error.source}: {error.summary}" for error in plugins._quarantined.values()]
    plugins.notes = tuple(notes)
    return plugins


def _entry_points() -> dict[str, list[PluginSource]]:
    """Installed plugins by name; a name that two distributions use has two entries, sorted by distribution."""
    found: dict[str, list[PluginSource]] = {}
    for point in entry_points():
        source = PluginSource(point.name, "entry point", point.value, point.distribution, point.version)
        found.setdefault(point.name, []).append(source)
    return found


def _load_entry_point(plugins: Plugins, source: PluginSource) -> None:
    from importlib.metadata import EntryPoint

    plugins.add(source, _imported(source, EntryPoint(source.name, source.module, GROUP).load))


def _add_named(plugins: Plugins, name: str, points: Mapping[str, list[PluginSource]]) -> None:
    """`-p NAME`: the user asked for this one, so that its failure is not set aside."""
    if name in plugins._sources:
        return
    if name in points:
        _load_entry_point(plugins, points[name][0])
        return
    source = PluginSource(name, "-p", name)
    if importlib.util.find_spec(name.partition(".")[0]) is None:
        installed = (source for sources in points.values() for source in sources)
        near = nearest(name, names_of((*installed, *plugins._sources.values())))
        hint = f"Did you mean {near}?" if near else f"Run `pip install {name}`, or name an importable module."
        raise PluginError(source, "no installed plugin or module has this name", hint=hint)
    plugins.add(source, _imported(source, lambda: importlib.import_module(name)))


def _add_project(plugins: Plugins, project: Path | None) -> list[str]:
    """The file beside hivemind.yaml, loaded from where it stands, without touching sys.path."""
    path = (project / PROJECT_PLUGIN) if project else None
    if path is None or not path.is_file() or path.stem in plugins._blocked:
        return []
    source = PluginSource(path.stem, "project", str(path))

    def run() -> object:
        if not path.resolve().is_relative_to(path.parent.resolve()):
            raise ImportError(f"{path} is a link that leads out of its folder")
        name = f"_hivemind_project_{sha256(str(path.resolve()).encode()).hexdigest()[:12]}"
        spec = spec_from_file_location(name, path)
        if spec is None or spec.loader is None:
            raise ImportError(f"{path} is not a Python file")
        module = module_from_spec(spec)
        # Dataclasses of the file look their module up by name.
        sys.modules[name] = module
        spec.loader.exec_module(module)
        return module

    try:
        plugins.add(source, _imported(source, run))
    except PluginError as error:
        plugins._set_aside(error)
        return []
    return [f"using the project's plugin {path}"]


def _imported(source: PluginSource, imports: Callable[[], object]) -> object:
    return call(source, None, imports, seconds=IMPORTING)


def _loaded(plugins: Plugins, source: PluginSource) -> bool:
    known = plugins._sources.get(source.name)
    return known is not None and known == source


def _unknown_block(name: str, known: Iterable[str]) -> str:
    near = nearest(name, sorted(known))
    return f'-p no:{name}: no plugin is called "{name}"' + (f"; did you mean {near}?" if near else "")
