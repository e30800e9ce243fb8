"""Asking plugins, for what stands below the room that calls them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol


class Answer(Protocol):
    """What one plugin said to a hook."""

    @property
    def plugin(self) -> str: ...
    @property
    def result(self) -> Any: ...


class Hooks(Protocol):
    """Asks plugins by hook. `hivemind.plugins.loading.Plugins` is one."""

    def first(self, hook: str, **arguments: Any) -> Answer | None:
        """The first answer that is not None. Raises PluginError."""
        ...

    def collect(self, hook: str, **arguments: Any) -> Sequence[Answer]:
        """All answers. Raises PluginError."""
        ...

    def described(self) -> Mapping[str, str]:
        """Name of each plugin that does not come with HiveMind -> its distribution and version, or its file."""
        ...

    def gather(self, hook: str, **arguments: Any) -> tuple[Sequence[Any], Sequence[Any]]:
        """All answers, and the errors of the plugins that failed."""
        ...
