"""The environment in which builds run: what package managers need, nothing of the user's own."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from hivemind.blueprint import references

if TYPE_CHECKING:
    from hivemind.blueprint.model import Service

_KEPT = re.compile(
    r"^(PIP_.*|UV_.*|NPM_CONFIG_.*|npm_config_.*|(?:https?|no|all|ftp)_proxy|SSL_CERT_(?:FILE|DIR)|REQUESTS_CA_BUNDLE|"
    r"NODE_EXTRA_CA_CERTS|CURL_CA_BUNDLE|XDG_CACHE_HOME|XDG_CONFIG_HOME|HOME|USER|LOGNAME|TMPDIR|SYSTEMROOT|LD_LIBRARY_PATH|"
    r"YARN_NPM_.*|BUN_CONFIG_REGISTRY|COREPACK_.*|GOPROXY|GOPRIVATE|GONOSUMDB|GOSUMDB|GONOPROXY|GOCACHE|GOMODCACHE|GOROOT|"
    r"CARGO_HOME|RUSTUP_HOME|CARGO_REGISTRIES_.*|JAVA_HOME|MAVEN_OPTS|MAVEN_ARGS|GRADLE_USER_HOME|GRADLE_OPTS|"
    r"BUNDLE_.*|GEM_.*|COMPOSER_.*|"
    r"CC|CXX|CFLAGS|CXXFLAGS|LDFLAGS|PKG_CONFIG_PATH)$",
    re.IGNORECASE,
)
_NEVER = frozenset(
    {"PIP_TARGET", "PIP_PREFIX", "PIP_USER", "PIP_REQUIRE_VIRTUALENV", "PIP_CONSTRAINT", "PIP_REQUIREMENT"}
)

_LEFT_OUT = {
    "HUSKY": "0", "LEFTHOOK": "0", "SKIP_INSTALL_SIMPLE_GIT_HOOKS": "1",
    "CYPRESS_INSTALL_BINARY": "0", "PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD": "1",
}  # fmt: skip
"""What packages of Node install beside themselves unless they are told not to: hooks, where a build has no git
repository, and browsers for tests, hundreds of megabytes that no build needs."""


def clean(*first_on_path: Path, **more: str) -> dict[str, str]:
    """A new environment. first_on_path: folders put before the user's PATH; of one that brings Node with its headers,
    node-gyp takes those (its README, "Configuration", `nodedir`), whatever the user's are. more: variables to add."""
    headers = next((str(folder) for folder in first_on_path if (folder / "include/node").is_dir()), None)
    kept = {name: value for name, value in os.environ.items() if _KEPT.match(name) and name not in _NEVER}
    path = os.pathsep.join([*(str(folder) for folder in first_on_path), os.environ.get("PATH", os.defpath)])
    return {
        **kept,
        "PATH": path,
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
        "SOURCE_DATE_EPOCH": "315532800",
        "PYTHONHASHSEED": "0",
        "PYTHONDONTWRITEBYTECODE": "1",
        "CI": "true",
        **_LEFT_OUT,
        **({"npm_config_nodedir": headers} if headers else {}),
        **more,
    }


def found(service: Service) -> dict[str, str]:
    """What a service's build command finds of the service's environment, placeholders for what is not there. `PORT`
    goes with it."""
    bound = references.absent(service.needs, service.needed_types)
    secrets = dict.fromkeys(service.secrets, references.NOWHERE)
    return {**bound, **references.filled(service.env, bound), **secrets}
