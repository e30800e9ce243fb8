"""From a started environment to a served page: the demo's blueprint on a running local cloud."""

from __future__ import annotations

import json
import shutil
import time
import urllib.request
from pathlib import Path

from benchmarks.peers import hivemind
from benchmarks.table import Row
from benchmarks.timing import run

EXAMPLE = Path(__file__).parents[1] / "blueprints/python-postgres"
AIM = 15.0


def rows(folder: Path, repeat: int) -> list[Row]:
    home = folder / "home"
    env = {"HIVEMIND_HOME": str(home)}
    project = folder / "project"
    shutil.copytree(EXAMPLE, project, ignore=shutil.ignore_patterns(".hivemind", "__pycache__"))
    run([hivemind(), "local", "start"], env=env)
    try:
        times = [_deploy(project, env) for _ in range(min(repeat, 3))]
    finally:
        run([hivemind(), "local", "stop"], env=env)
    return [Row("demo, to the served page", "", times[0], None, AIM, note=f"again {min(times[1:], default=0):.1f} s")]


def _deploy(project: Path, env: dict[str, str]) -> float:
    """Seconds from the command to the application's answer. The deployment is destroyed again."""
    start = time.perf_counter()
    _, out = run([hivemind(), "apply", "--local", "--yes", "--json"], env=env, cwd=project)
    url = json.loads(out.splitlines()[-1])["url"]
    with urllib.request.urlopen(url, timeout=10) as response:
        response.read()
    seconds = time.perf_counter() - start
    run([hivemind(), "destroy", "--local", "--yes"], env=env, cwd=project)
    return seconds
