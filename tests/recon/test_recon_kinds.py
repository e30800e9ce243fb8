"""What kind of thing a repository is, where manifests alone would say something else."""

from __future__ import annotations

from pathlib import Path

import pytest
from recon_trees import seen

pytestmark = pytest.mark.fast

_COMPILED = "flask==3\n    # via loadtool\nloadtool==2\n    # via -r requirements.in\n"
_WSGI = "from django.core.wsgi import get_wsgi_application\napplication = get_wsgi_application()\n"


def test_what_a_compiled_file_of_requirements_brings_along_is_no_framework(tmp_path: Path) -> None:
    found = seen(tmp_path / "brought", {"requirements.txt": _COMPILED, "main.py": "print(1)\n"})
    assert found.value("framework") is None
    own = _COMPILED.replace("# via loadtool", "# via\n    #   -r requirements.in\n    #   loadtool")
    assert seen(tmp_path / "own", {"requirements.txt": own, "main.py": "print(1)\n"}).value("framework") == "flask"
    plain = {"requirements.txt": "flask==3  # the framework\n", "main.py": "print(1)\n"}
    assert seen(tmp_path / "plain", plain).value("framework") == "flask"


def test_a_process_called_web_that_is_a_bot_is_a_worker(tmp_path: Path) -> None:
    files = {
        "requirements.txt": "discord.py\naiohttp\n",
        "main.py": "bot.run('x')\n",
        "Procfile": "web: python main.py\n",
    }
    found = seen(tmp_path / "bot", files)
    assert (found.value("kind"), found.value("start"), found.value("port")) == ("worker", "python main.py", None)
    told = {**files, "Procfile": "web: python main.py --port $PORT\n"}
    assert seen(tmp_path / "told", told).value("kind") == "web"
    serving = {**files, "requirements.txt": "discord.py\nflask\n"}
    assert seen(tmp_path / "serving", serving).value("kind") == "web"


def test_a_package_that_is_run_by_its_name(tmp_path: Path) -> None:
    files = {"pyproject.toml": '[project]\nname = "a"\ndependencies = ["arrow"]\n', "bot/__init__.py": "",
             "bot/__main__.py": "print(1)\n"}  # fmt: skip
    found = seen(tmp_path / "run", files)
    assert (found.value("kind"), found.one["start"].value) == ("worker", "python -m bot")
    tool = {**files, "pyproject.toml": '[project]\nname = "a"\n[project.scripts]\nbot = "bot:main"\n[build-system]\n'}
    assert seen(tmp_path / "tool", tool).value("kind") == "cli"


def test_a_project_of_django_in_a_folder(tmp_path: Path) -> None:
    files = {
        "pyproject.toml": '[build-system]\n[project]\nname = "shop"\nclassifiers = ["Framework :: Django"]\n',
        "requirements.txt": "django\ngunicorn\n",
        "site/manage.py": "os.environ.setdefault('DJANGO_SETTINGS_MODULE', 'shop.settings')\n",
        "site/shop/wsgi.py": _WSGI,
    }
    found = seen(tmp_path / "project", files)
    assert (found.value("kind"), found.value("framework")) == ("web", "django")
    assert found.value("start") == "cd site && gunicorn shop.wsgi:application --bind 0.0.0.0:$PORT"
    assert found.value("release") == "python site/manage.py migrate --noinput"
    tried = {name.replace("site/", "example/"): text for name, text in files.items()}
    assert seen(tmp_path / "library", tried).value("kind") == "library"
    versions = {**tried, "pyproject.toml": files["pyproject.toml"].replace("Django", "Django :: 5.2")}
    assert seen(tmp_path / "versions", versions).value("kind") == "library"


@pytest.mark.parametrize(
    ("required", "code", "kind"),
    [
        ("github.com/alecthomas/kingpin/v2 v2.4.0", "http.ListenAndServe(a, b)", "web"),
        ("github.com/prometheus/exporter-toolkit v0.16.0", "", "web"),
        ("github.com/spf13/cobra v1.0.0", "http.ListenAndServe(a, b)", "cli"),
        ("github.com/alecthomas/kingpin/v2 v2.4.0", "", "cli"),
    ],
)
def test_go_programs_with_options_serve_where_they_listen(tmp_path: Path, required: str, code: str, kind: str) -> None:
    files = {"go.mod": f"module a\nrequire {required}\n", "main.go": f"package main\nfunc main() {{\n{code}\n}}\n"}
    assert seen(tmp_path, files).value("kind") == kind


def test_a_program_that_a_container_publishes_is_started_though_it_looks_like_a_tool(tmp_path: Path) -> None:
    files = {
        "go.mod": "module a/tool\nrequire github.com/spf13/cobra v1.0.0\n",
        "main.go": "package main\nfunc main() {\n}\n",
    }
    assert seen(tmp_path / "tool", files).value("start") is None
    served = {**files, "Procfile": "web: ./bin/tool serve\n"}
    assert seen(tmp_path / "served", served).value("start") == "./bin/tool serve"


def test_caches_that_a_go_program_can_do_without(tmp_path: Path) -> None:
    module = "module a\nrequire github.com/redis/go-redis/v9 v9.0.0\n"
    code = "package main\nfunc main() {\n\thttp.ListenAndServe(a, b)\n\t%s\n}\n"
    optional = {"go.mod": module, "main.go": code % 'if url != "" { connect(url) }'}
    assert seen(tmp_path / "optional", optional).several["needs"] == ()
    asked = {"go.mod": module, "main.go": code % 'connect(os.Getenv("REDIS_URL"))'}
    assert [each.value for each in seen(tmp_path / "asked", asked).several["needs"]] == ["redis"]


def test_bots_of_java_and_what_is_run_in_a_container_are_no_libraries(tmp_path: Path) -> None:
    dependency = "<dependency><groupId>{0}</groupId><artifactId>{1}</artifactId></dependency>"
    pom = f"<project><artifactId>a</artifactId><dependencies>{dependency}</dependencies></project>"
    bot = {"pom.xml": pom.format("net.dv8tion", "JDA"), "src/main/java/a/Thing.java": "class Thing {}"}
    assert seen(tmp_path / "bot", bot).value("kind") == "worker"
    library = {"pom.xml": pom.format("org.slf4j", "slf4j-api"), "src/main/java/a/Thing.java": "class Thing {}"}
    assert seen(tmp_path / "library", library).value("kind") == "library"
    assert seen(tmp_path / "image", {**library, "Dockerfile": ""}).value("kind") == "web"


def test_java_that_runs_clojure(tmp_path: Path) -> None:
    files = {
        "project.clj": '(defproject a "1"\n  :main a.core)\n',
        "nixpacks.toml": '[start]\ncmd = "java -jar target/a.jar"\n',
    }
    found = seen(tmp_path, files)
    assert (found.value("language"), found.value("start")) == ("clojure", "java -jar target/a.jar")


@pytest.mark.parametrize(
    ("scripts", "dependencies", "kind"),
    [
        ('"start": "npx grunt dev", "build": "npx grunt prod"', '"lodash": "4"', "static"),
        ('"start": "npm run build && node show.js", "build": "node b.js"', '"lodash": "4"', "static"),
        ('"start": "npx grunt dev", "build": "npx grunt prod"', '"express": "4"', "web"),
        ('"start": "node bot.js", "build": "npx grunt"', '"telegraf": "4"', "worker"),
    ],
)
def test_pages_of_bundlers(tmp_path: Path, scripts: str, dependencies: str, kind: str) -> None:
    tools = '"grunt": "1", "browser-sync": "3"'
    package = f'{{"scripts": {{{scripts}}}, "dependencies": {{{dependencies}}}, "devDependencies": {{{tools}}}}}'
    files = {"package.json": package, "src/index.html": "<p>", "bot.js": "", "show.js": ""}
    assert seen(tmp_path, files).value("kind") == kind


def test_rails_with_several_databases_needs_the_first(tmp_path: Path) -> None:
    shared = "default: &default\n  adapter: postgresql\n"
    settings = f"{shared}production:\n  primary:\n    <<: *default\n  other:\n    adapter: sqlite3\n"
    files = {"Gemfile": "gem 'rails'\ngem 'pg'\n", "config/application.rb": "", "config.ru": "run Rails.application\n"}
    found = seen(tmp_path, {**files, "config/database.yml": settings})
    assert [each.value for each in found.several["needs"]] == ["postgres"]


def test_a_script_for_production_may_run_typescript_as_it_is(tmp_path: Path) -> None:
    files = {
        "package.json": '{"scripts": {"prod": "pnpm --filter shop run prod", "dev": "nodemon a"}}',
        "pnpm-workspace.yaml": "packages: [src]\n",
        "src/package.json": '{"name": "shop", "scripts": {"prod": "node --require tsx/cjs server.ts"}, '
        '"dependencies": {"express": "5"}}',
    }
    found = seen(tmp_path, files)
    assert (found.value("framework"), found.value("start")) == ("express", "pnpm --filter shop run prod")


def test_a_go_package_with_a_framework_and_no_main_is_a_library(tmp_path: Path) -> None:
    module = "module a\nrequire github.com/gin-gonic/gin v1.9.0\n"
    files = {"go.mod": module, "app.go": "package a\n\nfunc New() {}\n", "main.go": "package a\n"}
    assert seen(tmp_path, files).value("kind") == "library"


def test_the_one_script_that_runs_something_is_the_program(tmp_path: Path) -> None:
    files = {
        "requirements.txt": "discord.py\n",
        "bot.py": "import discord\n\nclass Bot(discord.Client):\n    pass\n",
        "begin.py": "import bot\n\nif __name__ == '__main__':\n    bot.Bot().run('x')\n",
    }
    found = seen(tmp_path, files)
    assert (found.value("kind"), found.value("start")) == ("worker", "python begin.py")


def test_a_framework_that_a_build_hides_is_seen_where_it_is_started(tmp_path: Path) -> None:
    files = {
        "build.gradle.kts": 'plugins {\n    id("shop.conventions")\n}\n',
        "src/main/java/shop/Shop.java": "@SpringBootApplication\npublic class Shop {\n"
        "    public static void main(String[] args) {\n",
    }
    found = seen(tmp_path, files)
    assert (found.value("framework"), found.value("kind"), found.value("port")) == ("spring-boot", "web", 8080)


def test_an_address_is_no_port_of_go(tmp_path: Path) -> None:
    code = 'package main\nfunc main() {\n\tflag("addr", "127.0.0.1")\n\tflag("port", 7001)\n\tnet.Listen("tcp", x)\n}\n'
    assert seen(tmp_path, {"go.mod": "module a\n", "main.go": code}).value("port") == 7001


def test_a_pom_that_cannot_be_read_says_maven(tmp_path: Path) -> None:
    found = seen(tmp_path, {"pom.xml": "<project><artifactId>a</artif"})
    assert (found.value("language"), found.value("package_manager")) == ("java", "maven")


def test_deno_without_settings(tmp_path: Path) -> None:
    code = "const port = Number(Deno.env.get('PORT') ?? 8000);\nDeno.serve({ port }, answer);\n"
    found = seen(tmp_path / "deno", {"src/index.ts": code})
    assert (found.value("language"), found.value("start")) == ("deno", "deno run --allow-all src/index.ts")
    assert seen(tmp_path / "other", {"src/index.ts": "console.log(1)\n"}).value("language") is None


def test_what_a_factory_makes_is_the_frameworks(tmp_path: Path) -> None:
    files = {
        "requirements.txt": "fastapi\nuvicorn\ngunicorn\n",
        "main.py": "from setup import x\napp = create_application()\n",
    }
    start = "gunicorn main:app --worker-class uvicorn.workers.UvicornWorker --bind 0.0.0.0:$PORT"
    assert seen(tmp_path, files).value("start") == start


def test_modules_below_src_that_are_named_without_it(tmp_path: Path) -> None:
    files = {
        "requirements.txt": "flask\ngunicorn\n",
        "src/shop/app.py": "from shop.db import x\napp = Flask(__name__)\n",
    }
    found = seen(tmp_path / "without", files)
    assert found.value("start") == "cd src && gunicorn shop.app:app --bind 0.0.0.0:$PORT"
    named = {**files, "src/shop/app.py": "from src.shop.db import x\napp = Flask(__name__)\n"}
    assert seen(tmp_path / "with", named).value("start") == "gunicorn src.shop.app:app --bind 0.0.0.0:$PORT"
