"""What holds for every test: a home of its own, no credentials, no skip where none is allowed, durations kept."""

from __future__ import annotations

import gc
import json
import os
import platform
import shutil
import signal
import tempfile
import time
import zlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import budget
import pytest
from hypothesis import settings
from xdist.scheduler import LoadScopeScheduling

from hivemind.testing.pytest_plugin import LocalCloudHome

REAL_HOME = Path.home()
NO_SKIP = bool(os.environ.get("HIVEMIND_NO_SKIP"))
ON_AWS = os.environ.get("HIVEMIND_TEST_AWS") == "1"
DURATIONS = os.environ.get("HIVEMIND_TEST_DURATIONS")
"""File to which the durations of this run are appended, one JSON object a line."""

STARTED = time.monotonic()
LEFT_OUT = pytest.StashKey[Counter[str]]()

# A shell without job control starts what runs in the background deaf to Ctrl-C, and so all that this starts.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# Twenty examples unless a test asks for more; how long one takes says nothing on a shared machine.
settings.register_profile("hivemind", max_examples=20, deadline=None)
settings.load_profile("hivemind")


# What is collected stays until the end: the garbage collector need not look through it again and again.
gc.disable()


def pytest_collection_finish() -> None:
    gc.freeze()
    gc.enable()


@pytest.fixture(autouse=True)
def isolation(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Iterator[None]:
    """A home and a data directory of its own, nothing of the user's AWS account, no colour, no CI in the environment.

    Installers keep their caches and settings. The directory's name is short: Unix sockets go into it.
    """
    home = Path(tempfile.mkdtemp(prefix="hm-"))
    on_aws = ON_AWS and request.node.get_closest_marker("aws")
    for name in list(os.environ):
        if name.startswith(("AWS_", "HIVEMIND_")) and not on_aws:
            monkeypatch.delenv(name)
    for name in ("CI", "NO_COLOR", "FORCE_COLOR", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "1000")  # what a test looks for is on one line; widths have tests of their own
    if not on_aws:  # which needs ~/.aws, or the role of the machine
        monkeypatch.setenv("HOME", str(home))
        monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("HIVEMIND_HOME", str(home / "data"))
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


def pytest_addoption(parser: pytest.Parser) -> None:
    parts = ", ".join((*budget.read()["stress"], "sample"))
    parser.addoption("--part", metavar="NAME", help=f"of the tests marked stress only those of one part: {parts}")


def pytest_configure(config: pytest.Config) -> None:
    """Each worker begins to collect elsewhere. What one has compiled the others find, in a fresh clone as well."""
    worker = getattr(config, "workerinput", None)
    if worker is None or [Path(arg) for arg in config.args] != [Path("tests")]:
        return
    tests = Path(__file__).parent
    places = sorted({path.relative_to(tests).parts[0] for path in tests.rglob("test_*.py")})
    turn = len(places) * int(worker["workerid"].removeprefix("gw")) // worker["workercount"]
    config.args = [str(tests / place) for place in (*places[turn:], *places[:turn])]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What takes long begins first, so that no worker is left alone with it at the end. Tests on a real account run
    only when asked for, and of a part of `make stress` only those that are in it."""
    long = {_module(item) for item in items if not item.get_closest_marker("fast")}
    items.sort(key=lambda item: (_rank(item), _module(item) not in long, _module(item)))
    part = config.getoption("part")
    wanted = _in_part(items, part) if part else set(items)
    if not ON_AWS:
        wanted = {item for item in wanted if not item.get_closest_marker("aws")}
    if apart := [item for item in items if item not in wanted]:
        config.hook.pytest_deselected(items=apart)
        items[:] = [item for item in items if item in wanted]


def _module(item: pytest.Item) -> str:
    return item.nodeid.partition("::")[0]


def _rank(item: pytest.Item) -> int:
    """The place of a test's folder: those that deploy, those that start machines, the others."""
    heavy = ("e2e", "cli", "local", "flow", "hosts", "compiler", "repositories")
    folder = item.nodeid.removeprefix("tests/").partition("/")[0]
    return heavy.index(folder) if folder in heavy else len(heavy)


class Distribution(LoadScopeScheduling):
    """Gives what `budget.together` says to one worker."""

    def _split_scope(self, nodeid: str) -> str:
        return budget.together(nodeid)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Distribution | None:
    """With `--dist loadscope`; pytest 9.2 knows nothing of what pytest-xdist's loadgroup relies on."""
    return Distribution(config, log) if config.getoption("dist") == "loadscope" else None


def _in_part(items: list[pytest.Item], part: str) -> set[pytest.Item]:
    """Those of a part. `sample`: as many of all as suite.toml says, others every day."""
    heavy = [item for item in items if item.get_closest_marker("stress")]
    parts = budget.read()["stress"]
    if part == "sample":
        day = time.strftime("%Y-%m-%d", time.gmtime())
        heavy.sort(key=lambda item: zlib.crc32(f"{day} {item.nodeid}".encode()))
        return set(heavy[: budget.read()["sample"]["tests"]])
    if part not in parts:
        raise pytest.UsageError(f"--part {part}: the parts are {', '.join((*parts, 'sample'))}")
    return {item for item in heavy if budget.stress_part(item.nodeid) == part}


def pytest_deselected(items: list[pytest.Item]) -> None:
    """Counts what a run leaves out, for the line at its end."""
    for item in items:
        config = item.config
        if item.get_closest_marker("aws"):
            why = "on a real account (HIVEMIND_TEST_AWS=1)"
        elif item.get_closest_marker("stress") and not config.getoption("part"):
            why = "heavier than the suite (make stress)"
        else:
            why = "not chosen"
        left_out = config.stash.setdefault(LEFT_OUT, Counter())
        left_out[why] += 1


def pytest_testnodedown(node: Any, error: object) -> None:
    """Every worker leaves out the same; what the first one says is taken."""
    if told := getattr(node, "workeroutput", {}).get("left_out"):
        node.config.stash[LEFT_OUT] = Counter(told)


def pytest_sessionfinish(session: pytest.Session) -> None:
    if hasattr(session.config, "workerinput"):
        session.config.workeroutput["left_out"] = dict(session.config.stash.get(LEFT_OUT, {}))
        return
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if NO_SKIP and reporter and reporter.stats.get("skipped"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    stats, config = terminalreporter.stats, terminalreporter.config
    if NO_SKIP and stats.get("skipped"):
        terminalreporter.write_line(f"{len(stats['skipped'])} skipped where none may skip (HIVEMIND_NO_SKIP)", red=True)
    ran = [report for outcome in ("passed", "failed", "error", "") for report in stats.get(outcome, ())]
    calls = [report for report in ran if getattr(report, "when", None) == "call"]
    slowest = sorted(calls, key=lambda report: -report.duration)[:15]
    for report in calls:
        if "fast" in report.keywords and report.duration > 1:
            terminalreporter.write_line(f"marked fast, took {report.duration:.1f} s: {report.nodeid}", yellow=True)
    skipped = Counter(report.longrepr[2].removeprefix("Skipped: ") for report in stats.get("skipped", ()))
    left_out = config.stash.get(LEFT_OUT, Counter()) + skipped
    if left_out:
        reasons = "; ".join(f"{count} {why}" for why, count in left_out.most_common())
        terminalreporter.write_line(f"Not run: {reasons}")
    if DURATIONS:
        timed = [(report.nodeid, report.duration) for report in ran if hasattr(report, "duration")]
        _keep(
            {
                "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
                "python": platform.python_version(),
                "seconds": round(time.monotonic() - STARTED, 1),
                "areas": budget.spent(timed, config.getoption("numprocesses", None) or 1),
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
