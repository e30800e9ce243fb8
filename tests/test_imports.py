"""The import budget: which modules a command may load. By module list, not by time."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = {
    "asyncssh", "boto3", "botocore", "cfnlint", "cryptography", "dspy", "fastapi", "hypercorn", "importlib.metadata",
    "jsonpatch", "jsonschema", "litellm", "ministack", "paramiko", "pathspec", "pg8000", "pluggy", "requests", "rich",
    "yaml",
}  # fmt: skip
PROGRAM = """
import contextlib, io, json, sys
from hivemind.cli.main import main
with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
    main(sys.argv[1:])
print(json.dumps(sorted(sys.modules)))
"""


def modules(*arguments: str, cwd: Path | None = None) -> set[str]:
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM, *arguments], capture_output=True, text=True, check=True, cwd=cwd
    )
    return set(json.loads(run.stdout))


@pytest.mark.parametrize("arguments", [("--help",), ("--version",), (), ("aply",), ("plan", "--help")])
def test_help_imports_nothing_heavy(arguments: tuple[str, ...]) -> None:
    assert modules(*arguments) & HEAVY == set()


def test_help_imports_no_command() -> None:
    ours = {name for name in modules("--help") if name.startswith("hivemind.")}
    assert ours == {
        "hivemind.cli", "hivemind.cli.lazy", "hivemind.cli.main", "hivemind.values", "hivemind.values.asked",
        "hivemind.values.errors", "hivemind.values.exits", "hivemind.values.findings", "hivemind.values.lazy",
        "hivemind.values.state_address", "hivemind.values.version",
    }  # fmt: skip


def test_listing_plugins_imports_no_cloud() -> None:
    assert modules("plugins") & {"boto3", "botocore", "cfnlint", "paramiko", "asyncssh", "rich", "dspy"} == set()


def test_importing_the_package_imports_only_what_finds_its_names() -> None:
    run = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys; before = set(sys.modules); import hivemind; print(*sorted(set(sys.modules) - before))",
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout.split() == ["__future__", "hivemind", "hivemind.values", "hivemind.values.lazy"]
