"""What an instance is started with, and its console."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field

METADATA = ("169.254.169.254", 80)
"""Where an instance finds its metadata, as on EC2."""
BACKLOG = 128
"""Connections that wait for its SSH server."""
STOP_SECONDS = 5.0
"""How long the processes of an instance may take to end after SIGTERM."""


@dataclass(frozen=True)
class Boot:
    """What an instance needs to start. tree: its files. control: descriptor of the porter's socket. host_key:
    private key file. port: of SSH. uid: of its own user, None without. root: HIVEMIND_ROOT in shared mode."""

    tree: str
    control: int
    host_key: str
    hostname: str
    address: str
    port: int
    authorized_key: str | None
    uid: int | None = None
    root: str | None = None
    keep: tuple[str, ...] = ()
    user_data: str = ""
    environment: dict[str, str] = field(default_factory=dict)


def say(sentence: str) -> None:
    """Writes a line to the instance's console."""
    sys.stdout.write(f"[hivemind] {sentence}\n")
    sys.stdout.flush()


def script_of(user_data: str) -> str | None:
    """The script in user data: all of it, or a part of an archive of several, as cloud-init takes them."""
    if user_data.startswith("#!"):
        return user_data
    if not user_data.startswith("Content-Type: multipart/"):
        return None
    import email

    parts = email.message_from_string(user_data).walk()
    return next((str(one.get_payload()) for one in parts if one.get_content_type() == "text/x-shellscript"), None)
