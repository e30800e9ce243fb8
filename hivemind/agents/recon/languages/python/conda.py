"""conda's environment.yml (conda's documentation, "Managing environments")."""

from __future__ import annotations

import re
from collections.abc import Iterator

from hivemind.agents.recon.folder import Folder
from hivemind.detections.detection import Detection, Precedence

FILES = ("environment.yml", "environment.yaml", "conda.yml", "conda.yaml")
_PYTHON = re.compile(r"^\s*-\s*[\"']?python\s*(?:={1,2}|>=|~=)\s*(\d+(?:\.\d+)*)")


def entries(folder: Folder, file: str) -> Iterator[tuple[str, str, int | None]]:
    """The packages of an environment, those that pip installs in it included, as requirements, with file and line."""
    listed = folder.yaml(file).get("dependencies")
    for entry in listed if isinstance(listed, list) else ():
        if isinstance(entry, str):
            yield from _entry(folder, file, re.sub(r"(?<![=<>~!])=(?!=).*", "", entry.rpartition("::")[2]))
        elif isinstance(entry, dict) and isinstance(entry.get("pip"), list):
            for each in entry["pip"]:
                if isinstance(each, str) and not each.startswith("-"):
                    yield from _entry(folder, file, each)


def _entry(folder: Folder, file: str, text: str) -> Iterator[tuple[str, str, int | None]]:
    name = re.match(r"[\w.-]+", text.strip())
    if name and name[0] not in {"python", "pip"}:
        yield text.strip(), file, folder.line(file, rf"^\s*-\s*[\"']?(?:[\w-]+::)?{re.escape(name[0])}\b")


def detect(folder: Folder, manager: str) -> list[Detection]:
    """The version of Python, and a doubt: instances have no conda. manager: the package manager that was chosen."""
    file = folder.first(*FILES) if manager == "conda" else None
    if file is None:
        return []
    found = [
        Detection(
            "doubt", "conda installs the dependencies, but instances have no conda", folder.in_repository(file), 1,
            Precedence.CODE, 0.9, "List the packages in requirements.txt, or write `services.NAME.install`.", "python",
        )
    ]  # fmt: skip
    for number, line in enumerate((folder.text(file, limit=100_000) or "").splitlines(), 1):
        if match := _PYTHON.match(line):
            found.append(folder.found("runtime_version", match[1], file, number, confidence=0.9, language="python"))
            break
    return found
