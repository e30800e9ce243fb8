"""Where HiveMind keeps what it must remember on this machine."""

from __future__ import annotations

import os
from pathlib import Path


def home() -> Path:
    """The data folder: `$HIVEMIND_HOME`, else the platform's folder for a user's data (XDG on Linux)."""
    chosen = os.environ.get("HIVEMIND_HOME")
    if chosen:
        return Path(chosen).expanduser().absolute()
    from platformdirs import user_data_path

    return user_data_path("hivemind")


def caches() -> Path:
    """What can be made again: in `$HIVEMIND_HOME`, else in the platform's folder for caches."""
    if os.environ.get("HIVEMIND_HOME"):
        return home() / "cache"
    from platformdirs import user_cache_path

    return user_cache_path("hivemind")


def deployments() -> Path:
    """States of deployments on AWS. Those of the local cloud live in its own folder and go with it."""
    return home() / "deployments"


def local_cloud() -> Path:
    """Everything of this user's local cloud."""
    return home() / "local"
