"""What of a service is packed: its folder of the work tree as it stands, without what looks like a secret."""

from __future__ import annotations

import hashlib
import json
import os
import posixpath
from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from types import MappingProxyType
from typing import Any

from hivemind.blueprint.model import Service, ServiceKind
from hivemind.builds import clean_environment
from hivemind.builds.workspaces import Workspace, find
from hivemind.repositories.commit import head
from hivemind.repositories.repository import Repository
from hivemind.values.artifact import Platform, Provenance
from hivemind.values.defaults import BLUEPRINT_FILE, IGNORE_FILE, PROJECT_PLUGIN

FORMAT = 5
"""Part of every input digest: raise it when the same input is built differently."""
OUR_WAY = "HiveMind's own way of building"
NOBODY: Mapping[str, str] = MappingProxyType({})
"""The plugins that may build a service, where it is the built-in compiler alone: FORMAT tells of its changes."""

SECRETS = (
    ".env", ".env.*", "*.env", "*.pem", "*.key", "*.p12", "*.pfx", "*.jks", "*.keystore", "*.kdbx", "id_rsa", "id_dsa",
    "id_ecdsa", "id_ed25519", "*.ppk", "credentials", "credentials.json", "credentials.y*ml", "client_secret*.json",
    "service-account*.json", "service_account*.json", "*-service-account.json", ".netrc", ".pgpass", ".pypirc",
    ".npmrc", ".htpasswd", "secrets.y*ml", "secrets.json", "secrets.toml", ".git-credentials",
    ".dockercfg", "terraform.tfstate*", "*.tfvars", "master.key",
)  # fmt: skip
"""File names that are never packed unless the service names them under `pack`."""
NO_SECRETS = ("*.example", "*.sample", "*.template", "*.dist", "example.env", "sample.env", ".env.defaults", "*.pub")
_OURS = frozenset({BLUEPRINT_FILE, "hivemind.yml", IGNORE_FILE, PROJECT_PLUGIN})


@dataclass(frozen=True)
class Sources:
    """root: the service's folder. files: paths in it, sorted. left_out: files that look like secrets, those
    of its neighbours with `../`. workspace: what stands around it, None for a service on its own."""

    root: Path
    files: tuple[str, ...]
    left_out: tuple[str, ...]
    workspace: Workspace | None = None

    @property
    def whole(self) -> Sources:
        """The service with its workspace, seen from the workspace's root; itself where it is on its own."""
        around = self.workspace
        if around is None:
            return self
        own = (f"{around.folder}/{file}" for file in self.files)
        return Sources(around.root, tuple(sorted({*around.files, *own})), self.left_out)

    def text(self, file: str) -> str | None:
        """A packed file's text; None where it is not among the files."""
        if file not in self.files:
            return None
        return (self.root / file).read_text(encoding="utf-8-sig", errors="replace")


def gather(service: Service, repository: Repository) -> Sources:
    """The files of a service that go into its artifact, and those around it that its build reads."""
    root = repository.root / service.path
    named = {PurePosixPath(name).as_posix() for name in service.pack}
    own = (file for file in repository.under(service.path) if file not in _OURS)
    files, left_out = _sorted_out(root, own, named)
    asked = {name for name in named if name not in files and _is_inside(root, name)}
    language = (service.runtime or "").partition(" ")[0]
    around = find(service.path, repository, "node" if language in {"node", "bun"} else language)
    if around is not None:
        beside = (file for file in around.files if file.rpartition("/")[2] not in _OURS)
        plain, secret = _sorted_out(around.root, beside)
        left_out += (posixpath.relpath(file, around.folder) for file in secret)
        around = replace(around, files=tuple(plain))
    return Sources(root, tuple(sorted({*files, *asked})), tuple(left_out), around)


def _sorted_out(root: Path, files: Iterable[str], named: AbstractSet[str] = frozenset()) -> tuple[list[str], list[str]]:
    """Files that are packed, and those that are not as they look like secrets. named: packed nevertheless."""
    packed: list[str] = []
    left_out: list[str] = []
    for file in files:
        is_secret = looks_secret(file) and file not in named and not _plain_settings(root, file)
        (left_out if is_secret else packed).append(file)
    return packed, left_out


def looks_secret(file: str) -> bool:
    """Whether a file's name is one that usually holds secrets."""
    name = file.rpartition("/")[2].lower()
    return not _fits(name, NO_SECRETS) and _fits(name, SECRETS)


def _fits(name: str, patterns: tuple[str, ...]) -> bool:
    """Whether a pattern fits, each a name with at most one `*` in it. Every command that plans asks this of every
    file: turning the patterns into regular expressions first took longer than all the rest of it."""
    for pattern in patterns:
        start, star, end = pattern.partition("*")
        if name == pattern if not star else name.startswith(start) and name[len(start) :].endswith(end):
            return True
    return False


def _plain_settings(root: Path, file: str) -> bool:
    """Whether it is an .npmrc that npm needs and that holds no token."""
    if file.rpartition("/")[2] != ".npmrc":
        return False
    text = (root / file).read_text(encoding="utf-8", errors="replace").lower()
    return "_auth" not in text and "_password" not in text


@dataclass(frozen=True)
class Inputs:
    """What a build would read, without building. provenance: with the digest of all. parts: as `input_parts` has
    them."""

    provenance: Provenance
    parts: Mapping[str, str]


def inputs(
    service: Service, repository: Repository, platform: Platform, builders: Mapping[str, str] = NOBODY
) -> Inputs:
    """What would be packed and how it would be built. builders: as BuildPlace has them. Raises OSError where a file
    vanishes meanwhile."""
    parts = input_parts(service, gather(service, repository), platform, builders)
    known = head(repository.root)
    digest = digest_of(parts)
    if known is None:
        return Inputs(Provenance(None, dirty=True, digest=digest), parts)
    return Inputs(Provenance(known.commit, dirty=known.dirty, digest=digest, subject=known.subject), parts)


def source_digest(
    service: Service, repository: Repository, platform: Platform, builders: Mapping[str, str] = NOBODY
) -> Provenance:
    """What would be packed, without building it: commit, whether the work tree differs, a digest.

    The digest covers the packed files (path, content, whether executable) and those of the workspace around them, the
    commands and the runtime of the service, the platform, and the plugins that may build it. Raises OSError where a
    file vanishes meanwhile.
    """
    return inputs(service, repository, platform, builders).provenance


def input_digest(service: Service, sources: Sources, platform: Platform, builders: Mapping[str, str] = NOBODY) -> str:
    """sha256 hex over everything that a build of these sources reads."""
    return digest_of(input_parts(service, sources, platform, builders))


def input_parts(
    service: Service, sources: Sources, platform: Platform, builders: Mapping[str, str] = NOBODY
) -> Mapping[str, str]:
    """Part, in words -> sha256 hex over it, of everything that a build of these sources reads. Reads every file."""
    parts: dict[str, Any] = {
        OUR_WAY: FORMAT,
        "sources": list(digests(sources.root, sources.files)),
        "environment": clean_environment.found(service) if service.build else {},
        "runtime": service.runtime,
        "install command": service.install,
        "build command": service.build,
        "start command": service.start,
        "release command": service.release,
        "port": service.port if service.build else None,
        "kind": [service.kind.value if service.kind else None, service.static_dir],
        "instances' system": [platform.os, platform.machine, platform.glibc],
        "programs of the instances": [
            platform.python,
            platform.node,
            platform.runtimes.get((service.runtime or "").split(" ")[0]),
        ],
    }
    if service.kind is ServiceKind.STATIC:
        parts["routes"] = sorted(route.path or "" for route in service.routes)
    if around := sources.workspace:
        parts["workspace"] = [around.folder, *digests(around.root, around.files)]
    parts |= {f"plugin {name}": digest for name, digest in builders.items()}
    return MappingProxyType({name: digest_of(part) for name, part in parts.items()})


def digest_of(value: Any) -> str:
    """sha256 hex over plain data."""
    plain = dict(value) if isinstance(value, Mapping) else value
    return hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()


def digests(root: Path, files: tuple[str, ...]) -> Iterator[str]:
    """One line a file: `sha256  x path`, `x` for executable files, `-` for others."""
    for file in files:
        path = root / file
        with path.open("rb") as content:
            content_digest = hashlib.file_digest(content, "sha256").hexdigest()
        mark = "x" if os.access(path, os.X_OK) else "-"
        yield f"{content_digest} {mark} {file}\n"


def _is_inside(root: Path, name: str) -> bool:
    if PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts:
        return False
    real = (root / name).resolve()
    return real.is_file() and real.is_relative_to(root.resolve())
