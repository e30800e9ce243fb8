"""Whether an application calls other services: seen, not seen, and not known."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from hivemind.detections.outward.known import CALLING, QUIET
from hivemind.detections.outward.looking import Outward, outward
from hivemind.repositories.repository import read

pytestmark = pytest.mark.fast

FLASK = {"requirements.txt": "flask==3.0\ngunicorn\npsycopg[binary]\n", "app.py": "from flask import Flask\n"}
EXPRESS = {"package.json": '{"dependencies": {"express": "4", "pg": "8"}}', "server.js": "require('express')\n"}
GO = {
    "go.mod": "module shop\n\nrequire (\n\tgithub.com/go-chi/chi/v5 v5.1.0\n\tgolang.org/x/sys v0.1.0 // indirect\n)\n",
    "main.go": "package main\n",
}


def looked(root: Path, files: Mapping[str, str], language: str = "python", folder: str = ".") -> Outward:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return outward(read(root), folder, language)


@pytest.mark.parametrize(("language", "files"), [("python", FLASK), ("node", EXPRESS), ("go", GO)])
def test_known_packages_and_code_that_calls_nothing_are_quiet(
    tmp_path: Path, language: str, files: Mapping[str, str]
) -> None:
    assert looked(tmp_path, files, language) == Outward((), quiet=True)


def test_pages_alone_call_nothing_from_an_instance(tmp_path: Path) -> None:
    assert looked(tmp_path, {"index.html": "<a href='https://shop.test'>"}, "static").quiet


@pytest.mark.parametrize(
    ("files", "language", "call"),
    [
        ({**FLASK, "requirements.txt": "flask\nstripe>=7\n"}, "python", "stripe in requirements.txt:2"),
        ({"app.py": "", "pyproject.toml": '[project]\ndependencies = ["httpx[http2]"]\n'}, "python",
         "httpx in pyproject.toml:2"),
        ({"app.py": "", "pyproject.toml": '[tool.poetry.dependencies]\npython = "3.12"\nSentry_SDK = "2"\n'}, "python",
         "sentry-sdk in pyproject.toml:3"),
        ({"app.py": "", "Pipfile": '[packages]\nboto3 = "*"\n'}, "python", "boto3 in Pipfile:2"),
        ({**FLASK, "requirements/base.txt": "pymongo\n"}, "python", "pymongo in requirements/base.txt:1"),
        ({**FLASK, "mail.py": "import smtplib\n"}, "python", "smtplib in mail.py:1"),
        ({**FLASK, "a.py": "from django.core.mail import x\nsend_mail('a')\n"}, "python", "send_mail in a.py:2"),
        ({**EXPRESS, "package.json": '{"dependencies": {\n"@aws-sdk/client-s3": "3"}}'}, "node",
         "@aws-sdk/client-s3 in package.json:2"),
        ({**EXPRESS, "hook.js": "https.get('x')\n"}, "node", "https.get in hook.js:1"),
        ({**GO, "main.go": "package main\nvar a = http.Get(url)\n"}, "go", "http.Get in main.go:2"),
    ],
)  # fmt: skip
def test_what_calls_other_services_is_named_with_its_place(
    tmp_path: Path, files: Mapping[str, str], language: str, call: str
) -> None:
    assert looked(tmp_path, files, language) == Outward((call,), quiet=False)


@pytest.mark.parametrize(
    ("files", "language"),
    [
        ({**FLASK, "requirements.txt": "flask\nsomething-new\n"}, "python"),
        ({**FLASK, "requirements.txt": "git+https://github.test/a/b\n"}, "python"),
        ({"app.py": "print(1)\n"}, "python"),
        ({"requirements.txt": "flask\n"}, "python"),
        ({**FLASK, "b.py": "import subprocess\n"}, "python"),
        ({**FLASK, "b.py": "URL = 'https://api.partner.test/v1'\n"}, "python"),
        ({**FLASK, "b.py": "key = os.environ['MAPS_API_KEY']\n"}, "python"),
        ({**FLASK, "b.py": "x = 1\n" * 60_000}, "python"),
        ({**EXPRESS, "b.js": "await fetch(url)\n"}, "node"),
        ({**GO, "b.go": "c := http.Client{}\n"}, "go"),
        ({"Gemfile": "gem 'rails'\n", "app.rb": ""}, "ruby"),
    ],
)
def test_what_is_not_known_is_neither_quiet_nor_said_to_call(
    tmp_path: Path, files: Mapping[str, str], language: str
) -> None:
    assert looked(tmp_path, files, language) == Outward()


def test_tests_comments_and_scripts_of_pages_do_not_count(tmp_path: Path) -> None:
    aside = {
        "tests/test_a.py": "import requests\n", "requirements-dev.txt": "requests\n", "c.py": "# import smtplib\n",
        "d.py": "PAGE = 'http://localhost:8000'\nfrom urllib.parse import quote\nfrom http import HTTPStatus\n",
        "settings.py": '"""\nFor more information see\nhttps://docs.djangoproject.com/en/6.0/\n"""\n',
    }  # fmt: skip
    assert looked(tmp_path, {**FLASK, **aside}).quiet
    (tmp_path / "n").mkdir()
    assert looked(tmp_path / "n", {**EXPRESS, "public/page.js": "fetch(url)\n", "a.js": "fetch('/x')\n"}, "node").quiet


def test_only_the_folder_of_the_service_counts(tmp_path: Path) -> None:
    files = {f"api/{name}": text for name, text in FLASK.items()} | {"worker/requirements.txt": "requests\n"}
    assert looked(tmp_path, files, folder="api").quiet


def test_no_package_is_both_quiet_and_calling() -> None:
    for language, names in QUIET.items():
        assert [name for name in names if CALLING[language].fullmatch(name)] == []
