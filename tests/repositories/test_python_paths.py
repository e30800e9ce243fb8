"""Paths that Python code puts together out of where its file is."""

from __future__ import annotations

import pytest

from hivemind.repositories.python_paths import assigned, called

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
