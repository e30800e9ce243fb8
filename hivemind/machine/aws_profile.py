"""The AWS configuration of this machine's user, as far as it is needed before anything is asked: the profile's region.

As botocore reads it (AWS CLI user guide, "Configuration and credential file settings"), without loading botocore.
"""

from __future__ import annotations

import configparser
import os
from pathlib import Path


def profile() -> str:
    """The profile that is used: AWS_DEFAULT_PROFILE, AWS_PROFILE, else `default`."""
    return os.environ.get("AWS_DEFAULT_PROFILE") or os.environ.get("AWS_PROFILE") or "default"


def region() -> str | None:
    """The `region` of the profile that is used; None where there is none, or no file that can be read."""
    name = profile()
    config = _section("AWS_CONFIG_FILE", "~/.aws/config", name if name == "default" else f"profile {name}")
    return _section("AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials", name) or config


def _section(variable: str, usual: str, section: str) -> str | None:
    parser = configparser.RawConfigParser(default_section="", strict=False)
    try:
        with Path(os.path.expandvars(os.environ.get(variable) or usual)).expanduser().open(encoding="utf-8") as file:
            parser.read_file(file)
    except (OSError, configparser.Error, UnicodeDecodeError):
        return None  # botocore says what is wrong with it as soon as it is used
    # A quoted name is written the shell's way: [profile "my shop"].
    names = {" ".join(part.strip("\"'") for part in one.split(maxsplit=1)): one for one in parser.sections()}
    return parser.get(names[section], "region", fallback="").strip() or None if section in names else None
