"""The region of the AWS profile, as botocore finds it in the same files."""

from __future__ import annotations

from pathlib import Path

import botocore.session
import pytest

from hivemind.machine import aws_profile

pytestmark = pytest.mark.fast
CONFIG = """[default]
region = eu-west-1
s3 =
    addressing_style = path
[profile shop]
region=ap-southeast-2
[profile "my shop"]
region = eu-north-1
[profile bare]
output = json
[sso-session corp]
region = us-west-2
"""


@pytest.mark.parametrize("profile", [None, "default", "shop", "my shop", "bare", "both"])
@pytest.mark.parametrize("variable", ["AWS_PROFILE", "AWS_DEFAULT_PROFILE"])
def test_as_botocore_finds_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, profile: str | None, variable: str
) -> None:
    (tmp_path / "config").write_text(CONFIG)
    (tmp_path / "credentials").write_text("[both]\nregion = ca-central-1\n[shop]\naws_access_key_id = a\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    if profile is not None:
        monkeypatch.setenv(variable, profile)
    assert aws_profile.region() == botocore.session.Session().get_config_variable("region")
    assert aws_profile.profile() == (profile or "default")


def test_the_files_of_the_home_are_the_usual_ones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert aws_profile.region() is None
    (tmp_path / ".aws").mkdir()
    (tmp_path / ".aws/config").write_text(CONFIG)
    assert aws_profile.region() == "eu-west-1"


@pytest.mark.parametrize("content", [b"region = x\n", b"[default\n", b"\xff\xfe", b""])
def test_a_file_that_cannot_be_read_names_no_region(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes
) -> None:
    (tmp_path / "config").write_bytes(content)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    assert aws_profile.region() is None
