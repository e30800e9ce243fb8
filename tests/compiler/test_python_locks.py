"""What the lock files of four tools come to for one target. The samples follow the tools' own output, shortened."""

from __future__ import annotations

from pathlib import Path

import pytest
from compiler_builds import lay

from hivemind.agents.compiler.python import requirements
from hivemind.agents.compiler.python.asked import Asked
from hivemind.agents.compiler.python.locks.resolution import environment
from hivemind.blueprint.model import Service
from hivemind.builds.sources import gather
from hivemind.repositories.repository import read
from hivemind.values.errors import StageError

pytestmark = pytest.mark.fast

PROJECT = (
    '[project]\nname="shop"\nversion="1"\ndependencies=["redis[hiredis]>=5"]\n[dependency-groups]\nextra=["six"]\n'
)
UV = """\
version = 1
requires-python = ">=3.11"

[[package]]
name = "async-timeout"
version = "5.0.1"
source = { registry = "https://index.example/simple" }
sdist = { url = "https://files.example/a.tar.gz", hash = "sha256:a0", size = 1 }
wheels = [{ url = "https://files.example/a.whl", hash = "sha256:a1", size = 1 }]

[[package]]
name = "colorama"
version = "0.4.6"
source = { registry = "https://index.example/simple" }

[[package]]
name = "hiredis"
version = "3.0.0"
source = { registry = "https://index.example/simple" }
wheels = [{ url = "https://files.example/h.whl", hash = "sha256:h1", size = 1 }]

[[package]]
name = "numpy"
version = "1.26.4"
source = { registry = "https://index.example/simple" }
resolution-markers = ["python_full_version < '3.12'"]
wheels = [{ url = "https://files.example/n.whl", hash = "sha256:n1" }]

[[package]]
name = "numpy"
version = "2.1.0"
source = { registry = "https://index.example/simple" }
resolution-markers = ["python_full_version >= '3.12'"]
wheels = [{ url = "https://files.example/n.whl", hash = "sha256:n2" }]

[[package]]
name = "redis"
version = "5.2.0"
source = { registry = "https://index.example/simple" }
dependencies = [
    { name = "async-timeout", marker = "python_full_version < '3.11.3'" },
    { name = "colorama", marker = "sys_platform == 'win32'" },
    { name = "numpy", version = "1.26.4", marker = "python_full_version < '3.12'" },
    { name = "numpy", version = "2.1.0", marker = "python_full_version >= '3.12'" },
]
wheels = [{ url = "https://files.example/r.whl", hash = "sha256:r1", size = 1 }]

[package.optional-dependencies]
hiredis = [{ name = "hiredis" }]

[[package]]
name = "pytest"
version = "8.0"
source = { registry = "https://index.example/simple" }

[[package]]
name = "six"
version = "1.17.0"
source = { git = "https://git.example/six?rev=main#abc123" }

[[package]]
name = "parts"
version = "0.1"
source = { editable = "libs/parts" }

[[package]]
name = "shop"
version = "1"
source = { virtual = "." }
dependencies = [{ name = "redis", extra = ["hiredis"] }, { name = "parts" }]

[package.dev-dependencies]
dev = [{ name = "pytest" }]
extra = [{ name = "six" }]
"""


def asked(root: Path, files: dict[str, str], install: str | None = None, python: str = "3.11.2") -> Asked:
    service = Service("web", runtime="python", install=install)
    sources = gather(service, read(lay(root, files)))
    return requirements.plan(service, sources, environment(python, "x86_64"))


def names(found: Asked) -> list[str]:
    return [line.split(" ")[0] for line in found.pinned]


def test_uv_gives_what_is_reached_for_the_target_with_its_hashes(tmp_path: Path) -> None:
    found = asked(tmp_path, {"pyproject.toml": PROJECT, "uv.lock": UV})
    assert found.pinned == [
        "async-timeout==5.0.1 --hash=sha256:a0 --hash=sha256:a1",
        "hiredis==3.0.0 --hash=sha256:h1",
        "numpy==1.26.4 --hash=sha256:n1",
        "redis==5.2.0 --hash=sha256:r1",
    ]
    assert (found.locals, found.direct, found.lines) == (["libs/parts"], [], [])


def test_uv_for_a_newer_python_and_with_a_group(tmp_path: Path) -> None:
    install = "uv sync --frozen --no-dev --group extra && pip install gunicorn"
    found = asked(tmp_path, {"pyproject.toml": PROJECT, "uv.lock": UV}, install, "3.12.1")
    assert names(found) == ["hiredis==3.0.0", "numpy==2.1.0", "redis==5.2.0"]
    assert found.direct == ["six @ git+https://git.example/six@abc123"]
    assert found.lines == ["gunicorn"]


POETRY_PROJECT = (
    '[tool.poetry]\npackage-mode=false\n[tool.poetry.dependencies]\npython="^3.11"\n'
    'flask={version="^3.0", extras=["async"]}\n[tool.poetry.group.dev.dependencies]\npytest="*"\n'
)
POETRY = """\
[[package]]
name = "asgiref"
version = "3.8.1"
optional = false
python-versions = ">=3.8"
files = [{file = "asgiref.whl", hash = "sha256:s1"}]

[[package]]
name = "Flask"
version = "3.0.3"
optional = false
python-versions = ">=3.8"
files = [{file = "flask.whl", hash = "sha256:f1"}, {file = "flask.tar.gz", hash = "sha256:f0"}]

[package.dependencies]
asgiref = {version = ">=3.2", optional = true, markers = "extra == \\"async\\""}
click = ">=8.1.3"
importlib-metadata = {version = ">=3.6.0", markers = "python_version < \\"3.10\\""}

[package.extras]
async = ["asgiref (>=3.2)"]

[[package]]
name = "click"
version = "8.1.7"
python-versions = ">=3.7"
files = [{file = "click.whl", hash = "sha256:c1"}]

[[package]]
name = "pytest"
version = "8.0"
python-versions = ">=3.8"
files = []

[metadata]
lock-version = "2.0"
"""


def test_poetry(tmp_path: Path) -> None:
    found = asked(tmp_path, {"pyproject.toml": POETRY_PROJECT, "poetry.lock": POETRY}, "poetry install --only main")
    assert names(found) == ["asgiref==3.8.1", "click==8.1.7", "flask==3.0.3"]
    assert found.pinned[2] == "flask==3.0.3 --hash=sha256:f0 --hash=sha256:f1"


PDM = """\
[metadata]
groups = ["default", "dev"]
lock_version = "4.5.0"

[[package]]
name = "redis"
version = "5.2.0"
requires_python = ">=3.8"
groups = ["default"]
dependencies = ["async-timeout>=4.0.3; python_full_version < \\"3.11.3\\""]
files = [{file = "redis.whl", hash = "sha256:r1"}]

[[package]]
name = "redis"
version = "5.2.0"
extras = ["hiredis"]
requires_python = ">=3.8"
dependencies = ["hiredis>=3", "redis==5.2.0"]
files = [{file = "redis.whl", hash = "sha256:r1"}]

[[package]]
name = "hiredis"
version = "3.0.0"
files = [{file = "hiredis.whl", hash = "sha256:h1"}]

[[package]]
name = "async-timeout"
version = "5.0.1"
files = [{file = "a.whl", hash = "sha256:a1"}]

[[package]]
name = "pytest"
version = "8.0"
groups = ["dev"]
files = []
"""


def test_pdm(tmp_path: Path) -> None:
    found = asked(tmp_path, {"pyproject.toml": PROJECT, "pdm.lock": PDM}, "pdm sync --prod")
    assert names(found) == ["async-timeout==5.0.1", "hiredis==3.0.0", "redis==5.2.0"]
    newer = asked(tmp_path, {"pyproject.toml": PROJECT, "pdm.lock": PDM}, python="3.12.0")
    assert names(newer) == ["hiredis==3.0.0", "redis==5.2.0"]


def test_pipenv(tmp_path: Path) -> None:
    lock = (
        '{"default": {"flask": {"version": "==3.0", "hashes": ["sha256:f1"], "index": "pypi"},'
        '"colorama": {"version": "==1", "markers": "sys_platform == \'win32\'", "hashes": ["sha256:c"]}},'
        '"develop": {"pytest": {"version": "==8"}}}'
    )
    found = asked(tmp_path, {"Pipfile": '[packages]\nflask="*"\n', "Pipfile.lock": lock}, "pipenv install --deploy")
    assert found.pinned == ["flask==3.0 --hash=sha256:f1"]


@pytest.mark.parametrize(
    ("project", "lock", "said"),
    [
        (
            'dependencies=["redis>=6"]',
            ("uv.lock", UV),
            "the project asks for redis>=6, but the lock file has redis 5.2.0",
        ),
        ('dependencies=["rich"]', ("uv.lock", UV), "the project asks for rich, but the lock file lacks it"),
        ('dependencies=["rich"]', ("pdm.lock", PDM), "the project asks for rich, but the lock file lacks it"),
        (
            'dependencies=["flask<3"]',
            ("poetry.lock", POETRY),
            "the project asks for flask<3, but the lock file has flask 3.0.3",
        ),
    ],
)
def test_a_lock_that_contradicts_its_manifest(tmp_path: Path, project: str, lock: tuple[str, str], said: str) -> None:
    with pytest.raises(StageError) as caught:
        asked(tmp_path, {"pyproject.toml": f'[project]\nname="shop"\n{project}\n', lock[0]: lock[1]})
    assert f"{lock[0]}: {said}" in caught.value.message.lower()


@pytest.mark.parametrize("file", ["uv.lock", "poetry.lock", "pdm.lock", "Pipfile.lock"])
@pytest.mark.parametrize("text", ["<<<<<<< HEAD\n", "[[package]]\nversion = 1\n", "[]"])
def test_a_broken_lock_is_named(tmp_path: Path, file: str, text: str) -> None:
    with pytest.raises(StageError, match=file):
        asked(tmp_path, {"pyproject.toml": PROJECT, "Pipfile": "", file: text})
