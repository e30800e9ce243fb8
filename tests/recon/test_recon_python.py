from __future__ import annotations

from pathlib import Path

import pytest
from recon_trees import seen

pytestmark = pytest.mark.fast
FLASK = "from flask import Flask\napp = Flask(__name__)\n"


def test_flask_without_a_server_gets_one_and_says_so(tmp_path: Path) -> None:
    found = seen(tmp_path, {"requirements.txt": "flask==3.0\n", "hello.py": FLASK})
    assert found.value("language") == "python"
    assert found.value("framework") == "flask"
    assert found.value("kind") == "web"
    assert found.value("start") == "gunicorn hello:app --bind 0.0.0.0:$PORT"
    assert found.one["start"].evidence == "hello.py:2"
    assert found.value("install") == "pip install -r requirements.txt gunicorn"
    assert found.one["install"].evidence == "HiveMind adds gunicorn: no server in requirements.txt"


@pytest.mark.parametrize(
    ("dependencies", "source", "start"),
    [
        (
            "fastapi\nuvicorn",
            "from fastapi import FastAPI\napi = FastAPI()\n",
            "uvicorn main:api --host 0.0.0.0 --port $PORT",
        ),
        (
            "fastapi\nuvicorn\ngunicorn",
            "from fastapi import FastAPI\napp = FastAPI()\n",
            "gunicorn main:app --worker-class uvicorn.workers.UvicornWorker --bind 0.0.0.0:$PORT",
        ),
        ("flask\nwaitress", FLASK, "waitress-serve --listen=0.0.0.0:$PORT main:app"),
        (
            "flask\ngunicorn",
            "from flask import Flask\ndef create_app(test=None):\n    app = Flask(__name__)\n    return app\n",
            "gunicorn 'main:create_app()' --bind 0.0.0.0:$PORT",
        ),
        (
            "starlette\nhypercorn",
            "import starlette.applications as s\napp = s.Starlette()\n",
            "hypercorn main:app --bind 0.0.0.0:$PORT",
        ),
        (
            "gunicorn",
            "def application(environ, start_response):\n    return []\n",
            "gunicorn main:application --bind 0.0.0.0:$PORT",
        ),
        (
            "streamlit",
            "import streamlit as st\n",
            "streamlit run main.py --server.port $PORT --server.address 0.0.0.0 --server.headless true",
        ),
    ],
)
def test_start_follows_the_server_and_the_object(tmp_path: Path, dependencies: str, source: str, start: str) -> None:
    found = seen(tmp_path, {"requirements.txt": dependencies, "main.py": source})
    assert found.value("start") == start


def test_a_commented_object_or_string_is_none(tmp_path: Path) -> None:
    found = seen(
        tmp_path, {"requirements.txt": "requests", "a.py": "# app = Flask(__name__)\ntext = 'app = Flask()'\n"}
    )
    assert found.value("start") is None
    assert not found.serves


def test_django(tmp_path: Path) -> None:
    found = seen(
        tmp_path,
        {
            "requirements.txt": "-r base.txt\ngunicorn\n",
            "base.txt": "Django>=5  # the framework\n# psycopg\n",
            ".python-version": "# which\n3.12.4\n",
            "manage.py": 'os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")\n',
            "shop/settings.py": "import os\nSTATIC_ROOT = 'x'\nSECRET_KEY = os.environ['SECRET_KEY']\n",
            "shop/wsgi.py": "from django.core.wsgi import get_wsgi_application\napplication = get_wsgi_application()\n",
            "other/wsgi.py": "application = get_wsgi_application()\n",
            "shop/urls.py": "from django.urls import path\nurlpatterns = [path('healthz/', x)]\n",
        },
    )
    assert found.value("framework") == "django"
    assert found.one["framework"].evidence == "base.txt:1"
    assert found.value("runtime_version") == "3.12"
    assert found.one["runtime_version"].evidence == ".python-version:2"
    assert found.value("start") == "gunicorn shop.wsgi:application --bind 0.0.0.0:$PORT"
    assert found.value("release") == "python manage.py migrate --noinput"
    assert found.value("build") == "python manage.py collectstatic --noinput"
    assert found.one["build"].evidence == "STATIC_ROOT in shop/settings.py:2"
    assert found.value("health_path") == "/healthz/"
    assert [each.value for each in found.several["env_required"]] == ["SECRET_KEY"]
    assert found.several["needs"] == ()


def test_django_builds_its_pages_with_npm_first(tmp_path: Path) -> None:
    found = seen(
        tmp_path,
        {
            "requirements.txt": "django\ngunicorn",
            "manage.py": "",
            "a/wsgi.py": "application = get_wsgi_application()\n",
            "a/settings.py": "STATIC_ROOT = 'x'\n",
            "package.json": '{"scripts": {"build": "rollup -c"}, "dependencies": {"lit": "3"}}',
            "package-lock.json": "{}",
        },
    )
    assert found.value("language") == "python"
    assert found.value("build") == "npm ci && npm run build && python manage.py collectstatic --noinput"


def test_procfile_wins_over_everything(tmp_path: Path) -> None:
    found = seen(
        tmp_path,
        {
            "requirements.txt": "flask\ngunicorn",
            "app.py": FLASK,
            "Dockerfile": "FROM python\nEXPOSE 5000\nCMD gunicorn other:app\n",
            "Procfile": "# web: no\nweb: gunicorn app:app --workers 3\nrelease: python -m tables\nworker: x\n",
        },
    )
    assert found.value("start") == "gunicorn app:app --workers 3"
    assert found.one["start"].evidence == "Procfile:2"
    assert found.value("release") == "python -m tables"
    assert found.value("kind") == "web"


@pytest.mark.parametrize(
    ("code", "needs"),
    [
        ("import os\nurl = os.environ['DATABASE_URL']\n", ["postgres"]),
        ("import os\nurl = os.getenv('DATABASE_URL', 'sqlite:///x.db')\n", []),
        ("import os\nhost = os.environ.get('PGHOST')\n", ["postgres"]),
        ("import os\nname = os.environ['NAME']\n", []),
    ],
)
def test_a_database_is_needed_when_driver_and_variable_are_there(tmp_path: Path, code: str, needs: list[str]) -> None:
    found = seen(tmp_path, {"requirements.txt": "flask\npsycopg[binary]>=3\n", "app.py": FLASK + code})
    assert [each.value for each in found.several["needs"]] == needs


def test_without_a_driver_no_database_is_needed(tmp_path: Path) -> None:
    files = {
        "pyproject.toml": '[project]\nname="a"\ndependencies=["flask"]\n[dependency-groups]\ndev=["psycopg"]\n',
        "app.py": FLASK + "import os\nos.environ['DATABASE_URL']\n",
    }
    assert seen(tmp_path, files).several["needs"] == ()


@pytest.mark.parametrize(
    ("manifest", "install", "version", "manager"),
    [
        (
            {"pyproject.toml": '[project]\nname="a"\nrequires-python=">=3.11"\ndependencies=["flask"]'},
            "pip install .",
            ">=3.11",
            "uv",
        ),
        (
            {"pyproject.toml": '[project]\nname="a"\ndependencies=["flask"]', "uv.lock": ""},
            "uv sync --no-dev && pip install gunicorn",
            None,
            "uv",
        ),
        (
            {"pyproject.toml": '[tool.poetry.dependencies]\npython="^3.11"\nflask="^3"\ngunicorn="*"'},
            "poetry install --only main",
            ">=3.11,<4",
            "poetry",
        ),
        (
            {"Pipfile": '[packages]\nflask="*"\ngunicorn="*"\n[requires]\npython_version="3.12"'},
            "pipenv install --deploy",
            "3.12",
            "pipenv",
        ),
    ],
)
def test_manifests(tmp_path: Path, manifest: dict[str, str], install: str, version: str | None, manager: str) -> None:
    found = seen(tmp_path, {**manifest, "app.py": FLASK})
    assert str(found.value("install")).startswith(install)
    assert found.value("runtime_version") == version
    assert found.value("package_manager") == manager
    assert found.value("framework") == "flask"


def test_libraries_and_tools_say_so(tmp_path: Path) -> None:
    library = {"pyproject.toml": '[build-system]\nrequires=[]\n[project]\nname="a"\ndependencies=[]', "a.py": ""}
    assert seen(tmp_path / "1", library).value("kind") == "library"
    tool = {"pyproject.toml": '[project]\nname="a"\ndependencies=[]\n[project.scripts]\na="a:main"', "a.py": ""}
    assert seen(tmp_path / "2", tool).value("kind") == "cli"


def test_ports(tmp_path: Path) -> None:
    bind = {"requirements.txt": "flask\ngunicorn", "app.py": FLASK, "gunicorn.conf.py": 'bind = "0.0.0.0:9000"\n'}
    assert seen(tmp_path / "1", bind).value("port") == 9000
    run = FLASK + "import os\nif __name__ == '__main__':\n    app.run(port=int(os.environ.get('PORT', 5005)))\n"
    assert seen(tmp_path / "2", {"requirements.txt": "flask", "app.py": run}).value("port") == 5005


@pytest.mark.parametrize("text", ["def (", "\0", "(" * 5000, "x = " + "-" * 100_000 + "1", "﻿app = 1"])
def test_code_that_does_not_parse_is_passed_over(tmp_path: Path, text: str) -> None:
    found = seen(tmp_path, {"requirements.txt": "flask", "bad.py": text, "good.py": FLASK})
    assert found.value("start") == "gunicorn good:app --bind 0.0.0.0:$PORT"


def test_wrong_manifests_are_passed_over(tmp_path: Path) -> None:
    files = {"pyproject.toml": "[project\n", "requirements.txt": "???\nflask\n-r requirements.txt\n", "app.py": FLASK}
    assert seen(tmp_path, files).value("framework") == "flask"


@pytest.mark.parametrize(
    ("files", "start"),
    [
        ({"wsgi.py": "from shop import app\nfrom shop import views\n"}, "gunicorn wsgi:app"),
        ({"wsgi.py": "from shop import app as application\n"}, "gunicorn wsgi:application"),
        ({"startup.py": "from shop.site import app\n", "shop/site.py": "from . import app\nfrom . import views\n"},
         "gunicorn startup:app"),
        ({"shop/wsgi.py": "from . import app\n"}, "gunicorn shop.wsgi:app"),
        ({"run.py": "from shop import app\napp.run(debug=True)\n"}, "gunicorn shop:app"),
        ({"run.py": "from shop import app\nif __name__ == '__main__':\n    app.run()\n"}, "gunicorn run:app"),
        ({"tasks.py": "from shop import app\n"}, "gunicorn shop:app"),
    ],
)  # fmt: skip
def test_the_file_that_imports_the_whole_application_is_served(
    tmp_path: Path, files: dict[str, str], start: str
) -> None:
    made = {
        "requirements.txt": "flask\ngunicorn\n",
        "shop/__init__.py": FLASK,
        "shop/views.py": "from shop import app\n",
    }
    assert seen(tmp_path, made | files).value("start") == f"{start} --bind 0.0.0.0:$PORT"


_CONDA = """name: shop
dependencies:
  - python=3.11
  - conda-forge::flask>=3
  - numpy=1.26=py311
  - pip:
      - gunicorn==22
"""


def test_a_module_for_tests_at_the_top_is_not_what_is_served(tmp_path: Path) -> None:
    made = "from flask import Flask\ndef create_app(kind='default'):\n    return Flask(__name__)\napp = create_app()\n"
    top = "from shop.web import create_app\napp = create_app('testing')\n"
    files = {"requirements.txt": "flask\ngunicorn\n", "shop/web/__init__.py": made, "shop/__init__.py": ""}
    found = seen(tmp_path, files | {"test_fill.py": top})
    assert found.value("start") == "gunicorn shop.web:app --bind 0.0.0.0:$PORT"


def test_conda(tmp_path: Path) -> None:
    app = "from flask import Flask\napp = Flask(__name__)\n"
    found = seen(tmp_path, {"environment.yml": _CONDA, "web.py": app})
    assert (found.value("package_manager"), found.value("runtime_version")) == ("conda", "3.11")
    assert (found.value("framework"), found.one["framework"].evidence) == ("flask", "environment.yml:4")
    assert found.value("install") == "conda env create -f environment.yml"
    assert "gunicorn web:app" in str(found.value("start"))
    assert [each.file for each in found.several["doubts"]] == ["environment.yml"]
    beside = seen(tmp_path / "pip", {"environment.yml": _CONDA, "requirements.txt": "flask\n", "web.py": app})
    assert (beside.value("package_manager"), beside.several["doubts"]) == ("pip", ())


@pytest.mark.parametrize("text", ["", "[]", "dependencies: {a: 1}", "dependencies: [3, {pip: x}, {pip: [3, -e .]}]"])
def test_an_environment_that_says_nothing(tmp_path: Path, text: str) -> None:
    found = seen(tmp_path, {"environment.yml": text, "web.py": "print(1)\n"})
    assert (found.value("language"), found.value("framework")) == ("python", None)


def test_a_port_that_a_name_stands_for(tmp_path: Path) -> None:
    code = "from flask import Flask\nfrom waitress import serve\napp = Flask(__name__)\n\ndef begin():\n"
    code += "    host, port = '127.0.0.1', 9600\n    serve(app, host=host, port=port)\n"
    assert seen(tmp_path, {"requirements.txt": "flask\nwaitress\n", "web.py": code}).value("port") == 9600


def test_gunicorns_settings_wherever_they_are(tmp_path: Path) -> None:
    files = {"requirements.txt": "flask\ngunicorn\n", "web.py": "from flask import Flask\napp = Flask(__name__)\n"}
    found = seen(tmp_path, {**files, "deploy/gunicorn.py": "bind = '127.0.0.1:9700'\n"})
    assert (found.value("port"), found.one["port"].evidence) == (9700, "deploy/gunicorn.py:1")


def test_what_serves_may_be_required_in_a_file_of_its_own(tmp_path: Path) -> None:
    files = {"requirements.txt": "flask\n", "web.py": "from flask import Flask\napp = Flask(__name__)\n"}
    found = seen(tmp_path, {**files, "requirements-server.txt": "granian\n"})
    assert str(found.value("start")).startswith("granian ")
    assert found.value("install") == "pip install -r requirements.txt -r requirements-server.txt"


@pytest.mark.parametrize(("kind", "needs"), [("postgres", ["postgres"]), ("sqlite", [])])
def test_a_setting_says_which_of_several_databases_is_used(tmp_path: Path, kind: str, needs: list[str]) -> None:
    code = "import os\nfrom flask import Flask\napp = Flask(__name__)\n"
    settings = f"import os\nDB_TYPE = os.getenv('DB_TYPE', '{kind}')\nHOST = os.getenv('DB_HOST')\nLITE = 'sqlite://'\n"
    files = {"requirements.txt": "flask\npsycopg\n", "web.py": code, "config.py": settings}
    assert [each.value for each in seen(tmp_path, files).several["needs"]] == needs
    fields = f"    DB_TYPE: Literal['sqlite', 'postgres'] = '{kind}'\n    DB_HOST: str = 'localhost'\n"
    fields += "    LITE: str = 'sqlite://'\n"
    typed = f"from pydantic_settings import BaseSettings\n\nclass Settings(BaseSettings):\n{fields}"
    found = seen(tmp_path / "typed", {**files, "config.py": typed})
    assert [each.value for each in found.several["needs"]] == needs


ROUTED = (
    "from fastapi import FastAPI\nfrom shop import alive, shelves\napp = FastAPI({})\n"
    "app.include_router(alive.router{})\napp.include_router(shelves.router, prefix='/shelves')\n{}"
)
ROUTER = "from fastapi import APIRouter\nrouter = APIRouter()\n@router.get('/ping')\ndef ping(): return 1\n"


@pytest.mark.parametrize(
    ("made", "taken", "more", "path"),
    [
        ("", "", "", "/ping"),
        ("", ", prefix='/a'", "", "/docs"),
        ("docs_url=None", ", prefix='/a'", "", None),
        ("", ", prefix='/a'", "@app.get('/')\ndef top(): return 1\n", None),
        ("", ", prefix='/a'", "app.mount('/', pages)\n", None),
    ],
)
def test_where_the_health_of_an_application_with_routers_is_asked(
    tmp_path: Path, made: str, taken: str, more: str, path: str | None
) -> None:
    files = {"requirements.txt": "fastapi\nuvicorn\n", "shop/main.py": ROUTED.format(made, taken, more),
             "shop/alive.py": ROUTER, "shop/shelves.py": ROUTER.replace("/ping", "/")}  # fmt: skip
    assert seen(tmp_path, files).value("health_path") == path


MEMBERS = "[dependency-groups]\ndev = ['ruff']\n[tool.uv.workspace]\nmembers = ['ovens']\n"


@pytest.mark.parametrize(
    ("more", "framework"),
    [({}, None), ({"pyproject.toml": MEMBERS + "[project]\nname = 'a'\ndependencies = ['fastapi']\n"}, "fastapi")],
    ids=["holds others together", "a project, too"],
)
def test_a_workspace_that_only_holds_others_is_none_of_them(
    tmp_path: Path, more: dict[str, str], framework: str | None
) -> None:
    files = {"pyproject.toml": MEMBERS, "ovens/app/main.py": "from fastapi import FastAPI\napp = FastAPI()\n", **more}
    found = seen(tmp_path, files)
    assert found.value("framework") == framework
    assert (found.value("start") is None) == (framework is None)
