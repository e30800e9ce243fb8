"""Test kit for plugins and for HiveMind itself: fakes, and sample values.

`hivemind.testing.strategies` has Hypothesis strategies. `hivemind.testing.pytest_plugin` has fixtures, which pytest
loads wherever HiveMind is installed.
"""

from __future__ import annotations

from hivemind.values.lazy import on_first_use

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

# Imported on use: pytest loads this package in every environment that HiveMind is installed in.
__getattr__ = on_first_use(
    globals(),
    {
        "testing.clock": ("ManualClock",),
        "testing.context": ("FakeContext",),
        "testing.loading": ("plugins_of",),
        "testing.probe": ("FakeProbe", "page"),
        "testing.project": ("hello",),
        "testing.samples": ("apply_of", "build_place", "checked", "release", "repository"),
    },
)
