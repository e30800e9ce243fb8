"""From a started environment to a served page: the demo's blueprint on a running local cloud."""

from __future__ import annotations

import json
import time
import urllib.request
from pathlib import Path

from benchmarks.local import LocalProject, local_project
from benchmarks.table import Row

AIM = 15.0


def rows(folder: Path, repeat: int) -> list[Row]:
    with local_project(folder) as project:
        times = [_deploy(project) for _ in range(min(repeat, 3))]
    return [Row("demo, to the served page", "", times[0], None, AIM, note=f"again {min(times[1:], default=0):.1f} s")]


def _deploy(project: LocalProject) -> float:
    """Seconds from the command to the application's answer. The deployment is destroyed again."""
    start = time.perf_counter()
    out = project.run("apply", "--local", "--yes", "--json")
    url = json.loads(out.splitlines()[-1])["url"]
    with urllib.request.urlopen(url, timeout=10) as response:
        response.read()
    seconds = time.perf_counter() - start
    project.run("destroy", "--local", "--yes")
    return seconds
