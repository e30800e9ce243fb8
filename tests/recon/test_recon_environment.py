"""Variables that an application can't start without, by the many ways of reading them."""

from __future__ import annotations

from pathlib import Path

import pytest
from recon_trees import seen

pytestmark = pytest.mark.fast

_DJANGO = {
    "requirements.txt": "django\n",
    "manage.py": "os.environ.setdefault('DJANGO_SETTINGS_MODULE', 'shop.settings')",
}
_RAILS = {
    "config/application.rb": "class Application < Rails::Application\nend\n",
    "config.ru": "run Rails.application\n",
}

_VALIDATED = """import {} from 'class-validator'
import '@nestjs/config'
class V {
  @IsString()
  KEY: string;

  @IsString()
  @IsOptional()
  OPT: string;
}"""


def _of(schema: str) -> str:
    return f"read(process.env, {schema})\n"


def _required(tmp_path: Path, files: dict[str, str]) -> list[str]:
    return [str(each.value) for each in seen(tmp_path, files).several["env_required"]]


@pytest.mark.parametrize(
    ("code", "names"),
    [
        ("import os\nA = os.environ['A']\n", ["A"]),
        ("import os\nA = os.environ['A'] if 'A' in os.environ else None\n", []),
        ("import os\nif 'A' in os.environ:\n    B = os.environ['A']\n", []),
        ("import os\nenv = os.environ.get\nD = env('DEBUG') == 'yes'\nprint(f\"{env('URL')}\")\n", []),
        ("import os\nHOSTS = os.environ.get('HOSTS').split(',')\n", ["HOSTS"]),
        ("import os\nHOSTS = os.environ.get('HOSTS', '').split(',')\n", []),
        ("import os\nSIZE = int(os.getenv('SIZE'))\n", ["SIZE"]),
        ("import os\nSIZE = int(os.getenv('SIZE', '3'))\n", []),
        ("import os\nkey = os.getenv('KEY')\nif not key:\n    raise SystemExit('no key')\n", ["KEY"]),
        ("import os\nkey = os.getenv('KEY')\nif key:\n    raise SystemExit('too much')\n", []),
        ("import os\nkey = os.getenv('KEY')\nif key is None or key == 'x':\n    sys.exit(1)\n", ["KEY"]),
        ("import environ\nenv = environ.Env(DEBUG=(bool, False))\nenv('DEBUG')\nenv.bool('SECURE')\n", ["SECURE"]),
        ("import os\ndef later():\n    return os.environ['A']\n", []),
    ],
)
def test_python_by_what_a_missing_variable_does(tmp_path: Path, code: str, names: list[str]) -> None:
    assert _required(tmp_path, {"requirements.txt": "flask\n", "app.py": code + "app = Flask(__name__)\n"}) == names


@pytest.mark.parametrize(
    ("code", "names"),
    [
        ("class Settings(BaseSettings):\n    token: str\n    debug: bool = False\n", ["TOKEN"]),
        ("class Settings(BaseSettings, env_prefix='bot_'):\n    token: str\n", ["BOT_TOKEN"]),
        (
            "class S(BaseSettings):\n    model_config = SettingsConfigDict(env_prefix='X_')\n    dsn: PostgresDsn\n",
            ["X_DSN"],
        ),
        (
            "class S(BaseSettings):\n    url: str = Field(..., env='MY_URL')\n    n: int = Field(default=1)\n",
            ["MY_URL"],
        ),
        ("class S(BaseSettings):\n    maybe: str | None\n    other: Nested\n", []),
        ("class Base(BaseSettings, env_prefix='a_'):\n    pass\nclass S(Base):\n    token: str\n", ["A_TOKEN"]),
        ("class Thing(BaseModel):\n    token: str\n", []),
        ("class S(BaseSettings):\n    KEY: str = config('KEY')\n    N: int = config('N', default=1)\n", ["KEY"]),
    ],
)
def test_fields_of_pydantics_settings(tmp_path: Path, code: str, names: list[str]) -> None:
    source = "import os\n" + code + "app = FastAPI()\n"
    assert _required(tmp_path, {"requirements.txt": "fastapi\n", "main.py": source}) == names


def test_django_does_not_start_without_its_secret_key(tmp_path: Path) -> None:
    settings = "import os\nSECRET_KEY = os.getenv('SECRET')\nOTHER = os.getenv('OTHER')\n"
    assert _required(tmp_path, {**_DJANGO, "shop/settings.py": settings}) == ["SECRET"]


@pytest.mark.parametrize(
    ("names", "read", "found"),
    [
        ('KEY_STORE = "SHOP_STORE"\n', "os.environ[KEY_STORE]", ["SHOP_STORE"]),
        ('KEY_STORE: str = "SHOP_STORE"\n', "os.environ[names.KEY_STORE]", ["SHOP_STORE"]),
        ('KEY_STORE = "SHOP_STORE"\n', "os.environ.get(KEY_STORE, '/srv')", []),
        ('KEY_STORE = "a sentence"\n', "os.environ[KEY_STORE]", []),
        ('KEY_STORE = "SHOP_STORE"\n', "{}[KEY_STORE]", []),
    ],
)
def test_names_of_variables_that_python_keeps_in_constants(
    tmp_path: Path, names: str, read: str, found: list[str]
) -> None:
    code = f"import os\nfrom shop.names import KEY_STORE\napp = Flask(__name__)\nstore = {read}\n"
    files = {"requirements.txt": "flask\n", "shop/names.py": names, "shop/__init__.py": "", "app.py": code}
    assert _required(tmp_path, files) == found


def test_a_name_that_two_modules_give_to_two_variables_stands_for_none(tmp_path: Path) -> None:
    code = "import os\napp = Flask(__name__)\nstore = os.environ[KEY]\n"
    files = {"requirements.txt": "flask\n", "a.py": 'KEY = "AAA"\n', "b.py": 'KEY = "BBB"\n', "app.py": code}
    assert _required(tmp_path, files) == []


def test_the_address_of_what_is_needed_must_be_set_unless_it_has_a_default(tmp_path: Path) -> None:
    code = "import os, celery\nbroker = os.getenv('REDIS_URL')\napp = Flask(__name__)\n"
    given = code.replace("'REDIS_URL'", "'REDIS_URL', 'redis://cache'")
    requirements = {"requirements.txt": "flask\nredis\n"}
    assert _required(tmp_path / "without", {**requirements, "app.py": code}) == ["REDIS_URL"]
    assert _required(tmp_path / "with", {**requirements, "app.py": given}) == []


@pytest.mark.parametrize(
    ("file", "text", "names"),
    [
        ("src/env.ts", _of("z.object({\n  KEY: z.string(),\n  OPT: z.string().optional(),\n})"), ["KEY"]),
        ("src/env.ts", _of("z({\n  KEY: z\n    .string()\n    .min(3),\n  D: z\n    .default(1),\n})"), ["KEY"]),
        ("src/config.js", _of("Joi({\n  URL: Joi.string().required(),\n  N: Joi.number(),\n})"), ["URL"]),
        ("src/config/env.ts", _of("cleanEnv({\n  NAME: str(),\n  SIZE: num({ default: 3 }),\n})"), ["NAME"]),
        ("src/app.config.ts", _VALIDATED, ["KEY"]),
        ("src/labels.ts", "const z = {\n  KEY: z.string(),\n}", []),
    ],
)  # fmt: skip
def test_schemas_of_the_environment_in_node(tmp_path: Path, file: str, text: str, names: list[str]) -> None:
    package = '{"scripts": {"start": "node a.js"}, "dependencies": {"express": "4"}}'
    assert _required(tmp_path, {"package.json": package, file: text}) == names


def test_prisma_says_which_database_wherever_its_schema_is(tmp_path: Path) -> None:
    package = {"package.json": '{"scripts": {"start": "node a.js"}, "dependencies": {"@prisma/client": "6"}}'}
    apart = {**package, "prisma/schema/main.prisma": 'datasource db {\n provider = "mysql"\n url = env("MY_URL")\n}'}
    found = seen(tmp_path / "apart", apart)
    assert [each.value for each in found.several["needs"]] == ["mysql"]
    assert [each.value for each in found.several["env_required"]] == ["MY_URL"]
    local = {**package, "prisma/schema.prisma": 'datasource db {\n provider = "sqlite"\n url = "file:./a.db"\n}'}
    assert seen(tmp_path / "file", local).several["needs"] == ()


def test_rails_reads_redis_and_cable_alone_is_no_need(tmp_path: Path) -> None:
    tree = {
        **_RAILS,
        "Gemfile": "gem 'rails'\ngem 'redis'\n",
        "config/cable.yml": "production:\n  adapter: redis\n  url: x\n",
    }
    assert seen(tmp_path / "cable", tree).several["needs"] == ()
    used = {**tree, "app/channels/room_channel.rb": "class RoomChannel\nend\n"}
    assert [each.value for each in seen(tmp_path / "used", used).several["needs"]] == ["redis"]
    jobs = {
        **_RAILS,
        "Gemfile": "gem 'rails'\ngem 'sidekiq'\n",
        "config/initializers/s.rb": 'Redis.new(url: ENV["REDIS_URL"])\n',
    }
    found = seen(tmp_path / "jobs", jobs)
    assert "REDIS_URL" in [each.value for each in found.several["env_required"]]


def test_laravel_needs_the_parts_of_its_database_and_the_key_that_its_package_signs_with(tmp_path: Path) -> None:
    composer = '{"require": {"laravel/framework": "^12", "tymon/jwt-auth": "^2"}}'
    example = "APP_KEY=\nDB_CONNECTION=pgsql\nDB_HOST=127.0.0.1\nDB_PORT=5432\nDB_DATABASE=shop\n"
    files = {
        "composer.json": composer,
        "artisan": "#!/usr/bin/env php\n",
        "public/index.php": "",
        ".env.example": example,
    }
    parts = ["DB_CONNECTION", "DB_DATABASE", "DB_HOST"]
    assert _required(tmp_path / "server", files) == ["APP_KEY", *parts, "JWT_SECRET"]
    embedded = {**files, ".env.example": example.replace("pgsql", "sqlite")}
    assert _required(tmp_path / "embedded", embedded) == ["APP_KEY", "JWT_SECRET"]


def test_keys_of_other_parties_are_not_the_applications_own(tmp_path: Path) -> None:
    files = {"requirements.txt": "flask\n", "app.py": "", ".env.example": "SHOP_APP_KEY=\nAPP_KEY=\nMY_SECRET_KEY=\n"}
    assert _required(tmp_path, files) == ["APP_KEY", "MY_SECRET_KEY"]


def test_addresses_that_tests_read_are_no_needs_of_the_application(tmp_path: Path) -> None:
    code = "import os\nTEST = os.getenv('TEST_DATABASE_URL')\nURL = os.getenv('DATABASE_URL')\napp = Flask(__name__)\n"
    assert _required(tmp_path, {"requirements.txt": "flask\npsycopg\n", "app.py": code}) == ["DATABASE_URL"]


def test_huey_brings_no_driver_of_redis(tmp_path: Path) -> None:
    files = {"requirements.txt": "flask\nhuey\n", "app.py": "huey = SqliteHuey()\napp = Flask(__name__)\n"}
    assert seen(tmp_path, files).several["needs"] == ()


def test_all_parts_of_a_databases_address_are_told(tmp_path: Path) -> None:
    settings = """from pydantic_settings import BaseSettings
class S(BaseSettings):
    POSTGRES_SERVER: str
    POSTGRES_PORT: int = 5432
    POSTGRES_PASSWORD: str | None = None
    POSTGRES_PASSWORD_FILE: Optional[str] = None
    POSTGRES_POOL: int = 5
    OTHER_PASSWORD: str
"""
    found = seen(tmp_path, {"requirements.txt": "fastapi\npsycopg\npydantic-settings\n", "config.py": settings})
    (need,) = found.several["needs"]
    assert need.note == "psycopg in requirements.txt:2, POSTGRES_SERVER, POSTGRES_PORT, POSTGRES_PASSWORD"
    assert [each.value for each in found.several["env_required"]] == ["OTHER_PASSWORD", "POSTGRES_SERVER"]
