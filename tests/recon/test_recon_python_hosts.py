"""Which hosts a Django project answers, and what is to be set so that it answers a load balancer."""

from __future__ import annotations

from pathlib import Path

import pytest
from recon_trees import seen

pytestmark = pytest.mark.fast
MANAGE = "import os\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', 'shop.settings')\n"
WSGI = MANAGE + "from django.core.wsgi import get_wsgi_application\napplication = get_wsgi_application()\n"


def project(settings: str, **more: str) -> dict[str, str]:
    return {
        "requirements.txt": "django\n", "manage.py": MANAGE, "shop/wsgi.py": WSGI, "shop/__init__.py": "",
        "shop/settings.py": f"import os\n{settings}\n", **more,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("settings", "admitted"),
    [
        ("ALLOWED_HOSTS = []", "nothing"),
        ("ALLOWED_HOSTS: list[str] = ['shop.example.com', '127.0.0.1']", "shop.example.com, 127.0.0.1"),
    ],
)
def test_hosts_that_are_written_out_are_doubted(tmp_path: Path, settings: str, admitted: str) -> None:
    found = seen(tmp_path, project(settings))
    (doubt,) = found.several["doubts"]
    assert str(doubt.value).startswith(f"ALLOWED_HOSTS allows {admitted}: Django answers 400")
    assert (doubt.file, doubt.line) == ("shop/settings.py", 2)
    assert 'os.environ.get("ALLOWED_HOSTS"' in (doubt.note or "")


@pytest.mark.parametrize(
    "settings",
    [
        "ALLOWED_HOSTS = os.environ['HOSTS'].split(',')",
        "ALLOWED_HOSTS = os.environ.get('HOSTS', 'localhost,127.0.0.1').split(',')",
        "ALLOWED_HOSTS = env.list('HOSTS', default=['localhost'])",
        "ALLOWED_HOSTS = [os.environ['HOSTS']] if 'HOSTS' in os.environ else []",
        "SITE = os.environ.get('HOSTS', 'cakes.test')\nALLOWED_HOSTS = [SITE, 'localhost']",
        "ALLOWED_HOSTS = ['localhost']\nif os.environ.get('HOSTS'):\n    ALLOWED_HOSTS.append(os.environ['HOSTS'])",
        "if v := os.getenv('HOSTS'):\n    ALLOWED_HOSTS = v.split(',')\nelse:\n    ALLOWED_HOSTS = ['localhost']",
        "ALLOWED_HOSTS = ['localhost']\nALLOWED_HOSTS += os.getenv('HOSTS', '').split(',')",
    ],
)
def test_hosts_of_a_variable_have_to_be_set(tmp_path: Path, settings: str) -> None:
    found = seen(tmp_path, project(settings))
    assert [(each.value, each.note) for each in found.several["env_required"]] == [("HOSTS", "ALLOWED_HOSTS")]
    assert not found.several["doubts"]


def test_a_variable_for_more_than_hosts_can_be_no_wildcard(tmp_path: Path) -> None:
    settings = "SITE = os.environ.get('SITE', 'cakes.test')\nALLOWED_HOSTS = [SITE, 'localhost']\n"
    found = seen(tmp_path, project(settings + "CSRF_TRUSTED_ORIGINS = [f'https://{SITE}']"))
    assert not found.several["env_required"]
    (doubt,) = found.several["doubts"]
    assert str(doubt.value).startswith("ALLOWED_HOSTS allows what SITE says, localhost: Django answers 400")
    assert doubt.line == 3


@pytest.mark.parametrize(
    "settings",
    [
        "ALLOWED_HOSTS = ['*']",
        "ALLOWED_HOSTS = os.environ.get('HOSTS', '*').split(',')",
        "ALLOWED_HOSTS = []\nif os.environ.get('LIVE'):\n    ALLOWED_HOSTS = ['*']",
        "ALLOWED_HOSTS = ['a']\nALLOWED_HOSTS += hosts()",
        "ALLOWED_HOSTS = json.loads(os.environ.get('HOSTS', '[]'))",
        "ALLOWED_HOSTS = ['a', HOST]",
        "DEBUG = False",
    ],
)
def test_where_it_cannot_be_known_nothing_is_said(tmp_path: Path, settings: str) -> None:
    found = seen(tmp_path, project(settings))
    assert not found.several["doubts"]
    assert not [each for each in found.several["env_required"] if each.note == "ALLOWED_HOSTS"]


def test_what_production_imports_counts(tmp_path: Path) -> None:
    files = project("ALLOWED_HOSTS = ['a']", **{"shop/live.py": "from .settings import *\nDEBUG = False\n"})
    files["shop/wsgi.py"] = WSGI.replace("shop.settings", "shop.live")
    (doubt,) = seen(tmp_path, files).several["doubts"]
    assert doubt.file == "shop/settings.py"
    files["shop/live.py"] += "ALLOWED_HOSTS = ['*']\n"
    assert not seen(tmp_path, files).several["doubts"]
