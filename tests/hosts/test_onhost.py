"""The installer's pure parts: unit, environment file, masks, log, archive."""

from __future__ import annotations

import ast
import io
import json
import marshal
import os
import shutil
import subprocess
import sys
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from types import CodeType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hivemind.hosts.installer import installer
from hivemind.hosts.onhost import environment_file, unit
from hivemind.hosts.onhost.layout import Layout
from hivemind.hosts.onhost.logfile import LogFile, last_lines
from hivemind.hosts.onhost.report import Reporter
from hivemind.hosts.onhost.request import Request, UnitOptions, parse
from hivemind.values import cron

YOUNGER = {"UTC", "StrEnum", "Self", "override", "batched", "pairwise", "chdir", "ParamSpec", "TypeAlias", "tomllib"}
PYTHONS = sorted(found for minor in range(9, 14) if (found := shutil.which(f"python3.{minor}")))
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\r"))
LAYOUT = Layout(Path("/"), "web")


def rendered(start: str, *, user: str | None = "hivemind", port: int | None = 8000) -> str:
    return unit.render(LAYOUT, LAYOUT.release("r1"), start, UnitOptions(), user=user, port=port)


@pytest.mark.property
@settings(max_examples=100)
@given(st.dictionaries(st.from_regex(r"[A-Z_][A-Z0-9_]{0,8}", fullmatch=True), TEXT, max_size=4))
def test_every_environment_survives_its_file(variables: dict[str, str]) -> None:
    assert environment_file.parse(environment_file.render(variables)) == variables


@pytest.mark.fast
def test_keys_that_an_older_systemd_warns_of_are_left_out_for_it() -> None:
    release = LAYOUT.release("r1")
    older = unit.render(LAYOUT, release, "run", UnitOptions(), user=None, port=None, backs_off=False)
    newer = unit.render(LAYOUT, release, "run", UnitOptions(), user=None, port=None)
    assert "RestartSteps" not in older
    assert set(newer.splitlines()) - set(older.splitlines()) == {"RestartSteps=6", "RestartMaxDelaySec=30"}
    assert unit.parse(older).delay(9) == unit.parse(older).restart_delay, "then always the same"
    assert unit.parse(newer).delay(9) == 30


@pytest.mark.fast
def test_environment_files_of_others() -> None:
    text = '# a comment\nA=plain value \n\nB=\'single $x\'\n; another\nC="with \\"quotes\\""\n'
    assert environment_file.parse(text) == {"A": "plain value", "B": "single $x", "C": 'with "quotes"'}


@pytest.mark.property
@settings(max_examples=100)
@given(TEXT.filter(lambda text: text.strip()))
def test_every_command_survives_the_unit(start: str) -> None:
    shell, flag, line = unit.parse(rendered(start)).arguments
    assert (shell, flag) == ("/bin/sh", "-c")
    assert line in (start.strip(), f"exec {start.strip()}")


@pytest.mark.fast
@pytest.mark.parametrize(
    ("start", "line"),
    [
        ("gunicorn app:app -b 0.0.0.0:$PORT", "exec gunicorn app:app -b 0.0.0.0:$PORT"),
        ("cd src && npm start", "cd src && npm start"),
        ("DEBUG=0 python main.py", "DEBUG=0 python main.py"),
        ("a; b", "a; b"),
        ("python -c 'a; b'", "exec python -c 'a; b'"),
        ("export A=1", "export A=1"),
        ("python main.py > log", "exec python main.py > log"),
        ("it's", "it's"),
    ],
)
def test_a_single_command_gets_signals_directly(start: str, line: str) -> None:
    assert unit.shell_line(start) == line


@pytest.mark.fast
def test_the_unit_is_hardened() -> None:
    text = rendered("serve")
    for line in (
        "User=hivemind",
        "NoNewPrivileges=yes",
        "ProtectSystem=strict",
        "PrivateTmp=yes",
        "ProtectHome=yes",
        "CapabilityBoundingSet=",
        "RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK",
        "ReadWritePaths=/var/lib/hivemind/web /opt/hivemind/web/releases/r1/app",
        "EnvironmentFile=/opt/hivemind/web/releases/r1/environment",
        "KillSignal=SIGTERM",
        "TimeoutStopSec=30",
        "Restart=always",
    ):
        assert line in text.splitlines()


@pytest.mark.fast
def test_a_low_port_needs_its_one_capability() -> None:
    lines = rendered("serve", port=80).splitlines()
    assert "AmbientCapabilities=CAP_NET_BIND_SERVICE" in lines
    assert "CapabilityBoundingSet=CAP_NET_BIND_SERVICE" in lines
    assert "User=hivemind" not in rendered("serve", user=None)
    assert unit.parse(rendered("serve", port=80)).binds_low_ports
    assert not unit.parse(rendered("serve")).binds_low_ports


@pytest.mark.fast
def test_delays_grow_to_their_limit() -> None:
    parsed = unit.parse(rendered("serve"))
    delays = [parsed.delay(failures) for failures in range(1, 9)]
    assert delays[0] == 5
    assert delays == sorted(delays)
    assert delays[-2:] == [pytest.approx(30), pytest.approx(30)]


@pytest.mark.fast
@pytest.mark.parametrize(("text", "value"), [("5", 5), ("100ms", 0.1), ("1min 30s", 90), ("2 min", 120)])
def test_time_spans(text: str, value: float) -> None:
    assert unit.seconds(text) == pytest.approx(value)


@pytest.mark.fast
@pytest.mark.parametrize("text", ["", "soon", "5 parsecs"])
def test_no_time_spans(text: str) -> None:
    with pytest.raises(ValueError, match="not a time span"):
        unit.seconds(text)


@pytest.mark.fast
def test_masks_cover_parts_and_lines() -> None:
    reporter = Reporter(["secret", "secret-long", "first line\nsecond line", "ab"])
    assert reporter.mask("x secret-long y") == "x [hidden] y"
    assert reporter.mask("second line") == "[hidden]"
    assert reporter.mask("ab stays") == "ab stays"


@pytest.mark.fast
def test_the_log_is_bounded(tmp_path: Path) -> None:
    path = tmp_path / "web.log"
    log = LogFile(path, limit=1000)
    for number in range(200):
        log.feed(f"line {number}\n".encode())
    log.feed(b"x" * 100_000)
    log.say("and on")
    log.close()
    assert sorted(file.name for file in tmp_path.iterdir()) == ["web.log", "web.log.1"]
    assert sum(file.stat().st_size for file in tmp_path.iterdir()) < 150_000
    assert last_lines(path, 1) == ["hivemind: and on"]


@pytest.mark.fast
def test_the_last_lines_reach_back_over_the_rotation(tmp_path: Path) -> None:
    log = LogFile(tmp_path / "web.log", limit=100)
    for number in range(4):
        log.feed(f"line {number}\n".encode())
    log.close()
    assert last_lines(tmp_path / "web.log", 3) == ["line 1", "line 2", "line 3"]


@pytest.mark.fast
def test_lines_from_before_a_release_are_not_its_own(tmp_path: Path) -> None:
    (tmp_path / "web.log").write_text("2026-11-30T17:00:00.999Z old\n2026-11-30T17:00:01.000Z new\n")
    began = datetime(2026, 11, 30, 17, 0, 1, tzinfo=UTC).timestamp()
    assert last_lines(tmp_path / "web.log", 3, since=began) == ["new"]
    assert last_lines(tmp_path / "web.log", 3, since=began + 1) == []


@pytest.mark.fast
def test_a_request_shows_no_values_and_survives_its_text() -> None:
    import json

    request = Request("web", "r1", "/a.tar.gz", "0" * 64, "serve", env={"TOKEN": "hush-hush"}, hidden=("TOKEN",))
    assert "hush" not in repr(request)
    assert parse(json.loads(request.as_json())) == request


@pytest.mark.fast
def test_the_installer_is_the_same_each_time_and_alone() -> None:
    assert installer().content == installer.__wrapped__().content
    folder = Path(unit.__file__).parent
    for path in (*folder.glob("*.py"), Path(cron.__file__)):
        tree = ast.parse(path.read_text(), feature_version=(3, 9))
        names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for alias in node.names}
        assert not names & YOUNGER, f"{path.name} imports what Python 3.9 does not have"
        imported = [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
        outside = [
            name
            for name in imported
            if name.startswith("hivemind") and not name.startswith(("hivemind.hosts.onhost", "hivemind.values.cron"))
        ]
        assert outside == []


@pytest.mark.slow
def test_every_python_here_runs_it(tmp_path: Path) -> None:
    program = tmp_path / "installer.pyz"
    program.write_bytes(installer().content)
    environment = {"HIVEMIND_ROOT": str(tmp_path / "root"), "PATH": "/usr/bin:/bin"}
    ran = 0
    for python in (sys.executable, *PYTHONS):
        # A name may lead to nothing, as those of version managers do.
        if subprocess.run([python, "-c", ""], capture_output=True, check=False).returncode == 0:
            command = [python, str(program), "status", "web"]
            done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
            assert done.returncode == 0, done.stderr
            assert '"stopped"' in done.stdout
            ran += 1
    assert ran


def test_bytecode_tells_no_folder_of_this_machine() -> None:
    """It is what Python keeps beside its own modules; where these lie is nobody's business on an instance."""
    with zipfile.ZipFile(io.BytesIO(installer().content)) as made:
        kept = {name: marshal.loads(made.read(name)[16:]) for name in made.namelist() if name.endswith(".pyc")}
    assert "hivemind/hosts/onhost/main.pyc" in kept
    assert all({name.removesuffix("c")} == files_of(code) for name, code in kept.items())


def files_of(code: CodeType) -> set[str]:
    held = (files_of(one) for one in code.co_consts if isinstance(one, CodeType))
    return {code.co_filename}.union(*held)


@pytest.mark.slow
def test_another_python_takes_the_sources(tmp_path: Path) -> None:
    """Bytecode of this machine's Python lies beside the sources; one of another version does not stop at it."""
    file = tmp_path / "installer.pyz"
    with zipfile.ZipFile(io.BytesIO(installer().content)) as made, zipfile.ZipFile(file, "w") as changed:
        names = made.namelist()
        compiled = {name for name in names if name.endswith(".pyc")}
        assert {name.removesuffix("c") for name in compiled} == set(names) - compiled
        for name in names:
            content = made.read(name)
            changed.writestr(name, b"\0\0\r\n" + content[4:] if name in compiled else content)
    for program in (file, tmp_path / "as-made.pyz"):
        if not program.exists():
            program.write_bytes(installer().content)
        command = [sys.executable, str(program), "missing", "web"]
        environment = {"PATH": os.defpath, "HIVEMIND_ROOT": str(tmp_path)}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert json.loads(done.stdout)["ok"], done.stderr
