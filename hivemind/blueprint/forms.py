"""Short forms of the blueprint, read into the model's values. Pure; what they can't read gives None."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from hivemind.blueprint.model import Route, SecretReference
from hivemind.values.artifact import machine_of

REMOTE = "remote"
"""What `build` says where it is an instance that builds, not this machine."""
BUILD_SIZES = {"x86_64": "t3.large", "aarch64": "t4g.large"}
"""Processor -> size of build instances where none is said: 8 GB, which bundlers and compilers take."""
_SECRET = re.compile(
    r"(?P<ssm>ssm):(?P<parameter>/?[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*)"
    r"|(?P<manager>secretsmanager):(?P<secret>[A-Za-z0-9/_+=.@:-]+)(#(?P<key>[^\s#]+))?"
)


def route_of(value: Any) -> Route | None:
    """`HOST`, `HOST/PATH`, `/PATH` or the mapping form. Hosts are compared in small letters."""
    if isinstance(value, str):
        host, slash, path = value.partition("/")
        return Route(host.lower() or None, slash + path if slash else None) if value else None
    if isinstance(value, Mapping):
        named, below = value.get("host"), value.get("path")
        texts = all(part is None or isinstance(part, str) for part in (named, below))
        return Route(named.lower() if named else None, below or None) if texts else None
    return None


def secret_of(value: Any) -> SecretReference | None:
    """`ssm:/NAME`, `secretsmanager:NAME` or `secretsmanager:NAME#FIELD`."""
    match = _SECRET.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        return None
    if match["ssm"]:
        return SecretReference("ssm", match["parameter"])
    return SecretReference("secretsmanager", match["secret"], match["key"])


def is_remote(build: Any) -> bool:
    """Whether a service's `build` asks for a build instance."""
    said = build.get("where") if isinstance(build, Mapping) else build
    return isinstance(said, str) and said.strip() == REMOTE


def building_of(build: Any, size: str) -> dict[str, str]:
    """A service's `build`, a command, `remote` or the mapping form, as fields of the model. size: the service's."""
    run = build.get("run") if isinstance(build, Mapping) else None if is_remote(build) else build
    fields = {"build": run.strip()} if isinstance(run, str) else {}
    if is_remote(build):
        asked = build.get("size") if isinstance(build, Mapping) else None
        fields["build_on"] = (asked or BUILD_SIZES[machine_of(size)]).strip()
    return fields


def texts_of(value: Any) -> tuple[str, ...]:
    """One text, or a list of texts."""
    if isinstance(value, str):
        return (value,)
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()


def mapping_of(value: Any) -> Mapping[str, Any]:
    """A mapping; anything else counts as an empty one."""
    return value if isinstance(value, Mapping) else {}


def plugins_of(value: Any) -> dict[str, Mapping[str, Any]]:
    """`plugins` as name -> options, from its list or mapping form."""
    if isinstance(value, list):
        return {name: {} for name in texts_of(value)}
    return {name: mapping_of(options) for name, options in mapping_of(value).items()}


def variable(value: Any, written: str | None) -> str:
    """The text of an environment variable: numbers as they are written, `true` and `false`."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else (written if written is not None else str(value))
