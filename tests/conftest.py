"""What holds for every test: a home of its own, no credentials, no skip where none is allowed, durations kept."""

from __future__ import annotations

import json
import os
import platform
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from hivemind.testing.pytest_plugin import LocalCloudHome

REAL_HOME = Path.home()
NO_SKIP = bool(os.environ.get("HIVEMIND_NO_SKIP"))
ON_AWS = os.environ.get("HIVEMIND_TEST_AWS") == "1"
DURATIONS = os.environ.get("HIVEMIND_TEST_DURATIONS")
"""File to which the durations of this run are appended, one JSON object a line."""

STARTED = time.monotonic()

# A shell without job control starts what runs in the background deaf to Ctrl-C, and so all that this starts.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# Twenty examples unless a test asks for more; how long one takes says nothing on a shared machine.
settings.register_profile("hivemind", max_examples=20, deadline=None)
settings.load_profile("hivemind")


@pytest.fixture(autouse=True)
def isolation(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Iterator[None]:
    """A home and a data directory of its own, nothing of the user's AWS account, no colour, no CI in the environment.

    Installers keep their caches and settings. The directory's name is short: Unix sockets go into it.
    """
    home = Path(tempfile.mkdtemp(prefix="hm-"))
    for name in list(os.environ):
        if name.startswith(("AWS_", "HIVEMIND_")) and not (ON_AWS and request.node.get_closest_marker("aws")):
            monkeypatch.delenv(name)
    for name in ("CI", "NO_COLOR", "FORCE_COLOR", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("HIVEMIND_HOME", str(home / "data"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    # Each home would have a worker of its own, which takes longer to start than a template to lint.
    monkeypatch.setenv("HIVEMIND_NO_WORKER", "1")
    for name, path in _installers().items():
        if name not in os.environ:
            monkeypatch.setenv(name, path)
    yield
    shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(autouse=True)
def nothing_left(request: pytest.FixtureRequest) -> Iterator[None]:
    """A test that leaves something behind in the local cloud of its process fails, and the next one finds it gone."""
    if "local_cloud" not in request.fixturenames:
        yield
        return
    cloud: LocalCloudHome = request.getfixturevalue("local_cloud")
    before = cloud.contents()
    yield
    left = cloud.contents() - before
    if left:
        cloud.clear_faults()
        pytest.fail("left behind in the local cloud: " + "; ".join(sorted(left)))


def _installers() -> dict[str, str]:
    """Caches and settings of pip, npm and Go in the real home, which tests that build applications go on using."""
    cache = Path(os.environ.get("XDG_CACHE_HOME", REAL_HOME / ".cache"))
    found = {
        "PIP_CACHE_DIR": str(cache / "pip"),
        "npm_config_cache": str(REAL_HOME / ".npm"),
        "GOCACHE": str(cache / "go-build"),
    }
    settings = {"PIP_CONFIG_FILE": REAL_HOME / ".config/pip/pip.conf", "npm_config_userconfig": REAL_HOME / ".npmrc"}
    return found | {name: str(path) for name, path in settings.items() if path.exists()}


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What takes long begins first, so that no worker is left alone with it at the end. Tests on a real account run
    only when asked for."""
    items.sort(key=lambda item: _rank(item.path))
    if ON_AWS:
        return
    apart = [item for item in items if item.get_closest_marker("aws")]
    if apart:
        config.hook.pytest_deselected(items=apart)
        items[:] = [item for item in items if item not in apart]


def _rank(path: Path) -> int:
    """The place of a test's folder: those that deploy, those that start machines, the others."""
    heavy = ("e2e", "local", "cli", "hosts", "compiler", "repositories")
    folder = path.relative_to(Path(__file__).parent).parts[0]
    return heavy.index(folder) if folder in heavy else len(heavy)


def pytest_sessionfinish(session: pytest.Session) -> None:
    if hasattr(session.config, "workerinput"):
        return
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if NO_SKIP and reporter and reporter.stats.get("skipped"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    stats = terminalreporter.stats
    if NO_SKIP and stats.get("skipped"):
        terminalreporter.write_line(f"{len(stats['skipped'])} skipped where none may skip (HIVEMIND_NO_SKIP)", red=True)
    calls = [report for outcome in ("passed", "failed") for report in stats.get(outcome, ()) if report.when == "call"]
    slowest = sorted(calls, key=lambda report: -report.duration)[:15]
    for report in calls:
        if "fast" in report.keywords and report.duration > 1:
            terminalreporter.write_line(f"marked fast, took {report.duration:.1f} s: {report.nodeid}", yellow=True)
    if DURATIONS:
        _keep(
            {
                "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
                "python": platform.python_version(),
                "seconds": round(time.monotonic() - STARTED, 1),
                "tests": {
                    outcome: len(stats[outcome]) for outcome in ("passed", "failed", "skipped") if stats.get(outcome)
                },
                "slowest": {report.nodeid: round(report.duration, 2) for report in slowest},
            }
        )


def _keep(entry: dict[str, object]) -> None:
    path = Path(str(DURATIONS))
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(entry) + "\n")
