from __future__ import annotations

import os
from pathlib import Path

import pytest
from click.testing import CliRunner
from compiler_builds import build, lay

from hivemind.builds.programs import OUTPUT
from hivemind.builds.sandbox import sandbox
from hivemind.cli.artifacts import command
from hivemind.values.errors import StageError

pytestmark = pytest.mark.slow
REASON = sandbox()[1]
works = pytest.mark.skipif(sandbox()[0] is None, reason=REASON)


@works
def test_a_build_writes_into_the_build_alone_and_reads_no_secrets(tmp_path: Path) -> None:
    home = Path(os.environ["HOME"])
    lay(home, {".aws/credentials": "key", ".plain": "text"})
    script = "cat ~/.plain; cat ~/.aws/credentials; touch out"
    root = lay(tmp_path / "in", {"a": ""})
    build(root, tmp_path / "store", runtime="shell", build=script, start="./a")
    log = (tmp_path / "store/logs/web.log").read_text()
    assert log.startswith("# sandboxed with bubblewrap\n")
    assert "\ntext" in log
    assert ".aws/credentials: No such file or directory" in log


@works
def test_the_system_is_read_only(tmp_path: Path) -> None:
    with pytest.raises(StageError, match="Read-only file system"):
        build(lay(tmp_path / "in", {"a": ""}), tmp_path / "store", runtime="shell", build="touch /usr/x", start="./a")


def test_it_can_be_switched_off_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HIVEMIND_SANDBOX", "off")
    build(lay(tmp_path / "in", {"a": ""}), tmp_path / "store", runtime="shell", build="echo made", start="./a")
    assert (tmp_path / "store/logs/web.log").read_text() == "# not sandboxed: HIVEMIND_SANDBOX=off\n$ echo made\nmade\n"


def test_output_is_told_as_it_comes_and_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    token = OUTPUT.set(told.append)
    monkeypatch.setenv("HIVEMIND_HOME", str(tmp_path))
    try:
        for word in ("first", "second"):
            root = lay(tmp_path / "in", {"a": word})
            script = f"echo {word}; sleep 1.1; printf 'half way'; sleep 0.1"
            build(root, tmp_path / "artifacts", runtime="shell", build=script, start="./a")
    finally:
        OUTPUT.reset(token)
    assert told == ["half way", "half way"]
    assert "second" in CliRunner().invoke(command, ["log", "web"]).output
    found = CliRunner().invoke(command, ["log", "--grep", "FIRST"]).output.splitlines()
    assert [line.split(":")[0] for line in found] == ["web.1.log", "web.1.log"]
    assert CliRunner().invoke(command, ["log", "other"]).exit_code == 2
