"""Makes an installation independent of where it lies and of when and where it was made."""

from __future__ import annotations

import csv
import io
import re
import shutil
from pathlib import Path

_PYTHON = re.compile(rb"^#!.*\bpython[\d.]*w?\b[^\n]*\n|^#!/bin/sh\n'''exec' [^\n]*\n' '''\n")
SHEBANG = b"""#!/bin/sh
'''exec' "$(dirname -- "$(readlink -f -- "$0")")/python" "$0" "$@"
' '''
"""
"""A script that is shell and Python at once: it runs the `python` that lies beside it."""


def arranged(target: Path, into: Path, minor: str) -> Path:
    """Turns what `pip install --target` made into the folders of a virtual environment, and returns `into`."""
    site = into / "lib" / f"python{minor}" / "site-packages"
    site.mkdir(parents=True)
    (into / "bin").mkdir()
    if target.is_dir():
        for entry in sorted(target.iterdir()):
            if entry.name == "bin" and not (entry / "__init__.py").exists():
                for script in sorted(entry.iterdir()):
                    script.rename(into / "bin" / script.name)
            else:
                entry.rename(site / entry.name)
    for script in (into / "bin").iterdir():
        _relocate(script)
    for cache in list(site.rglob("__pycache__")):
        shutil.rmtree(cache)
    for metadata in site.glob("*.dist-info"):
        _normalise(metadata)
    return into


def _relocate(script: Path) -> None:
    if script.is_symlink() or not script.is_file():
        return
    content = script.read_bytes()
    changed = _PYTHON.sub(lambda _: SHEBANG, content, count=1)
    if changed != content:
        script.write_bytes(changed)


def _normalise(metadata: Path) -> None:
    """Removes where it was installed from; writes RECORD in order, for where things lie now."""
    for name in ("direct_url.json", "uv_cache.json"):
        (metadata / name).unlink(missing_ok=True)
    record = metadata / "RECORD"
    if not record.is_file():
        return
    rows = []
    for row in csv.reader(io.StringIO(record.read_text(encoding="utf-8"))):
        if not row or row[0].endswith((".pyc", "direct_url.json", "uv_cache.json")):
            continue
        name = row[0].replace("\\", "/")
        if match := re.search(r"(?:^|/)\.\./(?:.*/)?bin/([^/]+)$", name):
            rows.append([f"../../../bin/{match[1]}", "", ""])
        elif name.startswith("bin/"):
            rows.append([f"../../../{name}", "", ""])
        else:
            rows.append([name, *row[1:]])
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(sorted(rows))
    record.write_text(text.getvalue(), encoding="utf-8")
