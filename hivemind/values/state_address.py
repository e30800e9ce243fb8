"""Where a team keeps the state of its deployments: `s3://bucket/prefix`, or a folder that all machines share."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from pathlib import PurePosixPath

EXAMPLE = "s3://my-team-state/hivemind"
VARIABLE = "HIVEMIND_STATE"
"""The environment variable that goes before the blueprint."""
_LEAST, _MOST = 3, 63
_PREFIX_MOST = 512
"""Characters; a key of S3 has at most 1,024 bytes, and ours go on after the prefix."""
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]*[a-z0-9]")
_PREFIX = re.compile(r"[A-Za-z0-9!_.*'()/-]*")
_RESERVED = ("xn--", "sthree-", "amzn-s3-demo-")
_RESERVED_ENDS = ("-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3")


class NoAddress(ValueError):
    """A text that is no address of states; its message says why. hint: what to write."""

    def __init__(self, message: str, hint: str = f"For example: `{EXAMPLE}`.") -> None:
        super().__init__(message)
        self.hint = hint


@dataclass(frozen=True)
class StateAddress:
    """bucket: of S3, None for a folder. prefix: in the bucket, without slashes at its ends; or the folder, absolute."""

    bucket: str | None
    prefix: str

    def __str__(self) -> str:
        if self.bucket is None:
            return f"file://{self.prefix}"
        return f"s3://{self.bucket}/{self.prefix}".rstrip("/")


def address_of(text: str) -> StateAddress:
    """The address in a text. Raises NoAddress."""
    scheme, separator, rest = text.strip().partition("://")
    if separator and scheme == "file":
        return _folder(text, rest)
    if not separator or scheme != "s3":
        hint = f"Did you mean s3://{text}?" if re.fullmatch(r"[a-z0-9.-]+(/\S*)?", text) else ""
        raise NoAddress(
            f'"{text}" is no address for states: it begins neither with s3:// nor with file://',
            hint or f"For example: `{EXAMPLE}`.",
        )
    bucket, _, prefix = rest.partition("/")
    if why := _not_a_bucket(bucket):
        near = re.sub(r"[^a-z0-9.-]+", "-", bucket.lower()).strip("-.")
        known = near if near != bucket and _not_a_bucket(near) is None else None
        raise NoAddress(
            f'"{bucket}" is not the name of a bucket: {why}',
            f"Did you mean s3://{known}?" if known else f"For example: `{EXAMPLE}`.",
        )
    prefix = prefix.strip("/")
    if not _PREFIX.fullmatch(prefix) or "//" in prefix or len(prefix) > _PREFIX_MOST:
        raise NoAddress(
            f'"{prefix}" is not a prefix for the keys of objects',
            "Use letters, digits, and - _ . between single slashes, at most 512 characters.",
        )
    if any(part in {".", ".."} for part in prefix.split("/")):
        raise NoAddress(f'"{prefix}" has a part that is only dots', "Name the prefix without them.")
    return StateAddress(bucket, prefix)


def _folder(text: str, rest: str) -> StateAddress:
    path = PurePosixPath(rest)
    if not path.is_absolute() or ".." in path.parts:
        raise NoAddress(f'"{text}" is not an absolute path', "For example: `file:///srv/team/hivemind`.")
    return StateAddress(None, str(path))


def _not_a_bucket(name: str) -> str | None:
    """What is wrong with the name of a bucket. Source: Amazon S3 User Guide, "General purpose bucket naming rules"."""
    if not _LEAST <= len(name) <= _MOST:
        return f"it has {len(name)} characters; {_LEAST} to {_MOST} are allowed"
    if not _BUCKET.fullmatch(name):
        return "only lowercase letters, digits, dots and hyphens are allowed, with a letter or digit at both ends"
    if ".." in name:
        return "two dots follow each other"
    try:
        ipaddress.IPv4Address(name)
    except ValueError:
        pass
    else:
        return "it looks like an IP address"
    if name.startswith(_RESERVED) or name.endswith(_RESERVED_ENDS):
        return "AWS reserves names that begin or end like this one"
    return None
