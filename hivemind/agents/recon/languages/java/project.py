"""A build of the Java virtual machine's languages, whichever tool it uses."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from hivemind.agents.recon.notes import Spot
from hivemind.agents.recon.reading import Hit


@dataclass
class Project:
    """One module of a build.

    tool: maven, gradle or sbt. group: whose it is; what belongs to the same is no framework that it uses.
    file: its build file. path: its folder, empty for the top. name: of what it builds.
    packaging: jar, war or pom. dependencies, plugins: `group:artifact` (or a plugin's id) -> where it stands; tests'
    dependencies are left out. main: class that the build names. sources: whether it has
    any of its own.
    """

    tool: str
    file: str
    path: str
    name: str
    packaging: str = "jar"
    group: str = ""
    dependencies: dict[str, Spot] = field(default_factory=dict)
    plugins: dict[str, Spot] = field(default_factory=dict)
    version: Hit | None = None
    main: Spot | None = None
    sources: bool = True

    def inside(self, name: str) -> str:
        """A path in the module's folder."""
        return f"{self.path}/{name}" if self.path else name

    @property
    def own(self) -> Project:
        """This module without what comes from its own group: a framework's parts don't use the framework."""
        if not self.group:
            return self
        own = (f"{self.group}:", f"{self.group}.")
        foreign = {name: spot for name, spot in self.dependencies.items() if not name.startswith(own)}
        return replace(self, dependencies=foreign)

    def uses(self, *prefixes: str) -> Spot | None:
        """Where the first dependency or plugin that starts so stands."""
        for prefix in prefixes:
            for name, spot in (*self.dependencies.items(), *self.plugins.items()):
                if name.startswith(prefix):
                    return spot
        return None
