"""What is searched in text of others takes time in proportion to its length: a megabyte of any kind ends soon.

Each runs in a process of its own with a deadline of many times what it needs: one expression that takes the square of
a text's length would need hours.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hivemind.text.bounded import LONGEST_BLANK, LONGEST_LINE, LONGEST_WORD, bounded

KINDS = r"""
import itertools, signal
UNITS = ["a", "A", "0", "f0", "_", " ", "\t", "\n", "\r", "-", ".", ":", "/", "=", "@", "'", '"', "{", "$", "#", "%",
    "a.", "a-", "a b ", "a: ", "a=", "a://", "://", "a://b:", "https://", "user@", "/a", "../", "password", "Password",
    "secret=", "'a'", '"a"', "eyJ-", "eyJa.", "ghp_", "xoxb-", "-----BEGIN ", "-----", "AKIA",
    "-----BEGIN PRIVATE KEY-----", "authorization: bearer ", "authorization ", "api_key: '", "$A", "${A", "\\", "<",
    "(", "[", ")", "]", "}", "\n ", " \n", "error ", "ERROR: ", "a.b:1 ", "npm ERR! ", "*", "**/", "|", "&& ", "--a "]
HEADS = ["a", " ", "\n", "'", '"', "a: ", "password='"]
def texts(size):
    for unit in UNITS:
        yield unit * (size // len(unit))
        yield "password: " + unit * (size // len(unit)) + "\x00"
        yield "a://b" + unit * (size // len(unit)) + "!"
    for one, two in itertools.product(HEADS, repeat=2):
        yield one * (size // len(one) // 2) + two * (size // len(two) // 2)
def each(size, seconds):
    # Of processor time, for each text; the process ends by this signal.
    for text in texts(size):
        signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
        yield text
    signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    print("ended")
"""
SEARCHES = {
    "redact": ("from hivemind.text.redact import redact", "redact(text)"),
    "masked": ("from hivemind.blueprint.masking import masked", "masked(text)"),
    "in_clear": ("from hivemind.blueprint.masking import in_clear", "in_clear('A_SECRET', text), in_clear(text, text)"),
    "bounded": ("from hivemind.text.bounded import bounded", "bounded(text)"),
    "visible": ("from hivemind.text.visible import visible", "visible(text)"),
    "shown": ("from hivemind.repositories.address import shown", "shown(text)"),
    "signatures": (
        "from hivemind.values.signatures import *; import hivemind.builds.build_causes as a",
        "match(a.SIGNATURES, [text], Speaker.BUILD), match(a.SIGNATURES, [text], Speaker.APPLICATION)",
    ),
}


def bound(program: str, *arguments: str, environment: Mapping[str, str] | None = None) -> str:
    command = [sys.executable, "-c", KINDS + program, *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, f"ended by signal {-done.returncode}: {done.stderr[-2000:]}"
    return done.stdout


# The megabyte below is of these two.
HEAVY = ("redact", "masked")


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.stress) if name in HEAVY else name for name in SEARCHES]
)
def test_a_text_of_any_kind_ends(name: str) -> None:
    """A linear search of 30 kB takes 0.02 s at most; the square of it takes a second."""
    imports, does = SEARCHES[name]
    longer = "signal.setitimer(signal.ITIMER_VIRTUAL, 20)\nfor unit in ('eyJ-', 'a.', 'a: '):\n text = unit * 250_000\n"
    assert bound(f"{imports}\nfor text in each(30_000, 0.4): {does}\n{longer} {does}").strip() == "ended"


@pytest.mark.stress
@pytest.mark.parametrize("name", HEAVY)
def test_a_megabyte_of_any_kind_ends(name: str) -> None:
    imports, does = SEARCHES[name]
    assert bound(f"{imports}\nfor text in each(1_000_000, 20): {does}").strip() == "ended"


RECON = r'''
import sys
from pathlib import Path
from hivemind.flow.detecting import seen
from hivemind.plugins.loading import load
NAMES = """app.py manage.py settings.py requirements.txt pyproject.toml Procfile Dockerfile compose.yaml README.md
.env.example Gemfile config/database.yml config.ru package.json server.js src/index.ts src/app.module.ts
next.config.js prisma/schema.prisma build.gradle pom.xml src/main/java/App.java
src/main/resources/application.yml mix.exs go.mod go.work lib/a/application.ex config/runtime.exs main.go
Cargo.toml src/main.rs composer.json index.php deno.json main.ts app.json project.clj app.csproj
Program.cs gleam.toml build.sbt fly.toml render.yaml .gitignore setup.cfg Pipfile alembic.ini wsgi.py
config/settings.ini""".split()
root, plugins = Path(sys.argv[1]), load()
for unit in (" ", "\n", "a", "_", ".", '"', "a: ", "/*a", "@Controller({a"):
    signal.setitimer(signal.ITIMER_VIRTUAL, 5)
    for name in NAMES:
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("import os; from flask import Flask\n" * name.endswith(".py") + unit * 30_000)
    seen(root, plugins, print)
print("ended")
'''
"""With linear searches a round takes a quarter of a second of the processor."""


@pytest.mark.stress
@pytest.mark.slow
def test_a_repository_of_such_texts_ends(tmp_path: Path) -> None:
    """Every file that a language or a service is told by, full of what takes an expression longest."""
    environment = {**os.environ, "HIVEMIND_HOME": str(tmp_path / "home")}
    (tmp_path / "app").mkdir()
    assert bound(RECON, str(tmp_path / "app"), environment=environment).splitlines()[-1] == "ended"


@pytest.mark.property
@given(st.text("ab \n\t#", max_size=30).flatmap(lambda text: st.integers(1, 60).map(lambda times: text * times)))
def test_bounded_keeps_the_number_of_each_line(text: str) -> None:
    made = bounded(text)
    assert made.count("\n") == text.count("\n")
    assert len(made) <= len(text) + text.count("\n")
    assert all(len(line) <= LONGEST_LINE for line in made.split("\n"))
    assert all(len(word) <= LONGEST_WORD for word in made.split())


@pytest.mark.fast
@pytest.mark.parametrize(
    "text", ["", "a\n" * 5000, "x" * LONGEST_WORD + " y", " " * (LONGEST_BLANK - 1) + "z", "é\n\n"]
)
def test_what_has_sense_stays_as_it_is(text: str) -> None:
    assert bounded(text) == text
