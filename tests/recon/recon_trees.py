"""Small repositories, written where a test wants them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from hivemind.agents.recon import hivemind_detect
from hivemind.detections.answer import Answer, answer
from hivemind.repositories.repository import read


def lay(root: Path, files: Mapping[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def seen(root: Path, files: Mapping[str, str], path: str = ".") -> Answer:
    """What Recon says about these files."""
    return answer(hivemind_detect(repository=read(lay(root, files)), path=path))
