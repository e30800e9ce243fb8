from __future__ import annotations

import fnmatch
import re
from pathlib import Path

import pytest
from compiler_builds import HOST, lay
from hypothesis import given
from hypothesis import strategies as st

from hivemind.blueprint.model import Service
from hivemind.builds.sources import NO_SECRETS, SECRETS, gather, looks_secret, source_digest
from hivemind.repositories.repository import read

pytestmark = pytest.mark.fast


@pytest.mark.parametrize(
    "name",
    [
        ".env",
        "a/.env",
        ".env.production",
        "key.pem",
        "id_rsa",
        "x/id_ed25519",
        "server.key",
        "credentials.json",
        ".NPMRC",
        "prod.env",
    ],
)
def test_secrets_by_name(name: str) -> None:
    assert looks_secret(name)


@pytest.mark.parametrize(
    "name", [".env.example", "id_rsa.pub", "keys.py", "environment.py", "env", "monkey.txt", ".env.sample"]
)
def test_what_only_resembles_secrets(name: str) -> None:
    assert not looks_secret(name)


def test_secrets_are_left_out_and_listed_unless_named(tmp_path: Path) -> None:
    lay(
        tmp_path,
        {
            "app.py": "",
            ".env": "S=1",
            "keys/a.pem": "x",
            "hivemind.yaml": "",
            ".hivemindignore": "notes\n",
            "notes": "",
        },
    )
    sources = gather(Service("web"), read(tmp_path))
    assert (sources.files, sources.left_out) == (("app.py",), (".env", "keys/a.pem"))
    named = gather(Service("web", pack=("keys/a.pem", "../outside", "missing", "/etc/passwd")), read(tmp_path))
    assert (named.files, named.left_out) == (("app.py", "keys/a.pem"), (".env",))


def test_a_named_file_is_packed_although_git_ignores_it(tmp_path: Path) -> None:
    lay(tmp_path, {".gitignore": ".env\n", ".env": "S=1"})
    assert gather(Service("web", pack=(".env",)), read(tmp_path)).files == (".env", ".gitignore")


def test_settings_of_npm_are_packed_only_without_a_token(tmp_path: Path) -> None:
    lay(tmp_path, {".npmrc": "legacy-peer-deps=true\n", "b/.npmrc": "//host/:_authToken=x\n"})
    assert gather(Service("web"), read(tmp_path)).left_out == ("b/.npmrc",)


def test_only_the_services_folder_is_packed(tmp_path: Path) -> None:
    lay(tmp_path, {"a/x": "", "b/y": "", "z": ""})
    assert gather(Service("web", path="a"), read(tmp_path)).files == ("x",)


def test_the_digest_follows_content_mode_and_commands_and_nothing_else(tmp_path: Path) -> None:
    def digest(root: Path, **service: str) -> str:
        return source_digest(Service("web", runtime="python", **service), read(root), HOST).digest

    files = {"app.py": "1", "b": "2"}
    first = digest(lay(tmp_path / "1", files))
    again = lay(tmp_path / "elsewhere", files)
    assert digest(again) == first
    lay(again, {".env": "S=1", "hivemind.yaml": "x", "__pycache__/a.pyc": ""})
    assert digest(again) == first
    assert digest(again, start="other") != first
    (again / "b").chmod(0o755)
    assert digest(again) != first
    (again / "b").chmod(0o644)
    lay(again, {"app.py": "3"})
    assert digest(again) != first


def test_provenance_without_git(tmp_path: Path) -> None:
    provenance = source_digest(Service("web"), read(lay(tmp_path, {"a": ""})), HOST)
    assert (provenance.commit, provenance.dirty) == (None, True)


PIECES = st.sampled_from([part for pattern in (*SECRETS, *NO_SECRETS) for part in re.split(r"(\*|\.|_|-)", pattern)])


@pytest.mark.property
@given(st.lists(PIECES | st.text(alphabet="ay.-_*", max_size=3), min_size=1, max_size=6).map("".join))
def test_names_fit_patterns_as_in_a_shell(name: str) -> None:
    fits = [any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns) for patterns in (NO_SECRETS, SECRETS)]
    assert looks_secret(name) == (fits == [False, True])


def test_each_pattern_has_at_most_one_star() -> None:
    assert all(pattern.count("*") <= 1 and not set(pattern) & set("?[") for pattern in (*SECRETS, *NO_SECRETS))
