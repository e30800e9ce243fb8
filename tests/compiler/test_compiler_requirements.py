from __future__ import annotations

from pathlib import Path

import pytest
from compiler_builds import lay
from hypothesis import given
from hypothesis import strategies as st

from hivemind.agents.compiler.python import requirements
from hivemind.agents.compiler.python.asked import Asked
from hivemind.agents.compiler.python.interpreters import choose
from hivemind.agents.compiler.python.locks.resolution import environment
from hivemind.blueprint.model import Service
from hivemind.builds.sources import gather
from hivemind.repositories.repository import read
from hivemind.values.artifact import Platform
from hivemind.values.errors import StageError

pytestmark = pytest.mark.fast

TARGET = environment("3.11.2", "x86_64")


def asked(root: Path, files: dict[str, str], install: str | None = None) -> Asked:
    service = Service("web", runtime="python", install=install)
    return requirements.plan(service, gather(service, read(lay(root, files))), TARGET)


def test_files_are_followed_and_split(tmp_path: Path) -> None:
    files = {
        "requirements/prod.txt": "-r base.txt\n-c pins.txt\ngunicorn==1 \\\n  --hash=sha256:aa  # why\n"
        "--no-binary :all:\n",
        "requirements/base.txt": "flask[async]>=2 ; python_version > '3'\n\n# nothing\n-e .\n",
        "requirements/pins.txt": "click==8\n",
        "pyproject.toml": '[project]\nname="a"\ndependencies=["six"]\n',
    }
    found = asked(tmp_path, files, "pip install -r requirements/prod.txt waitress")
    assert found.lines == [
        "flask[async]>=2 ; python_version > '3'",
        "six",
        "gunicorn==1    --hash=sha256:aa",
        "waitress",
    ]
    assert (found.constraints, found.locals, found.options) == (["click==8"], ["."], ["--no-binary", ":all:"])


GROUPS = '[dependency-groups]\nmain = ["flask", {include-group = "base"}]\nbase = ["six>=1"]\n'


def test_a_group_is_what_pyproject_says_and_never_a_package_of_that_name(tmp_path: Path) -> None:
    found = asked(tmp_path, {"pyproject.toml": GROUPS}, "pip install --group main --group=base")
    assert found.lines == ["flask", "six>=1", "six>=1"]
    deeper = asked(tmp_path, {"api/pyproject.toml": GROUPS}, "pip install --group api/pyproject.toml:base")
    assert deeper.lines == ["six>=1"]
    with pytest.raises(StageError, match=r"pyproject\.toml has no dependency group prod") as caught:
        asked(tmp_path, {"pyproject.toml": GROUPS}, "pip install --group prod")
    assert caught.value.hint == "Groups: main, base"


@pytest.mark.parametrize(
    "options",
    ["--root-user-action ignore", "--root-user-action=ignore", "-qU", "-qq --no-cache-dir", "--progress-bar off -v"],
)
def test_options_that_make_no_difference_leave_nothing_behind(tmp_path: Path, options: str) -> None:
    found = asked(tmp_path, {"a": ""}, f"pip install {options} flask")
    assert (found.lines, found.options) == (["flask"], [])


def test_options_keep_their_values(tmp_path: Path) -> None:
    found = asked(tmp_path, {"r.txt": "six\n"}, "pip install --pre -rr.txt -i https://i/simple --timeout=60 -- flask")
    assert found.lines == ["six", "flask"]
    assert found.options == ["--pre", "-i", "https://i/simple", "--timeout", "60"]


@pytest.mark.parametrize(
    ("words", "option"),
    [
        ("--target lib flask", "--target"),
        ("--flavour main", "--flavour"),
        ("-t lib", "-t"),
        ("flask --group", "--group"),
        ("--group -q", "--group"),
        ("-x", "-x"),
        ("--quiet=yes", "--quiet"),
    ],
)
def test_an_unknown_option_is_an_error_and_its_value_no_package(tmp_path: Path, words: str, option: str) -> None:
    with pytest.raises(StageError, match=rf"pip install {option}\)") as caught:
        asked(tmp_path, {"a": ""}, f"pip install {words}")
    assert caught.value.path == "services.web.install"


@pytest.mark.property
@given(
    words=st.lists(st.sampled_from(["--group", "main", "-r", "r.txt", "-q", "--new", "--new=x", "-i", "u"]), max_size=7)
)
def test_no_value_of_an_option_becomes_a_requirement(
    tmp_path_factory: pytest.TempPathFactory, words: list[str]
) -> None:
    files = {"pyproject.toml": GROUPS, "r.txt": "six\n"}
    root = tmp_path_factory.mktemp("app")
    try:
        found = asked(root, files, f"pip install {' '.join(words)}")
    except StageError:
        return
    assert not any(word.startswith("--new") for word in words)
    expected = [
        word for before, word in zip(["", *words], words, strict=False) if before not in {"--group", "-r", "-i"}
    ]
    assert set(found.lines) - {"six", "flask", "six>=1"} <= {word for word in expected if not word.startswith("-")}


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(StageError, match=r"nothing\.txt is not among the packed files"):
        asked(tmp_path, {"a": ""}, "pip install -r nothing.txt")


def test_a_file_that_names_itself_ends(tmp_path: Path) -> None:
    with pytest.raises(StageError):
        asked(tmp_path, {"requirements.txt": "-r requirements.txt\n"})


@pytest.mark.parametrize(
    ("said", "line"),
    [('"^1.2"', "x>=1.2,<2"), ('"~1.2.3"', "x>=1.2.3,<1.3"), ('"^0.3"', "x>=0.3,<0.4"),
     ('"1.5"', "x==1.5"), ('"*"', "x"),
     ('">=1,<3"', "x>=1,<3"), ('{version="^2", extras=["a"]}', "x[a]>=2,<3"), ('{git="https://h/x", tag="v1"}', "x @ git+https://h/x@v1")],
)  # fmt: skip
def test_poetry(tmp_path: Path, said: str, line: str) -> None:
    project = f'[tool.poetry]\npackage-mode=false\n[tool.poetry.dependencies]\npython="^3.11"\nx={said}\n'
    assert asked(tmp_path, {"pyproject.toml": project}, "poetry install --only main").lines == [line]


@pytest.mark.parametrize(
    ("more", "file", "installed"),
    [
        ("", "src/main.py", False),
        ("", "my_shop/__init__.py", True),
        ("", "src/my_shop/__init__.py", True),
        ("", "my_shop.py", True),
        ('packages = [{include = "src"}]', "src/main.py", True),
    ],
)
def test_poetry_installs_a_project_that_has_a_package(tmp_path: Path, more: str, file: str, installed: bool) -> None:
    project = f'[tool.poetry]\nname = "my-shop"\nversion = "1"\n{more}\n[tool.poetry.dependencies]\npython = "^3.11"\n'
    project += '[build-system]\nrequires = ["poetry-core"]\nbuild-backend = "poetry.core.masonry.api"\n'
    found = asked(tmp_path, {"pyproject.toml": project, file: ""}, "poetry install --only main")
    assert found.locals == (["."] if installed else [])


def test_other_commands_are_kept(tmp_path: Path) -> None:
    assert asked(tmp_path, {}, "make deps && pip install six").commands == ["make deps"]


DEBIAN = Platform("debian-12", "x86_64", (2, 36), (("3.11", "python3.11"),), None)
HOST = Platform("host", "x86_64", (2, 36), (("3.13", "b"), ("3.12", "a")), None)


def test_groups_that_include_groups_are_read_once_each(tmp_path: Path) -> None:
    count = 1010
    lines = [f'g{n} = [{{include-group = "g{n + 1}"}}, {{include-group = "g{n + 1}"}}, "p{n}"]' for n in range(count)]
    manifest = "\n".join(['[project]\nname = "a"\ndependencies = []', "[dependency-groups]", *lines])
    found = asked(tmp_path, {"pyproject.toml": manifest}, "uv sync --group g0")
    assert len(found.lines) == count
    assert {"p0", f"p{count - 1}"} <= set(found.lines)


@pytest.mark.parametrize(
    "text",
    [
        'project = "a"',
        'tool = "a"',
        '[tool]\npoetry = "a"',
        '[project]\noptional-dependencies = "a"',
        "a = " + "[" * 9000,
    ],
)
def test_manifests_that_say_something_else(tmp_path: Path, text: str) -> None:
    assert asked(tmp_path, {"pyproject.toml": text}, "uv sync --extra x").lines == []


@pytest.mark.parametrize(
    ("runtime", "platform", "minor", "said"),
    [
        ("python", DEBIAN, "3.11", False),
        ("python 3.11", DEBIAN, "3.11", False),
        ("python 3.11.9", DEBIAN, "3.11", False),
        ("python >=3.10", DEBIAN, "3.11", False),
        ("python 3.12", HOST, "3.12", False),
        ("python >=3.11,<3.13", HOST, "3.12", False),
        ("python 3.14", HOST, "3.13", True),
        ("python 3.9", HOST, "3.12", True),
    ],
)
def test_which_python(runtime: str, platform: Platform, minor: str, said: bool) -> None:
    chosen = choose(Service("web", runtime=runtime), platform)
    assert (chosen.minor, chosen.notice is not None) == (minor, said)


def test_a_python_that_is_not_there_stops_on_real_systems() -> None:
    with pytest.raises(StageError, match=r"asks for Python 3\.14, but debian-12 has 3\.11"):
        choose(Service("web", runtime="python 3.14"), DEBIAN)
