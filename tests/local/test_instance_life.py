"""What an instance looks at before it is up."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from hivemind.local.instance_life import is_public_key

pytestmark = pytest.mark.fast
KEYS = {
    "ed25519": ed25519.Ed25519PrivateKey.generate,
    "rsa": lambda: rsa.generate_private_key(65537, 2048),
    "ecdsa": lambda: ec.generate_private_key(ec.SECP256R1()),
}


@pytest.mark.parametrize("kind", KEYS)
def test_a_public_key(kind: str) -> None:
    public = KEYS[kind]().public_key()
    text = public.public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH).decode()
    assert is_public_key(text)
    assert is_public_key(f"{text} somebody@somewhere\n")
    assert not is_public_key(text[:20])
    assert not is_public_key(text.replace(text.split()[0], "ssh-other"))


@pytest.mark.parametrize("text", ["", "not a key", "ssh-ed25519", "ssh-ed25519 ", "ssh-ed25519 AAAA", "ssh-ed25519 ?"])
def test_no_public_key(text: str) -> None:
    assert not is_public_key(text)
