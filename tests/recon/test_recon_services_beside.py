"""Files that list an application beside its services: compose, Platform.sh, Cloud Foundry; and what images do."""

from __future__ import annotations

from pathlib import Path

import pytest
from recon_trees import seen

pytestmark = pytest.mark.fast

_EXPRESS = {"package.json": '{"name": "shop", "scripts": {"start": "node a.js"}, "dependencies": {"express": "4"}}'}
_SQL = {"a": "mysql", "b": "postgres:16", "c": "mariadb:11"}


def _needs(tmp_path: Path, files: dict[str, str]) -> list[object]:
    return [each.value for each in seen(tmp_path, files).several["needs"]]


def test_a_file_that_tries_several_databases_needs_none(tmp_path: Path) -> None:
    images = "".join(f"  {name}:\n    image: {image}\n" for name, image in _SQL.items())
    several = f"services:\n  web:\n    build: .\n    links: [a, b, c]\n{images}"
    assert _needs(tmp_path / "several", {**_EXPRESS, "compose.yaml": several}) == []
    one = "services:\n  web:\n    build: .\n    links: [b]\n  b:\n    image: postgres:16\n"
    assert _needs(tmp_path / "one", {**_EXPRESS, "compose.yaml": one}) == ["postgres"]


def test_an_image_beside_others_is_the_application_where_it_refers_to_them_or_bears_its_name(tmp_path: Path) -> None:
    queue = "services:\n  db:\n    image: postgres:16\n  queue:\n    image: some/{0}\n    ports: ['9000:9001']{1}\n"
    other = {**_EXPRESS, "compose.yaml": queue.format("queue", "")}
    assert seen(tmp_path / "other", other).value("port") == 3000
    refers = {**_EXPRESS, "compose.yaml": queue.format("queue", "\n    depends_on: [db]")}
    assert seen(tmp_path / "refers", refers).value("port") == 9001
    named = {**_EXPRESS, "compose.yaml": queue.format("shop", "")}
    assert seen(tmp_path / "named", named).value("port") == 9001


ONE_IMAGE = """x-shop: &shop
  image: registry.example/shop:${TAG:-dev}
  depends_on: [db]
services:
  site:
    <<: *shop
    command: [gunicorn, shop.wsgi, --workers, "4"]
  clock:
    <<: *shop
    command: [python, manage.py, qcluster]
  news-listener:
    <<: *shop
    command: python listen.py
  db: {image: "postgres:16"}
  front: {image: nginx, ports: ["80:80"]}
"""


def test_services_of_one_image_are_the_application_and_its_workers(tmp_path: Path) -> None:
    files = {"requirements.txt": "django\ngunicorn\n", "manage.py": "", "listen.py": "", "compose.yaml": ONE_IMAGE}
    workers = [str(each.value) for each in seen(tmp_path, files).several["workers"]]
    assert sorted(workers) == ["python listen.py", "python manage.py qcluster"]


def test_platform_sh(tmp_path: Path) -> None:
    text = (
        'name: a\ntype: "python:3.12"\nrelationships:\n  database: "db:mysql"\n  cache: {service: c, endpoint: redis}\n'
        "web:\n  commands:\n    start: flask run -p $PORT\n"
        "workers:\n  queue:\n    commands:\n      start: python work.py\n"
    )
    files = {"requirements.txt": "flask\n", "app.py": "", ".platform.app.yaml": text}
    found = seen(tmp_path / "one", files)
    assert (found.value("start"), found.value("runtime_version")) == ("flask run -p $PORT", "3.12")
    assert [each.value for each in found.several["needs"]] == ["mysql", "redis"]
    assert [each.value for each in found.several["workers"]] == ["python work.py"]
    upsun = "applications:\n  a:\n    type: 'nodejs:22'\n    web:\n      commands:\n        start: node b.js\n"
    assert seen(tmp_path / "two", {**_EXPRESS, ".upsun/config.yaml": upsun}).value("start") == "node b.js"


def test_cloud_foundry(tmp_path: Path) -> None:
    text = "applications:\n- name: shop\n  memory: 1G\n  command: node c.js\n  health-check-http-endpoint: /ok\n"
    found = seen(tmp_path / "web", {**_EXPRESS, "manifest.yml": text})
    assert (found.value("start"), found.value("health_path")) == ("node c.js", "/ok")
    worker = {**_EXPRESS, "manifest.yml": text + "  no-route: true\n"}
    assert seen(tmp_path / "worker", worker).value("kind") == "worker"
    other = {**_EXPRESS, "manifest.yml": "applications:\n- name: of something else\n"}
    assert seen(tmp_path / "other", other).value("start") == "node a.js"


@pytest.mark.parametrize(
    ("image", "port"),
    [
        ("richarvey/nginx-php-fpm:3.1.6", 80),
        ("nginxinc/nginx-unprivileged:alpine", 8080),
        ("registry.access.redhat.com/ubi9/nodejs-22", 8080),
        ("trafex/php-nginx", 8080),
        ("node:22", 3000),
    ],
)
def test_images_that_are_known_by_their_port(tmp_path: Path, image: str, port: int) -> None:
    assert seen(tmp_path, {**_EXPRESS, "Dockerfile": f"FROM {image}\nCOPY . .\n"}).value("port") == port


def test_commands_of_images_that_are_the_repositorys_own(tmp_path: Path) -> None:
    gradle = {
        "build.gradle": "plugins { id 'application' }\n",
        "src/main/java/a/Main.java": "class Main { public static void main(String[] a) { new ServerSocket(1); } }",
        "Dockerfile": 'FROM gradle AS b\nWORKDIR /app\nFROM eclipse-temurin:25\nWORKDIR /app\nCOPY --from=b /app .\n'
                      'ENTRYPOINT ["/app/build/install/shop/bin/Shop"]\n',
    }  # fmt: skip
    assert seen(tmp_path / "gradle", gradle).value("start") == "build/install/shop/bin/Shop"
    django = {
        "requirements.txt": "django\n", "manage.py": "", "shop/wsgi.py": "application = get_wsgi_application()\n",
        "Dockerfile": "FROM python:3\nWORKDIR /app\nCOPY . .\nCMD ./manage.py up && ./manage.py pyuwsgi --http=:80",
    }  # fmt: skip
    said = seen(tmp_path / "django", django).as_json()
    assert said["start"] == "./manage.py pyuwsgi --http=:80"
    assert said["runs"].startswith("gunicorn shop.wsgi:application")


def test_what_is_built_to_be_at_hand_is_not_the_application(tmp_path: Path) -> None:
    text = (
        "services:\n  mail:\n    build: {context: ., dockerfile: mail.Dockerfile}\n    ports: ['80:1080', '25:1025']\n"
        "  web:\n    build: .\n    ports: ['80:4000']\n"
    )
    assert seen(tmp_path, {**_EXPRESS, "compose.yaml": text}).value("port") == 4000


def test_of_several_web_services_of_render_the_first(tmp_path: Path) -> None:
    one = "  - type: web\n    name: {0}\n    runtime: node\n    startCommand: node {0}.js\n"
    text = "services:\n" + one.format("shop") + one.format("admin")
    assert seen(tmp_path, {**_EXPRESS, "render.yaml": text}).value("start") == "node shop.js"


def test_queues_that_are_kept_in_redis_need_it(tmp_path: Path) -> None:
    package = '{"scripts": {"start": "node a.js"}, "dependencies": {"bullmq": "5"}}'
    assert _needs(tmp_path, {"package.json": package, "a.js": "new Queue('a', { connection })\n"}) == ["redis"]
