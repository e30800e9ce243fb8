"""The software bill of materials of an artifact: CycloneDX 1.6, JSON, the same bytes for the same content."""

from __future__ import annotations

import email.parser
import hashlib
import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from packaging.utils import canonicalize_name

if TYPE_CHECKING:
    from hivemind.builds.work import Work


def sbom(work: Work) -> bytes:
    """What an artifact is made of: Python distributions, npm packages, what the build carried along."""
    found = {component["bom-ref"]: component for component in (*_python(work.tree), *_npm(work.tree), *work.carried)}
    components = [found[reference] for reference in sorted(found)]
    identity = hashlib.sha256(json.dumps([work.service.name, components], sort_keys=True).encode()).digest()
    document = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.UUID(bytes=identity[:16], version=4)}",
        "version": 1,
        "metadata": {
            "component": {"type": "application", "name": work.service.name, "bom-ref": "application"},
            "tools": {"components": [{"type": "application", "name": "hivemind"}]},
        },
        "components": components,
        "dependencies": [{"ref": "application", "dependsOn": sorted(found)}],
    }
    return (json.dumps(document, indent=1, sort_keys=True) + "\n").encode()


def component(
    kind: str, name: str, version: str, *, sort: str = "library", licence: str | None = None
) -> dict[str, Any]:
    """One component. kind: of package URL (`pypi`, `npm`, `generic`). sort: as CycloneDX says `type`."""
    namespace, _, plain = name.rpartition("/")
    parts = "/".join(quote(part, safe="") for part in (namespace, plain) if part)
    purl = f"pkg:{kind}/{parts}@{quote(version, safe='.')}"
    made: dict[str, Any] = {"type": sort, "bom-ref": purl, "name": name, "version": version, "purl": purl}
    if licence:
        made["licenses"] = [{"license": {"name": licence}}]
    return made


def _python(tree: Path) -> Iterator[dict[str, Any]]:
    for metadata in sorted(tree.glob("venv/lib/*/site-packages/*.dist-info/METADATA")):
        said = email.parser.Parser().parsestr(metadata.read_text(encoding="utf-8", errors="replace"), headersonly=True)
        licence = (said.get("License-Expression") or said.get("License") or "").strip()
        licence = licence if 0 < len(licence) < 100 and "\n" not in licence else ""
        if said["Name"] and said["Version"]:
            yield component("pypi", canonicalize_name(said["Name"]), said["Version"], licence=licence or None)


def _npm(tree: Path) -> Iterator[dict[str, Any]]:
    tops = [path for path in (tree / "app").rglob("node_modules") if "node_modules" not in path.parent.parts]
    patterns = (
        "**/node_modules/*/package.json",
        "**/node_modules/@*/*/package.json",
        "*/package.json",
        "@*/*/package.json",
    )
    for file in {path for modules in tops for pattern in patterns for path in modules.glob(pattern)}:
        try:
            said = json.loads(file.read_text(encoding="utf-8-sig"))
        except (OSError, ValueError):
            continue
        if isinstance(said, dict) and isinstance(said.get("name"), str) and isinstance(said.get("version"), str):
            licence = said.get("license")
            yield component("npm", said["name"], said["version"], licence=licence if isinstance(licence, str) else None)
