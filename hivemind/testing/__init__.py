"""Test kit for plugins and for HiveMind itself: fakes, and sample values.

`hivemind.testing.strategies` has Hypothesis strategies. `hivemind.testing.pytest_plugin` has fixtures, which pytest
loads wherever HiveMind is installed.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from hivemind.testing.clock import ManualClock
    from hivemind.testing.context import FakeContext
    from hivemind.testing.loading import plugins_of
    from hivemind.testing.probe import FakeProbe, page
    from hivemind.testing.project import hello
    from hivemind.testing.samples import apply_of, build_place, checked, release, repository

__all__ = [
    "FakeContext",
    "FakeProbe",
    "ManualClock",
    "apply_of",
    "build_place",
    "checked",
    "hello",
    "page",
    "plugins_of",
    "release",
    "repository",
]

_HOMES = {
    "FakeContext": "context",
    "FakeProbe": "probe",
    "ManualClock": "clock",
    "apply_of": "samples",
    "build_place": "samples",
    "checked": "samples",
    "hello": "project",
    "page": "probe",
    "plugins_of": "loading",
    "release": "samples",
    "repository": "samples",
}


def __getattr__(name: str) -> object:
    # Imported on use: pytest loads this package in every environment that HiveMind is installed in.
    if name in _HOMES:
        from importlib import import_module

        value: object = getattr(import_module(f"hivemind.testing.{_HOMES[name]}"), name)
        return value
    raise AttributeError(f"module 'hivemind.testing' has no attribute {name!r}")
