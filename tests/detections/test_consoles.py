from __future__ import annotations

import pytest

from hivemind.detections.consoles import SHELL, console_of

pytestmark = pytest.mark.fast


def test_django_has_its_shell_where_manage_py_is() -> None:
    files = ["app/inner/deep/manage.py", "app/manage.py", "app/views.py"]
    assert console_of("django", "python", "gunicorn app.wsgi", files).command == "exec python app/manage.py shell"
    assert console_of("django", "python", "gunicorn app.wsgi", ["a b/manage.py"]).command == (
        "exec python 'a b/manage.py' shell"
    )
    assert console_of("django", "python", "gunicorn app.wsgi", ["wsgi.py"]) == SHELL


@pytest.mark.parametrize(
    ("start", "command"),
    [
        ("gunicorn -b 0.0.0.0:8000 shop.web:app", "exec python -m flask --app shop.web:app shell"),
        (".venv/bin/gunicorn 'shop:make()'", "exec python -m flask --app 'shop:make()' shell"),
        ("flask --app shop run", "exec python -m flask --app shop shell"),
        ("FLASK_APP=shop.py flask run", "exec python -m flask --app shop.py shell"),
        ("python app.py", "exec python -m flask shell"),
        (None, "exec python -m flask shell"),
    ],
)
def test_flask_is_told_the_application_that_is_served(start: str | None, command: str) -> None:
    assert console_of("flask", "python", start, ["app.py"]).command == command


def test_node_has_its_own_and_the_others_a_shell() -> None:
    assert console_of("express", "node", "node server.js", ["server.js"]).command == "exec node"
    assert console_of("fastapi", "python", "uvicorn app:app", ["app.py"]) == SHELL
    assert console_of(None, "go", None, []) == SHELL
