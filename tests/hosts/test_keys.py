from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import paramiko
import pytest

from hivemind.hosts.keys import deployment_key
from hivemind.values.errors import HiveMindError

pytestmark = pytest.mark.fast


def test_a_key_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    key = deployment_key(tmp_path / "shop", comment="hivemind shop")
    assert stat.S_IMODE(key.private.stat().st_mode) == 0o600
    assert deployment_key(tmp_path / "shop", comment="hivemind shop") == key
    kind, encoded, comment = key.public.split(" ", 2)
    assert (kind, comment) == ("ssh-ed25519", "hivemind shop")
    assert paramiko.Ed25519Key.from_private_key_file(str(key.private)).get_base64() == encoded


def test_wide_permissions_are_narrowed(tmp_path: Path) -> None:
    key = deployment_key(tmp_path)
    key.private.chmod(0o644)
    assert stat.S_IMODE(deployment_key(tmp_path).private.stat().st_mode) == 0o600


def test_two_at_once_get_one_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as executor:
        keys = set(executor.map(lambda _: deployment_key(tmp_path), range(8)))
    assert len(keys) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["id_ed25519"]


def test_a_damaged_key_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "id_ed25519").write_text("not a key")
    with pytest.raises(HiveMindError, match="is not an SSH key") as caught:
        deployment_key(tmp_path)
    assert caught.value.hint is not None
    assert (tmp_path / "id_ed25519").read_text() == "not a key"
