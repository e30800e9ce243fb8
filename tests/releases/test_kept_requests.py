"""A release is installed again by what the bucket has of it: archives, request, and its secrets as they are now."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hivemind.hosts.onhost.request import Request
from hivemind.releases import kept_requests
from hivemind.values.artifact import Artifact, Layer, Provenance
from hivemind.values.calls import CloudCallFailed
from hivemind.values.errors import StageError

pytestmark = pytest.mark.fast
MARK = "hm" + "0" * 64
DIGEST, LAYER = "a" * 64, "b" * 64
SECRETS = {MARK: {"store": "ssm", "name": "/shop/key", "key": None}}
REQUEST = Request(
    service="web",
    release="r3-aaaaaaaaaaaa",
    artifact="",
    digest=DIGEST,
    start="python app.py",
    env={"KEY": f"{MARK}/", "URL": f"redis://u:{MARK}%2F@host/0", "MOOD": "good"},
    hidden=("KEY", "URL"),
    port=8000,
    data=("uploads",),
)


class Account:
    """A bucket and a store of secrets."""

    region = "eu-west-1"

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.secrets = {"/shop/key": "s/cret"}

    def client(self, service: str) -> Account:
        return self

    def put_object(self, *, Bucket: str, Key: str, Body: bytes) -> None:
        self.objects[Key] = Body

    def get_object(self, *, Bucket: str, Key: str) -> dict[str, Any]:
        if Key not in self.objects:
            raise CloudCallFailed("NoSuchKey", "GetObject", "The specified key does not exist.")
        return {"Body": io.BytesIO(self.objects[Key])}

    def head_object(self, *, Bucket: str, Key: str) -> None:
        if Key not in self.objects:
            raise CloudCallFailed("404", "HeadObject", "Not Found")

    def get_parameter(self, *, Name: str, WithDecryption: bool) -> dict[str, Any]:
        if Name not in self.secrets:
            raise CloudCallFailed("ParameterNotFound", "GetParameter", "")
        return {"Parameter": {"Value": self.secrets[Name]}}


@pytest.fixture
def account(tmp_path: Path) -> Account:
    """One whose bucket has a release of `web` with a layer."""
    made = Account()
    paths = {tmp_path / "one.tar.zst": b"archive", tmp_path / "two.tar.zst": b"dependencies"}
    for path, content in paths.items():
        path.write_bytes(content)
        made.objects[f"archives/web/{path.name}"] = content
    archive, dependencies = paths
    artifact = Artifact(
        "web",
        DIGEST,
        archive,
        7,
        "python 3.12",
        Provenance(None, False, "0"),
        "python app.py",
        layers=(Layer("dependencies", LAYER, dependencies, 12),),
    )
    kept_requests.keep(
        made,  # type: ignore[arg-type]
        "bucket",
        artifact=artifact,
        request=REQUEST,
        secrets=SECRETS,
        files={path: f"archives/web/{path.name}" for path in paths},
    )
    return made


def kept(account: Account, *releases: str) -> kept_requests.KeptRequest | None:
    return kept_requests.kept(account, "bucket", "web", releases)  # type: ignore[arg-type]


def test_the_first_release_that_is_there_comes_back_with_its_secrets(account: Account, tmp_path: Path) -> None:
    found = kept(account, "r9-cccccccccccc", REQUEST.release)
    assert found is not None
    assert found.release == REQUEST.release
    request = found.with_secrets(account)  # type: ignore[arg-type]
    assert request.env == {"KEY": "s/cret", "URL": "redis://u:s%2Fcret@host/0", "MOOD": "good"}
    assert [one.digest for one in request.layers] == [LAYER]
    assert replace(request, env={}, layers=()) == replace(REQUEST, env={})
    folder = tmp_path / "fetched"
    folder.mkdir()
    archive, (layer,), keys = found.fetched(account, folder)  # type: ignore[arg-type]
    assert (archive.read_bytes(), layer.path.read_bytes(), layer.digest) == (b"archive", b"dependencies", LAYER)
    assert keys == {archive: "archives/web/one.tar.zst", layer.path: "archives/web/two.tar.zst"}


def test_no_value_of_a_secret_is_kept(account: Account) -> None:
    assert not [key for key, body in account.objects.items() if b"s/cret" in body or b"s%2Fcret" in body]


def test_a_release_of_which_something_has_expired_is_not_there(account: Account) -> None:
    del account.objects["archives/web/two.tar.zst"]
    assert kept(account, REQUEST.release) is None
    assert kept(account, "r1-dddddddddddd") is None


def test_a_secret_that_is_gone_is_named(account: Account) -> None:
    found = kept(account, REQUEST.release)
    account.secrets.clear()
    assert found is not None
    with pytest.raises(StageError, match="cannot read the secret ssm:/shop/key"):
        found.with_secrets(account)  # type: ignore[arg-type]
