"""What a Dockerfile runs, as the command that does the same in the repository."""

from __future__ import annotations

from pathlib import Path

import pytest
from recon_trees import lay, seen

from hivemind.agents.recon import containers
from hivemind.agents.recon.evidence import dockerfile
from hivemind.agents.recon.folder import Folder
from hivemind.repositories.repository import read

pytestmark = pytest.mark.fast


def said(root: Path, text: str, files: dict[str, str] | None = None) -> dict[str, object]:
    """What the Dockerfile alone says, as far as it is acted upon: start and port."""
    folder = Folder.of(read(lay(root, {"Dockerfile": text, **(files or {})})), ".")
    likely = [each for each in dockerfile.detect(folder) if each.confidence >= 0.5]
    return {each.field: each.value for each in likely if each.field in {"start", "port"}}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("FROM node\nWORKDIR /app\nCOPY . .\nCMD node /app/dist/main.js\n", {"start": "node dist/main.js"}),
        ('FROM a\nCOPY . /srv\nENTRYPOINT ["/usr/bin/tini", "-g", "--"]\nCMD ["python", "/srv/a.py"]\n',
         {"start": "python a.py"}),
        ('FROM a\nCMD ["sh", "-c", "exec gunicorn app:app -b :$PORT"]\n', {"start": "gunicorn app:app -b :$PORT"}),
        ("FROM a AS b\nWORKDIR /src\nCOPY . .\nFROM c\nCOPY --from=b /src/target/x.jar /a.jar\nCMD java -jar /a.jar\n",
         {"start": "java -jar target/x.jar"}),
        ("FROM a\nCOPY . /opt/it\nCMD python /elsewhere/a.py\n", {}),
        ("FROM mcr.microsoft.com/dotnet/aspnet:8.0\nCMD dotnet A.dll\n",
         {"start": "ASPNETCORE_URLS=http://0.0.0.0:${PORT:-8080} dotnet out/A.dll", "port": 8080}),
        ("FROM mcr.microsoft.com/dotnet/aspnet:6.0\n", {"port": 80}),
        ("FROM php:8.2-apache\nCOPY . /var/www/html\n", {"port": 80}),
    ],
)  # fmt: skip
def test_paths_of_the_container_become_paths_of_the_repository(
    tmp_path: Path, text: str, expected: dict[str, object]
) -> None:
    assert said(tmp_path, text) == expected


@pytest.mark.parametrize(
    ("text", "port"),
    [
        ("FROM a\nENV PORT=8081\nEXPOSE ${PORT}\n", 8081),
        ("ARG P=4444\nFROM a\nEXPOSE ${P:-5}\n", 4444),
        ("FROM a\nEXPOSE 9229\nEXPOSE 3000/tcp 3001\n", 3000),
        ("FROM a\nEXPOSE 80 8088\nENV PORT 8088\n", 8088),
        ("FROM a AS base\nEXPOSE 7001\nFROM base AS final\nRUN x\n", 7001),
        ("FROM a AS final\nEXPOSE 7001\nFROM b AS dev-tools\nEXPOSE 7002\n", 7001),
        ("FROM a\nENV PORT=70000\n", None),
        ("FROM a\nEXPOSE 70000\n", None),
    ],
)
def test_ports(tmp_path: Path, text: str, port: int | None) -> None:
    assert said(tmp_path, text).get("port") == port


def test_the_command_of_the_stage_that_another_builds_on(tmp_path: Path) -> None:
    text = (
        'FROM --platform=x python:3.12 AS base\nENTRYPOINT ["python3"]\nCMD ["app.py"]\nFROM base AS dev-envs\nRUN x\n'
    )
    assert said(tmp_path, text) == {"start": "python3 app.py"}


def test_a_script_without_anything_of_its_image_is_the_start_command(tmp_path: Path) -> None:
    script = "#!/bin/sh\nset -e\nnpx prisma migrate deploy\nnpm run start\n"
    root = lay(tmp_path, {"start.sh": script, "Dockerfile": 'FROM node\nENTRYPOINT ["./start.sh"]\n'})
    found = said(root, 'FROM node\nENTRYPOINT ["./start.sh"]\n')
    assert found == {"start": "sh start.sh"}
    (root / "start.sh").chmod(0o755)
    assert said(root, 'FROM node\nENTRYPOINT ["./start.sh"]\n') == {"start": "./start.sh"}


def test_a_script_that_hands_on_is_what_it_hands_on_to(tmp_path: Path) -> None:
    script = '#!/bin/bash\nbundle exec rails db:prepare\nexec "${@}"\n'
    text = 'FROM a\nWORKDIR /r\nCOPY . .\nENTRYPOINT ["/r/bin/entry"]\nCMD ["./bin/rails", "server"]\n'
    assert said(tmp_path, text, {"bin/entry": script}) == {"start": "./bin/rails server"}


def test_a_script_of_an_image_is_what_it_ends_in(tmp_path: Path) -> None:
    script = "#!/bin/sh\nchown -R www /data\nexec gunicorn a.wsgi \\\n  --bind 0.0.0.0:9000\n"
    text = "FROM a\nCOPY . .\nCMD ./run.sh\n"
    assert said(tmp_path, text, {"run.sh": script}) == {"start": "gunicorn a.wsgi --bind 0.0.0.0:9000", "port": 9000}


HERE = """FROM python:3.11
WORKDIR /srv
COPY . .
{}
#!/bin/sh
until nc -z "$PGHOST" 5432; do sleep 1; done
gunicorn shop:app \\
    --bind 0.0.0.0:8000
EOT
EXPOSE 8000
CMD ["/srv/begin.sh"]
"""


@pytest.mark.parametrize(
    "writes",
    [
        "RUN cat <<'EOT' > begin.sh && chmod +x begin.sh",
        'RUN cat > /srv/begin.sh <<"EOT"',
        "RUN tee /srv/begin.sh <<-EOT",
        "COPY --chmod=755 <<EOT /srv/begin.sh",
    ],
)
def test_a_script_that_the_dockerfile_itself_writes_is_what_it_ends_in(tmp_path: Path, writes: str) -> None:
    found = said(tmp_path, HERE.format(writes))
    assert found == {"start": "gunicorn shop:app --bind 0.0.0.0:8000", "port": 8000}


def test_what_a_here_document_says_is_no_instruction(tmp_path: Path) -> None:
    text = "FROM node\nCOPY . /srv\nRUN <<EOT\nEXPOSE 1234\nCMD nothing\nEOT\nEXPOSE 8080\nCMD node a.js\n"
    assert said(tmp_path, text) == {"start": "node a.js", "port": 8080}


def test_a_here_document_without_an_end_ends_in_an_answer(tmp_path: Path) -> None:
    assert said(tmp_path, "FROM node\nRUN cat > a.sh <<EOT\nEXPOSE 8080\n") == {"port": 8080}


LISTED = """#!/bin/bash
DEFAULT_STORE_DIR="/store"
words=()
words+=("--port=${PORT:-8000}")
words+=("--in=${STORE_DIR:-/store/all}")
words+=("--for=${KEPT_DIR:-$DEFAULT_STORE_DIR}")
python3 -m shelf "${words[@]}" &
wait $!
"""
SHELF = {
    "requirements.txt": "aiohttp\n",
    "shelf/__init__.py": "import os\nSIDE = os.environ.get('SIDE_DIR')\n",
    "begin.sh": LISTED,
    "Dockerfile": "FROM python:3.11\nCOPY . /code\nWORKDIR /code\nENV SIDE_DIR=/store/side OTHER_DIR=/store/other\n"
    "VOLUME /store\nEXPOSE 8000 8001\nHEALTHCHECK CMD curl -f http://localhost:8001/alive\n"
    'ENTRYPOINT ["/code/begin.sh"]\n',
}


def test_a_script_that_puts_its_command_together_is_started_itself(tmp_path: Path) -> None:
    found = seen(tmp_path, SHELF)
    assert found.value("start") in {"./begin.sh", "sh begin.sh"}
    assert found.value("health_path") is None, "it is asked on another port"


def test_a_variable_that_names_a_volume_names_a_folder_that_lasts(tmp_path: Path) -> None:
    found = seen(tmp_path, SHELF)
    assert sorted(str(each.value) for each in found.several["env"]) == ["SIDE_DIR=store/side", "STORE_DIR=store/all"]
    assert [each.value for each in found.several["data"]] == ["store"]


@pytest.mark.parametrize("volume", ["/tmp/store", "[1, 2", "/other", '["/store/../etc"]'])
def test_other_volumes_say_nothing(tmp_path: Path, volume: str) -> None:
    dockerfile = SHELF["Dockerfile"].replace("VOLUME /store", f"VOLUME {volume}")
    assert seen(tmp_path, SHELF | {"Dockerfile": dockerfile}).several["data"] == ()


@pytest.mark.parametrize(
    "more",
    [
        {"Dockerfile": "VOLUME /store\n"},
        {"compose.yaml": "services:\n  web:\n    volumes:\n      - stock:/store\n"},
    ],
    ids=["VOLUME", "compose"],
)
def test_a_folder_that_lasts_and_that_the_command_names_is_beside_the_code(
    tmp_path: Path, more: dict[str, str]
) -> None:
    image = 'FROM python\nWORKDIR /a\nCOPY . .\n{}CMD ["python", "shop.py", "-d", "/store"]\n'
    files = {
        "requirements.txt": "flask\n",
        "shop.py": "from flask import Flask\napp = Flask('a')\n",
        "compose.yaml": more.get("compose.yaml", ""),
        "Dockerfile": image.format(more.get("Dockerfile", "")),
    }
    found = seen(tmp_path, files)
    assert found.value("start") == "python shop.py -d store"
    assert [each.value for each in found.several["data"]] == ["store"]


@pytest.mark.parametrize("mount", ["./store:/store", "other:/other", ""])
def test_a_command_that_names_a_folder_which_nothing_keeps_needs_its_image(tmp_path: Path, mount: str) -> None:
    files = {
        "requirements.txt": "flask\n",
        "shop.py": "from flask import Flask\napp = Flask('a')\n",
        "compose.yaml": f"services:\n  web:\n    volumes:\n      - {mount}\n",
        "Dockerfile": 'FROM python\nWORKDIR /a\nCOPY . .\nCMD ["python", "shop.py", "-d", "/store"]\n',
    }
    found = seen(tmp_path, files)
    assert found.as_json()["runs"] == "gunicorn shop:app --bind 0.0.0.0:$PORT"
    assert not found.several["data"]


def test_a_command_that_needs_its_image_is_shown_and_not_run(tmp_path: Path) -> None:
    files = {
        "Dockerfile": 'FROM python\nWORKDIR /a\nCOPY . .\nCMD ["uwsgi", "/a/deploy/u.ini"]\n',
        "app.py": "from flask import Flask\napp = Flask('a')\n",
        "requirements.txt": "flask\n",
        "deploy/u.ini": "[uwsgi]\n",
    }
    found = seen(tmp_path, files)
    assert (found.as_json()["start"], found.as_json()["runs"]) == (
        "uwsgi deploy/u.ini",
        "gunicorn app:app --bind 0.0.0.0:$PORT",
    )
    assert found.serves


@pytest.mark.parametrize(
    "text",
    ["", "x", "FROM", "FROM a\nCOPY\nCMD []\nEXPOSE\nENV\n", "FROM a\nCMD [1]\n", "CMD a\n",
     "FROM a\nENTRYPOINT ['sh', '-c']\nCMD \"\n", "FROM a\nCOPY --from=0 / /\nCMD /x/y\n"],
)  # fmt: skip
def test_anything_is_read(tmp_path: Path, text: str) -> None:
    said(tmp_path, text)


def test_stages_that_copy_in_circles_end(tmp_path: Path) -> None:
    text = "FROM x AS a\nCOPY --from=b / /\nFROM x AS b\nCOPY --from=a / /\nCMD python /z/y.py\n"
    assert said(tmp_path, text) == {}


def test_many_stages_are_bounded() -> None:
    assert len(containers.read("".join(f"FROM a AS s{n}\n" for n in range(500)))) == 60


@pytest.mark.parametrize(
    "line",
    ["CMD " + "(" * 90_000, "CMD " + "-b=" * 30_000, "ENV " + "a" * 90_000, "ENV " + "${a" * 30_000,
     "EXPOSE " + "1" * 90_000,
     "HEALTHCHECK CMD " + "http://a" * 11_000, "COPY " + "a " * 45_000, 'CMD ["' + "./" * 45_000 + '"]',
     "\n".join(["COPY --from=a /x /x"] * 4000), "\n".join(["ENV A=${A}${A}"] * 5000)],
    ids=range(10),
)  # fmt: skip
def test_long_lines_end_in_an_answer(tmp_path: Path, line: str) -> None:
    said(tmp_path, f"FROM x AS a\n{line}\n", {"run.sh": "#!/bin/sh\n" + "(" * 40_000})


def test_long_scripts_end_in_an_answer(tmp_path: Path) -> None:
    for text in ("(" * 40_000, "a/" * 20_000, "exec " + "-x " * 13_000, '"$@"' * 10_000):
        said(tmp_path, "FROM x\nCOPY . .\nCMD ./run.sh\n", {"run.sh": "#!/bin/sh\n" + text})


@pytest.mark.parametrize(
    ("last", "kind"),
    [
        ('FROM node:20\nEXPOSE 3000\nCMD ["serve", "-s", "build"]\n', "static"),
        ("FROM nginx:alpine\nCOPY --from=made /app/build /usr/share/nginx/html\nEXPOSE 80\n", "static"),
        ('FROM nginxinc/nginx-unprivileged\nEXPOSE 8080\nCMD ["nginx", "-g", "daemon off;"]\n', "static"),
        ('FROM node:20\nEXPOSE 3000\nCMD ["node", "server.js"]\n', "web"),
        ('FROM php:8-fpm\nEXPOSE 80\nCMD ["nginx", "-g", "daemon off;"]\n', "web"),
    ],
)
def test_a_container_that_serves_files_is_a_static_site(tmp_path: Path, last: str, kind: str) -> None:
    package = '{"scripts": {"build": "react-scripts build", "start": "react-scripts start"},'
    package += '"dependencies": {"react-scripts": "5"}}'
    found = seen(tmp_path, {"package.json": package, "Dockerfile": f"FROM node:20 AS made\nRUN npm run build\n{last}"})
    assert found.value("kind") == kind


def test_an_entry_script_that_is_given_nothing_starts_nothing(tmp_path: Path) -> None:
    waits = '#!/bin/sh\nwhile ! nc -z $SQL_HOST 5432; do sleep 1; done\nexec "$@"\n'
    text = 'FROM python:3.11\nWORKDIR /app\nCOPY . .\nENTRYPOINT ["/app/entry.sh"]\n'
    assert "start" not in said(tmp_path, text, {"entry.sh": waits})
    given = said(tmp_path, text + 'CMD ["gunicorn", "shop:app"]\n', {"entry.sh": waits})
    assert given["start"] == "gunicorn shop:app"


def test_the_dockerfile_for_production_counts(tmp_path: Path) -> None:
    text = "FROM python:3.11\nWORKDIR /app\nCOPY . .\nEXPOSE {port}\n"
    lay(tmp_path, {"Dockerfile.prod": text.format(port=8001)})
    assert said(tmp_path, text.format(port=8000))["port"] == 8001


def test_a_command_has_the_values_of_its_image_and_leaves_those_of_who_runs_it(tmp_path: Path) -> None:
    image = 'FROM python:3.12\nENV TARGET=shop.site:app PORT=9000\nCMD ["sh", "-c", "gunicorn $TARGET -b :$PORT"]\n'
    code = "from flask import Flask\napp = Flask(__name__)\n"
    found = seen(tmp_path, {"requirements.txt": "flask\ngunicorn\n", "shop/site.py": code, "Dockerfile": image})
    assert (found.value("start"), found.value("port")) == ("gunicorn shop.site:app -b :$PORT", 9000)
