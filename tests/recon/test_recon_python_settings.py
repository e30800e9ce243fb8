"""Which settings a Django project runs with, where it has some for each environment, and what an image sets."""

from __future__ import annotations

from pathlib import Path

import pytest
from recon_trees import seen

from hivemind.detections.answer import Answer
from hivemind.detections.detection import settings
from hivemind.drafts.variables import variables

pytestmark = pytest.mark.fast
NAMES = "import os\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', 'bakery.conf.{}')\n"
WSGI = NAMES + "from django.core.wsgi import get_wsgi_application\napplication = get_wsgi_application()\n"
FILES = {
    "requirements.txt": "django\ngunicorn\npsycopg\ndjango-environ\n",
    "manage.py": NAMES.format("local"),
    "bakery/__init__.py": "",
    "bakery/wsgi.py": WSGI.format("local"),
    "bakery/conf/__init__.py": "",
    "bakery/conf/common.py": "import os\nALLOWED_HOSTS = []\nSECRET_KEY = os.environ.get('SECRET_KEY')\n",
    "bakery/conf/local.py": "from .common import *\nimport os\nMAIL = os.environ['MAILHOG']\n"
    "DATABASES = {'default': {'ENGINE': 'django.db.backends.sqlite3', 'NAME': 'x.sqlite3'}}\n",
    "bakery/conf/live.py": "from .common import *\nimport environ\nenv = environ.Env()\n"
    "ALLOWED_HOSTS = env.list('BAKERY_HOSTS')\nDATABASES = {'default': env.db()}\n",
}  # fmt: skip
LIVE = "bakery.conf.live"


def set_(found: Answer) -> dict[str, str]:
    return {name: value for name, (value, _) in settings(found.several["env"]).items()}


@pytest.mark.parametrize(
    ("file", "text", "evidence"),
    [
        ("Procfile", f"web: gunicorn bakery.wsgi\nrelease: ./manage.py migrate --settings={LIVE}\n", "Procfile:2"),
        ("Dockerfile", f"FROM python:3.12\nENV A=1 \\\n    DJANGO_SETTINGS_MODULE={LIVE}\n", "Dockerfile:3"),
        ("fly.toml", f"[env]\n  DJANGO_SETTINGS_MODULE = '{LIVE}'\n", "fly.toml:2"),
        ("ops/bakery-uwsgi.ini", f"[uwsgi]\nenv = DJANGO_SETTINGS_MODULE={LIVE}\n", "ops/bakery-uwsgi.ini:2"),
        ("bakery/wsgi.py", WSGI.format("live"), "bakery/wsgi.py:2"),
    ],
)
def test_settings_that_deployment_names_are_those_that_count(
    tmp_path: Path, file: str, text: str, evidence: str
) -> None:
    found = seen(tmp_path, {**FILES, file: text})
    assert set_(found) == {"DJANGO_SETTINGS_MODULE": LIVE}
    assert evidence in found.several["env"][0].evidence
    assert [need.value for need in found.several["needs"]] == ["postgres"]
    required = {each.value for each in found.several["env_required"]}
    assert required == {"BAKERY_HOSTS", "SECRET_KEY", "DATABASE_URL"}
    assert not found.several["doubts"]


def test_settings_for_production_that_nothing_names_are_doubted(tmp_path: Path) -> None:
    files = {**FILES, "bakery/conf/production.py": FILES["bakery/conf/live.py"], "bakery/conf/common.py": ""}
    found = seen(tmp_path, files)
    assert set_(found) == {}
    (doubt,) = found.several["doubts"]
    assert (doubt.value, doubt.file, doubt.line) == (
        "the project runs with bakery.conf.local, its settings for developers; nothing names bakery.conf.production",
        "bakery/wsgi.py", 2,
    )  # fmt: skip
    assert doubt.note == "Write `services.NAME.env: {DJANGO_SETTINGS_MODULE: bakery.conf.production}`."


@pytest.mark.parametrize("named", ["bakery.conf.tests", "bakery.conf.gone"])
def test_settings_for_tests_and_such_as_are_not_there_count_for_nothing(tmp_path: Path, named: str) -> None:
    files = {"Procfile": f"web: gunicorn bakery.wsgi\ncheck: ./manage.py check --settings {named}\n"}
    found = seen(tmp_path, {**FILES, **files, "bakery/conf/tests.py": "", "bakery/wsgi.py": WSGI.format("live")})
    assert set_(found) == {"DJANGO_SETTINGS_MODULE": LIVE}


def test_what_an_image_sets_is_set_where_the_code_names_it(tmp_path: Path) -> None:
    image = (
        "FROM python:3.12 AS base\nARG SHOP_FLAVOUR=sour\nENV SHOP_MODE=production PIP_NO_CACHE_DIR=1 SHOP_UNUSED=1\n"
        "ENV SHOP_CONFIG=/srv/shop.ini SHOP_TOKEN=abcdef SHOP_STAGE=development SHOP_DB_NAME=shop\n"
        "FROM base AS dev\nENV SHOP_MODE=debugging\nFROM base\nENV SHOP_LEVEL=3\n"
        'CMD ["gunicorn", "shop:app"]\n'
    )
    names = ("MODE", "CONFIG", "TOKEN", "STAGE", "LEVEL", "FLAVOUR", "DB_NAME")
    code = "import os\nfrom flask import Flask\napp = Flask(__name__)\n" + "".join(
        f"{name} = os.environ.get('SHOP_{name}')\n" for name in names
    )
    found = seen(tmp_path, {"requirements.txt": "flask\n", "shop.py": code, "Dockerfile": image})
    assert set_(found) == {"SHOP_MODE": "production", "SHOP_LEVEL": "3"}
    assert {each.evidence for each in found.several["env"]} == {
        "set by ENV in Dockerfile:3", "set by ENV in Dockerfile:8",
    }  # fmt: skip


@pytest.mark.parametrize(
    "code",
    [
        "url = os.getenv('STORAGE', 'sqlite:///a.db')\nif url.startswith('postgres://'):\n    pass",
        "url = os.environ['STORAGE'].replace('postgres://', 'postgresql://', 1)",
    ],
)
def test_what_is_asked_for_the_scheme_of_postgresql_is_its_address(tmp_path: Path, code: str) -> None:
    text = f"import os\nfrom flask import Flask\n{code}\napp = Flask(__name__)\n"
    found = seen(tmp_path, {"requirements.txt": "flask\npsycopg2\n", "app.py": text})
    assert [need.value for need in found.several["needs"]] == ["postgres"]
    assert set_(found) == {"STORAGE": "$DATABASE_URL"}


def test_of_two_addresses_neither_is_taken_for_the_applications(tmp_path: Path) -> None:
    text = "import os\nfrom sqlalchemy import create_engine\nfrom flask import Flask\napp = Flask(__name__)\n"
    text += "a = create_engine(os.environ['FIRST'])\nb = create_engine(os.environ['SECOND'])\n"
    found = seen(tmp_path, {"requirements.txt": "flask\npsycopg2\n", "app.py": text})
    assert set_(found) == {}


def test_what_dj_database_url_reads_is_the_address_before_what_only_ends_like_one(tmp_path: Path) -> None:
    text = "import os, dj_database_url\nMAPS = os.environ['ATLAS_DATABASE_URL']\n"
    text += "DATABASES = {'default': dj_database_url.config(env='PRIMARY_DATABASE_URL')}\n"
    files = {"requirements.txt": "django\npsycopg2\ndj-database-url\n", "manage.py": NAMES.format("common")}
    found = seen(tmp_path, {**files, "bakery/conf/__init__.py": "", "bakery/conf/common.py": text})
    (need,) = found.several["needs"]
    assert "PRIMARY_DATABASE_URL" in need.evidence


@pytest.mark.parametrize(
    ("code", "required"),
    [
        ("if USE_S3:\n    KEY = os.environ['AWS_BUCKET']", []),
        ("if os.environ.get('WITH_MAIL'):\n    KEY = os.environ['MAIL_HOST']", []),
        ("KEY = os.environ['MAIL_HOST'] if MAIL else ''", []),
        ("try:\n    KEY = os.environ['OPTIONAL']\nexcept KeyError:\n    KEY = ''", []),
        ("try:\n    KEY = os.environ['NEEDED']\nexcept KeyError:\n    raise SystemExit()", ["NEEDED"]),
        ("if not DEBUG:\n    KEY = os.environ['LIVE_KEY']", ["LIVE_KEY"]),
        ("if DEBUG:\n    KEY = os.environ['TOY_KEY']\nelse:\n    KEY = os.environ['LIVE_KEY']", ["LIVE_KEY"]),
        ("if STAGE == 'production':\n    KEY = os.environ['LIVE_KEY']\nelse:\n    os.environ['TOY_KEY']", ["LIVE_KEY"]),
        ("if STAGE != 'production':\n    KEY = os.environ['TOY_KEY']", []),
        ("if APP_ENV == NAME:\n    KEY = os.environ['SOME_KEY']", ["SOME_KEY"]),
        ("app.config['SECRET_KEY'] = os.environ.get('SESSION_SECRET')", ["SESSION_SECRET"]),
        ("app.secret_key = os.getenv('SESSION_SECRET', '')", ["SESSION_SECRET"]),
        ("app.secret_key = os.getenv('SESSION_SECRET', 'dev')", []),
    ],
)  # fmt: skip
def test_what_need_not_be_reached_need_not_be_set(tmp_path: Path, code: str, required: list[str]) -> None:
    text = f"import os\nfrom flask import Flask\napp = Flask(__name__)\n{code}\n"
    found = seen(tmp_path, {"requirements.txt": "flask\n", "app.py": text})
    assert [each.value for each in found.several["env_required"]] == required


def test_profiles_that_a_framework_reads_by_itself_are_set(tmp_path: Path) -> None:
    pom = "<project><artifactId>till</artifactId><dependencies><dependency><groupId>org.springframework.boot</groupId>"
    pom += "<artifactId>spring-boot-starter-web</artifactId></dependency></dependencies></project>"
    image = 'FROM eclipse-temurin:21\nENV SPRING_PROFILES_ACTIVE=live TILL_UNUSED=1\nCMD ["java", "-jar", "/a.jar"]\n'
    assert set_(seen(tmp_path, {"pom.xml": pom, "Dockerfile": image})) == {"SPRING_PROFILES_ACTIVE": "live"}


FASTAPI = {"requirements.txt": "fastapi\nstarlette\npydantic-settings\nasyncpg\nsqlalchemy\nredis\nuvicorn\n",
           "main.py": "from fastapi import FastAPI\napp = FastAPI()\n"}  # fmt: skip
OPENED = "import os\nfrom starlette.config import Config\nhere = os.path.dirname(__file__)\nconfig = Config({})\n"


@pytest.mark.parametrize(
    ("argument", "more", "build"),
    [
        ("os.path.join(here, '..', '.env')", {}, "touch .env"),
        ("'.env'", {}, "touch .env"),
        ("'.env'", {".env": "A=1\n"}, None),
        ("'settings.ini'", {}, None),
        ("os.path.join(here, '..', '..', '.env')", {}, None),
        ("", {}, None),
    ],
)
def test_a_file_of_settings_that_starlette_opens_is_made_empty(
    tmp_path: Path, argument: str, more: dict[str, str], build: str | None
) -> None:
    found = seen(tmp_path, FASTAPI | {"core/config.py": OPENED.format(argument)} | more)
    assert found.value("build") == build


PUT_TOGETHER = (
    "from pydantic_settings import BaseSettings\nfrom starlette.config import Config\nconfig = Config()\n"
    "class Postgres(BaseSettings):\n    POSTGRES_SERVER: str = config('POSTGRES_SERVER', default='localhost')\n"
    "    POSTGRES_DB: str = config('POSTGRES_DB', default='shop')\n"
    "    POSTGRES_URI: str = f'{POSTGRES_SERVER}/{POSTGRES_DB}'\n"
    "class Queue(BaseSettings):\n    REDIS_QUEUE_HOST: str = config('REDIS_QUEUE_HOST', default='localhost')\n"
    "class Cache(BaseSettings):\n    REDIS_CACHE_HOST: str = config('REDIS_CACHE_HOST', default='localhost')\n"
    "    REDIS_CACHE_URL: str = f'redis://{REDIS_CACHE_HOST}'\n"
)


def test_of_settings_put_together_of_others_those_others_are_set(tmp_path: Path) -> None:
    found = seen(tmp_path, FASTAPI | {"config.py": PUT_TOGETHER})
    values, _ = variables(found, ("postgres", "redis"))
    assert values == {
        "POSTGRES_SERVER": "$PGHOST", "POSTGRES_DB": "$PGDATABASE",
        "REDIS_CACHE_HOST": "$REDIS_HOST", "REDIS_QUEUE_HOST": "$REDIS_HOST",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("asked", "value"),
    [
        ("os.environ['DATABASE_URL'].startswith('postgres://')", "postgres://$PGUSER:$PGPASSWORD@$PGHOST:$PGPORT/$PGDATABASE"),
        ("os.environ['DATABASE_URL'].replace('postgres://', 'postgresql://').startswith('postgres://')", None),
        ("os.environ['DATABASE_URL'].startswith('postgres')", None),
    ],
)  # fmt: skip
def test_settings_that_ask_for_the_older_scheme_get_it(tmp_path: Path, asked: str, value: str | None) -> None:
    live = FILES["bakery/conf/live.py"] + f"import os\nif {asked}:\n    APPS = ['postgres']\n"
    procfile = f"web: gunicorn bakery.wsgi\nrelease: ./manage.py migrate --settings={LIVE}\n"
    found = seen(tmp_path, FILES | {"bakery/conf/live.py": live, "Procfile": procfile})
    values, _ = variables(found, ("postgres",))
    assert values.get("DATABASE_URL") == value


@pytest.mark.parametrize(
    ("engine", "host", "written"),
    [
        ("postgresql", "os.environ.get('STORE_NODE', 'db')", {"STORE_NODE": "$PGHOST", "STORE_WHO": "$PGUSER"}),
        ("postgresql", "'localhost'", {}),
        ("mysql", "os.environ.get('STORE_NODE', 'db')", {}),
    ],
)
def test_parts_of_an_address_are_set_by_what_databases_takes_them_for(
    tmp_path: Path, engine: str, host: str, written: dict[str, str]
) -> None:
    common = FILES["bakery/conf/common.py"] + (
        f"DATABASES = {{'default': {{'ENGINE': 'django.db.backends.{engine}',\n"
        f" 'USER': os.environ['STORE_WHO'],\n 'HOST': {host}}}}}\n"
    )
    plain = FILES | {"bakery/conf/common.py": common, "manage.py": NAMES.format("common")}
    found = seen(tmp_path, plain | {"bakery/wsgi.py": WSGI.format("common")})
    values, _ = variables(found, ("postgres",))
    assert {name: value for name, value in values.items() if name.startswith("STORE_")} == written


ASKS = """\
DB = os.environ.get("DB", "sqlite")
if {test} == "postgres":
    DATABASES = {{"default": {{"ENGINE": "django.db.backends.postgresql", "HOST": envsecret("STORE_NODE", "")}}}}
"""
BY_NAME = """\
DATABASES = {"default": {"ENGINE": os.getenv("STORE_ENGINE", "django.db.backends.sqlite3"),
    "HOST": os.getenv("STORE_NODE")}}
"""


@pytest.mark.parametrize(
    ("settings", "written"),
    [
        (ASKS.format(test='os.getenv("DB")'), {"DB": "postgres", "STORE_NODE": "$PGHOST"}),
        (ASKS.format(test="DB"), {"DB": "postgres", "STORE_NODE": "$PGHOST"}),
        (BY_NAME, {"STORE_ENGINE": "django.db.backends.postgresql", "STORE_NODE": "$PGHOST"}),
    ],
    ids=["asked for", "by a name", "the engine's name"],
)
@pytest.mark.parametrize("needed", [True, False])
def test_what_chooses_postgresql_is_set_where_it_is_needed(
    tmp_path: Path, settings: str, written: dict[str, str], needed: bool
) -> None:
    files = FILES | {"bakery/conf/common.py": FILES["bakery/conf/common.py"] + "import os\n" + settings}
    files |= {"manage.py": NAMES.format("common"), "bakery/wsgi.py": WSGI.format("common")}
    if needed:
        files |= {"requirements.txt": "django\npsycopg2\n", "app.json": '{"addons": ["heroku-postgresql"]}'}
    values, _ = variables(seen(tmp_path, files), ("postgres",) if needed else ())
    assert {name: values.get(name) for name in written} == (written if needed else dict.fromkeys(written))
