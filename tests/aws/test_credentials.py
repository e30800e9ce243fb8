"""When credentials end that nothing renews."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from hashlib import sha1
from pathlib import Path
from typing import Any

import botocore.session
import pytest

from hivemind.aws.credentials import end_of

pytestmark = pytest.mark.fast

ENDS = datetime(2099, 1, 1, tzinfo=UTC)
SSO = "sso_account_id = 123456789012\nsso_role_name = dev\n"


@pytest.fixture
def session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    for name in ("AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")

    def make(config: str = "", **variables: str) -> Any:
        (tmp_path / "config").write_text(config)
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        return botocore.session.Session(profile="dev" if "[profile dev]" in config else None)

    return make


def login(home: Path, name: str, **token: str) -> None:
    folder = home / ".aws/sso/cache"
    folder.mkdir(parents=True)
    file = folder / f"{sha1(name.encode(), usedforsecurity=False).hexdigest()}.json"
    file.write_text(json.dumps({"accessToken": "a", "expiresAt": f"{ENDS:%Y-%m-%dT%H:%M:%SZ}", **token}))


KEYS = {"AWS_ACCESS_KEY_ID": "AKIAEXAMPLE", "AWS_SECRET_ACCESS_KEY": "x"}


def test_without_credentials_and_with_those_that_last_nothing_ends(session: Any) -> None:
    assert end_of(session()) is None
    assert end_of(session(**KEYS)) is None


def test_credentials_of_the_environment_end_when_they_say(session: Any) -> None:
    ends = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=1)
    assert end_of(session(**KEYS, AWS_SESSION_TOKEN="t", AWS_CREDENTIAL_EXPIRATION=ends.isoformat())) == ends


def test_those_of_sso_end_with_the_login_unless_it_is_renewed(session: Any, tmp_path: Path) -> None:
    start = "https://example.awsapps.com/start"
    old = f"[profile dev]\nregion = eu-west-1\nsso_start_url = {start}\nsso_region = eu-west-1\n{SSO}"
    login(tmp_path, start)
    assert end_of(session(old)) == ENDS


def test_a_login_with_a_refresh_token_does_not_end(session: Any, tmp_path: Path) -> None:
    config = (
        f"[sso-session corp]\nsso_start_url = https://example.awsapps.com/start\nsso_region = eu-west-1\n"
        f"[profile dev]\nregion = eu-west-1\nsso_session = corp\n{SSO}"
    )
    login(tmp_path, "corp", refreshToken="r")
    assert end_of(session(config)) is None
