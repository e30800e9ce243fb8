"""Paths that Python code puts together out of where its file is."""

from __future__ import annotations

import pytest

from hivemind.repositories.python_paths import around, assigned, called

pytestmark = pytest.mark.fast
FILE = "shop/settings/base.py"


@pytest.mark.parametrize(
    ("code", "path"),
    [
        ("HERE = os.path.dirname(os.path.abspath(__file__))\nUP = os.path.join(HERE, '..', 'up')", "shop/up"),
        ("HERE = os.path.dirname(os.path.dirname(__file__))\nUP = os.path.join(HERE, 'up')", "shop/up"),
        ("TOP = Path(__file__).resolve().parent.parent.parent\nUP = TOP / 'kept' / 'up'", "kept/up"),
        ("UP = str(Path(__file__).absolute().parent / 'up')", "shop/settings/up"),
        ("UP = 'up'", "up"),
        ("UP = os.path.join(root(), 'up')", None),
        ("UP = UP", None),
        ("UP = os.path.join()", None),
        ("UP = (", None),
        ("DOWN = 'up'", None),
        ("UP = " + "(" * 500 + "1" + ")" * 500, None),
    ],
)
def test_the_path_that_a_name_stands_for(code: str, path: str | None) -> None:
    assert assigned(code, FILE, "UP") == path


def test_the_paths_that_a_function_is_given() -> None:
    code = (
        "import os\nx = Config('.env')\ny = Config(os.path.join(os.path.dirname(__file__), '../.env'))\nz = Config()\n"
    )
    assert called(code, FILE, "Config") == [(".env", 2), ("shop/.env", 3)]


@pytest.mark.parametrize(
    ("code", "path"),
    [
        ("X = {'NAME': os.path.join(TOP, 'data', 'a.db')}", "shop/data/a.db"),
        ("X = 'sqlite:///' + os.path.join(TOP, 'a.db')", "shop/a.db"),
        ("X = sqlite3.connect(os.path.join('data', 'a.db'))", "data/a.db"),
        ("X = str(Path(TOP) / 'data' / 'a.db')", "shop/data/a.db"),
        ("X = os.path.join(settings.TOP, 'a.db')", None),
        ("X = 'a.db'", None),
        ("X = (", None),
    ],
)
def test_the_path_around_a_text(code: str, path: str | None) -> None:
    assert around(f"TOP = os.path.dirname(os.path.dirname(__file__))\n{code}\n", FILE, "a.db", 2) == path
