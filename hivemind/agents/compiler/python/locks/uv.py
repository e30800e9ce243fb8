"""uv.lock."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from hivemind.agents.compiler.python.locks.model import (
    Lock,
    LockError,
    Package,
    entries,
    hashes_of,
    requirements,
    tables,
)

FILE = "uv.lock"


def read(text: str, folder: str = ".") -> Lock:
    """What the lock holds for the project in a folder, relative to the lock. Raises LockError."""
    content = tables(FILE, text)
    found = list(entries(FILE, content))
    root = next((each for each in found if _folder(each.get("source")) == folder), None)
    if root is None:
        members = content.get("manifest", {}).get("members")
        raise LockError(FILE, "it has no project for this folder" + (f", only {', '.join(members)}" if members else ""))
    return Lock(
        FILE,
        tuple(_package(each) for each in found if each is not root),
        roots={
            "": _asked(root.get("dependencies")),
            **{name: _asked(listed) for name, listed in root.get("dev-dependencies", {}).items()},
        },
        extras={name: _asked(listed) for name, listed in root.get("optional-dependencies", {}).items()},
    )


def _package(entry: Mapping[str, Any]) -> Package:
    source = entry.get("source")
    wheels = entry.get("wheels", [])
    files = [*(wheels if isinstance(wheels, list) else []), *([entry["sdist"]] if "sdist" in entry else [])]
    markers = [f"({marker})" for marker in entry.get("resolution-markers", [])]
    return Package(
        name=canonicalize_name(entry["name"]),
        version=str(entry.get("version", "")),
        hashes=hashes_of(files),
        dependencies=_asked(entry.get("dependencies")),
        extras={name: _asked(listed) for name, listed in entry.get("optional-dependencies", {}).items()},
        direct=_direct(source),
        folder=_folder(source),
        marker=" or ".join(markers) or None,
    )


def _asked(listed: object) -> tuple[Requirement, ...]:
    texts = []
    for each in listed if isinstance(listed, list) else []:
        extras = f"[{','.join(each['extra'])}]" if each.get("extra") else ""
        version = f"=={each['version']}" if each.get("version") else ""
        marker = f" ; {each['marker']}" if each.get("marker") else ""
        texts.append(f"{each['name']}{extras}{version}{marker}")
    return requirements(texts)


def _folder(source: object) -> str | None:
    if not isinstance(source, dict):
        return None
    found = source.get("editable") or source.get("virtual") or source.get("directory")
    return str(found) if found else None


def _direct(source: object) -> str | None:
    """`git = "https://host/repo?rev=main#<commit>"`, `url = "https://..."`."""
    if not isinstance(source, dict):
        return None
    if address := source.get("git"):
        repository, _, commit = str(address).partition("#")
        return f"git+{repository.partition('?')[0]}@{commit}"
    return str(source["url"]) if "url" in source else None
