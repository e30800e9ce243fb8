"""The AWS configuration of this machine's user, as far as it is needed before anything is asked: the profile's region.

As botocore reads it (AWS CLI user guide, "Configuration and credential file settings"), without loading botocore.
"""

from __future__ import annotations

import configparser
import os
from pathlib import Path

from hivemind.text.suggest import did_you_mean, listed
from hivemind.values.errors import CloudUnreachable

_CONFIG = ("AWS_CONFIG_FILE", "~/.aws/config")
_CREDENTIALS = ("AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials")


def profile() -> str:
    """The profile that is used: AWS_DEFAULT_PROFILE, AWS_PROFILE, else `default`."""
    return os.environ.get("AWS_DEFAULT_PROFILE") or os.environ.get("AWS_PROFILE") or "default"


def use_profile(name: str) -> None:
    """Has this process use a profile, whatever the environment says of credentials. Raises CloudUnreachable for one
    that is in no file, with the nearest that is."""
    known = profiles()
    if name not in known:
        near = did_you_mean(name, known)
        there = f"There are: {listed(known)}." if known else "There are none: `aws configure --profile NAME` makes one."
        raise CloudUnreachable(f"no AWS profile {name} in the files of the AWS configuration", hint=near or there)
    for variable in ("AWS_DEFAULT_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        os.environ.pop(variable, None)
    os.environ["AWS_PROFILE"] = name


def profiles() -> frozenset[str]:
    """Names of the profiles in the files of the AWS configuration."""
    config = {name.removeprefix("profile ").strip() for name in _sections(_file(*_CONFIG)) if _is_profile(name)}
    return frozenset(config | set(_sections(_file(*_CREDENTIALS))))


def _is_profile(section: str) -> bool:
    return section == "default" or section.startswith("profile ")


def _sections(path: Path) -> list[str]:
    parser = configparser.RawConfigParser(default_section="", strict=False)
    try:
        with path.open(encoding="utf-8") as file:
            parser.read_file(file)
    except (OSError, UnicodeDecodeError, configparser.Error):
        return []
    return parser.sections()


def configured() -> bool:
    """Whether this machine has something like AWS credentials. Without, asking takes seconds and ends in nothing."""
    named = ("AWS_ACCESS_KEY_ID", "AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_ROLE_ARN")
    told = (*named, "AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI")
    return any(os.environ.get(name) for name in told) or any(
        _file(variable, usual).is_file() for variable, usual in (_CONFIG, _CREDENTIALS)
    )


def region() -> str | None:
    """The `region` of the profile that is used; None where there is none, or no file that can be read."""
    name = profile()
    config = _section(_file(*_CONFIG), name if name == "default" else f"profile {name}")
    return _section(_file(*_CREDENTIALS), name) or config


def _file(variable: str, usual: str) -> Path:
    return Path(os.path.expandvars(os.environ.get(variable) or usual)).expanduser()


def _section(path: Path, section: str) -> str | None:
    parser = configparser.RawConfigParser(default_section="", strict=False)
    try:
        with path.open(encoding="utf-8") as file:
            parser.read_file(file)
    except (OSError, configparser.Error, UnicodeDecodeError):
        return None  # botocore says what is wrong with it as soon as it is used
    # A quoted name is written the shell's way: [profile "my shop"].
    names = {" ".join(part.strip("\"'") for part in one.split(maxsplit=1)): one for one in parser.sections()}
    return parser.get(names[section], "region", fallback="").strip() or None if section in names else None
